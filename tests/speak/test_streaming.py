"""`Voice.stream`: the same audio, sooner, in memory that does not grow."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from itertools import groupby

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tacotron.errors import TextError, VoiceError
from tacotron.speak import Chunk, Voice
from tacotron.speak.graphs import Graph
from tacotron.voice import WaveformSettings

from .conftest import NVIDIA, REACH, waveform_graph

TEXTS = [
    "A",
    "Bee see.",
    "Hello there. General remarks, and many more of them: as long as it takes.\n\nAt last.",
    "word " * 45,
]


def joined(chunks: list[Chunk]) -> np.ndarray:
    return np.concatenate([chunk.audio for chunk in chunks])


def assert_same(streamed: list[Chunk], whole: list[Chunk]) -> None:
    """``streamed`` are ``whole`` in parts."""
    for chunk in streamed:
        assert len(chunk.audio) == len(chunk.mel) * NVIDIA.hop_length
        assert chunk.durations.sum() == len(chunk.mel)
        assert len(chunk.symbols) == len(chunk.durations)
        assert chunk.audio.dtype == chunk.mel.dtype == np.float32
        assert all(0 <= word.start <= chunk.seconds for word in chunk.words)
    np.testing.assert_allclose(joined(streamed), joined(whole), rtol=0, atol=1e-4)
    groups = [list(group) for _, group in groupby(streamed, key=lambda chunk: chunk.index)]
    for parts, expected in zip(groups, whole, strict=True):
        assert parts[0].start == expected.start
        np.testing.assert_allclose(
            np.concatenate([part.mel for part in parts]), expected.mel, rtol=0, atol=1e-4
        )
        times = [
            (word.text, part.start + word.start, part.start + word.end)
            for part in parts
            for word in part.words
        ]
        assert [text for text, _, _ in times] == [word.text for word in expected.words]
        wanted = [(expected.start + w.start, expected.start + w.end) for w in expected.words]
        np.testing.assert_allclose([t[1:] for t in times], wanted, atol=1e-6)
        spoken = [
            (symbol, frames)
            for part in parts
            for symbol, frames in zip(part.symbols, part.durations.tolist(), strict=True)
        ]
        by_symbol = [s for s, _ in groupby(spoken, key=lambda pair: pair[0])]
        wanted_symbols = [s for s, d in zip(expected.symbols, expected.durations, strict=True) if d]
        assert by_symbol == [s for s, _ in groupby(wanted_symbols)]
        warnings = [warning for part in parts for warning in part.warnings]
        assert warnings == list(expected.warnings)
        assert {(part.text, part.count) for part in parts} == {(expected.text, expected.count)}


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_what_synthesize_gives(make_voice: Callable[..., Voice], text: str) -> None:
    voice = make_voice()
    options = {"speed": 0.8, "seed": 3, "speaker": "tenor"}
    streamed = list(voice.stream(text, **options))
    assert_same(streamed, list(voice.synthesize(text, **options)))
    again = joined(list(voice.stream(text, **options)))
    assert again.tobytes() == joined(streamed).tobytes()


@pytest.mark.parametrize(
    ("layout", "rank", "lacking"), [("time-last", 3, 0), ("time-first", 2, 256)]
)
def test_waveform_vocoders_stream(
    make_voice: Callable[..., Voice], layout: str, rank: int, lacking: int
) -> None:
    graph = waveform_graph(layout, rank=rank, lacking=lacking)
    voice = make_voice(WaveformSettings(NVIDIA, layout, REACH), {"vocoder.onnx": graph})
    streamed = list(voice.stream(TEXTS[2]))
    assert len(streamed) > 5
    assert_same(streamed, list(voice.synthesize(TEXTS[2])))


@pytest.mark.parametrize("griffin_lim", [True, False])
def test_what_needs_the_whole_comes_by_sentence(
    make_voice: Callable[..., Voice], griffin_lim: bool
) -> None:
    settings = None if griffin_lim else WaveformSettings(NVIDIA, "time-last", None)
    parts = {} if griffin_lim else {"vocoder.onnx": waveform_graph()}
    voice = make_voice(settings, parts)
    text = "Bee see. Bee see."
    streamed = list(voice.stream(text))
    assert [len(chunk.words) for chunk in streamed] == [2, 0, 2]  # the pause between
    assert_same(streamed, list(voice.synthesize(text)))


def test_a_post_net_of_unknown_reach_sees_the_whole(make_voice: Callable[..., Voice]) -> None:
    voice = make_voice(postnet_context=None)
    assert_same(list(voice.stream(TEXTS[1])), list(voice.synthesize(TEXTS[1])))


@given(st.lists(st.integers(1, 50), min_size=1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_any_blocks_give_the_same_mel(make_voice: Callable[..., Voice], blocks: list[int]) -> None:
    engine = make_voice()._engine
    options = {"speaker": 0, "speed": 1.0, "seed": (1, 2)}
    ids = list(range(10, 30))
    whole = engine.speak(ids, **options)
    utterance = engine.begin(ids, **options, blocks=[*blocks, 1 << 20])
    parts = list(utterance.mel)
    np.testing.assert_array_equal(utterance.durations, whole.durations)
    np.testing.assert_allclose(np.concatenate(parts), whole.mel, rtol=0, atol=1e-5)
    assert len(parts) <= len(blocks) + 1


class Steps:
    """Counts the decoder's steps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        call = Graph.__call__

        def counted(graph: Graph, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
            self.count += "condition" in inputs
            return call(graph, inputs)

        monkeypatch.setattr(Graph, "__call__", counted)


def test_audio_comes_while_the_decoder_runs(
    make_voice: Callable[..., Voice], monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = make_voice()
    steps = Steps(monkeypatch)
    chunks = voice.stream(TEXTS[3])
    next(chunks)
    early = steps.count
    next(chunks)
    chunks.close()
    stopped = steps.count
    assert 0 < early < stopped
    assert list(chunks) == []
    assert steps.count == stopped
    steps.count = 0
    list(voice.synthesize(TEXTS[3]))
    assert stopped < steps.count / 2


def test_chunks_grow(make_voice: Callable[..., Voice]) -> None:
    lengths = [chunk.seconds for chunk in make_voice().stream(TEXTS[3])]
    assert lengths[0] < 1.0 < max(lengths) < 4.0


def test_memory_does_not_grow_with_the_text(make_voice: Callable[..., Voice]) -> None:
    voice = make_voice()

    def peak(sentences: int) -> tuple[int, int]:
        tracemalloc.start()
        samples = sum(len(chunk.audio) for chunk in voice.stream("Hello there. " * sentences))
        traced = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return traced, samples

    peak(1)  # what is loaded once
    short, _ = peak(2)
    long, samples = peak(20)
    assert long < short + samples * 4 / 10


def test_text_may_still_be_arriving(make_voice: Callable[..., Voice]) -> None:
    voice = make_voice()
    read: list[str] = []

    def lines() -> Iterator[str]:
        for line in ("Bee see. Bee\n", "see, bee.\n", "\n", "See bee"):
            read.append(line)
            yield line

    chunks = voice.stream(lines())
    first = next(chunks)
    assert read == ["Bee see. Bee\n"]
    assert first.count is None
    rest = list(chunks)
    whole = voice.synthesize("Bee see. Bee\nsee, bee.\n\nSee bee")
    np.testing.assert_allclose(joined([first, *rest]), joined(list(whole)), rtol=0, atol=1e-4)


def test_what_cannot_be_spoken_is_told(make_voice: Callable[..., Voice]) -> None:
    from tacotron.text import get_frontend

    frontend = "keithito:basic_cleaners"  # which drops all but letters
    symbols = get_frontend(frontend).symbols
    voice = make_voice(frontend=frontend, symbols=symbols)
    chunks = list(voice.stream("你。 One. 好。\n\nOne. 你。"))
    assert sum(len(chunk.warnings) for chunk in chunks) == 3
    assert len(chunks[-1].audio) == 0  # nothing but a warning
    np.testing.assert_allclose(
        joined(chunks), joined(list(voice.synthesize("你。 One. 好。\n\nOne. 你。"))), atol=1e-4
    )
    for text in ("你好。", ["", "..."], []):
        with pytest.raises(TextError, match="nothing to speak"):
            voice.stream(text)
    with pytest.raises(VoiceError, match="speed"):
        voice.stream("Hello.", speed=9)
