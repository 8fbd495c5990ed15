"""What is asked for is heard: pauses to the frame, volume to the decibel, speed to the symbol."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tacotron.errors import TextError, VoiceError
from tacotron.speak import Chunk, Prosody, Voice
from tacotron.text import ENGLISH_SYMBOLS, get_frontend

COMMA = ENGLISH_SYMBOLS.index(",")


@pytest.fixture(scope="session")
def voice(hum_voice: Path) -> Voice:
    return Voice.load(hum_voice)


def speak(voice: Voice, text: str, **options: object) -> list[Chunk]:
    return list(voice.synthesize(text, **options))


def audio(chunks: list[Chunk]) -> np.ndarray:
    return np.concatenate([chunk.audio for chunk in chunks])


def gap(chunk: Chunk, word: int) -> float:
    """Seconds between the end of ``word`` and the next one's beginning."""
    return chunk.words[word + 1].start - chunk.words[word].end


def assert_consistent(chunks: list[Chunk], hop_length: int) -> None:
    start = 0
    for chunk in chunks:
        assert len(chunk.audio) == len(chunk.mel) * hop_length
        assert chunk.durations.sum() == len(chunk.mel)
        assert len(chunk.symbols) == len(chunk.durations)
        assert chunk.start == start / chunk.sample_rate
        times = [time for word in chunk.words for time in (word.start, word.end)]
        assert times == sorted(times)
        start += len(chunk.audio)


@settings(max_examples=15)
@given(st.text(st.sampled_from("abc. ,!?<>&'\"12\n"), max_size=30))
def test_escaped_text_is_spoken_as_the_text(voice: Voice, text: str) -> None:
    ssml = f"<speak>{escape(text)}</speak>"
    try:
        plain = speak(voice, text, ssml=False)
    except TextError:
        with pytest.raises(TextError, match="nothing to speak"):
            voice.synthesize(ssml)
        return
    marked = speak(voice, ssml)
    assert [chunk.text for chunk in marked] == [chunk.text for chunk in plain]
    assert audio(marked).tobytes() == audio(plain).tobytes()


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.5, 5.0])
def test_a_break_lasts_as_long_as_it_says(voice: Voice, seconds: float) -> None:
    frame = 1 / voice.convention.frame_rate
    for speed in (1.0, 2.0):
        (chunk,) = speak(voice, f'Bee, <break time="{seconds}s"/> see.', speed=speed)
        assert_consistent([chunk], voice.convention.hop_length)
        assert gap(chunk, 0) == pytest.approx(seconds, abs=frame / 2 + 1e-9)
    stop, go = speak(voice, f'Bee. <break time="{seconds}s"/> See.')
    alone = speak(voice, "Bee.")[0]
    assert stop.seconds - alone.seconds == pytest.approx(seconds, abs=frame / 2 + 1e-9)
    assert go.words[0].text == "See"


def test_breaks_around_a_text(voice: Voice) -> None:
    (chunk,) = speak(voice, "<break time='1s'/> Bee see. <break time='2s'/>")
    (alone,) = speak(voice, "Bee see.")
    assert_consistent([chunk], voice.convention.hop_length)
    before, behind = round(voice.convention.frame_rate), round(2 * voice.convention.frame_rate)
    assert len(chunk.mel) == len(alone.mel) + before + behind
    silence = before * voice.convention.hop_length
    spoken = chunk.audio[silence : silence + len(alone.audio)]
    np.testing.assert_array_equal(spoken, alone.audio)
    assert not chunk.audio[:silence].any()
    assert not chunk.audio[silence + len(alone.audio) :].any()
    shift = silence / voice.sample_rate
    assert [word.start - shift for word in chunk.words] == pytest.approx(
        [word.start for word in alone.words]
    )


def test_many_breaks_are_no_flood(voice: Voice) -> None:
    """What lies at one place is a pause that memory holds, however many breaks there are."""
    breaks = "<break time='60s'/>" * 200
    for text in (f"Bee. {breaks}", f"{breaks} Bee.", f"Bee.{breaks} See."):
        chunks = speak(voice, text)
        assert 60 < sum(chunk.seconds for chunk in chunks) < 63


def test_a_break_in_a_pause_is_quiet(voice: Voice) -> None:
    (chunk,) = speak(voice, "Bee <break time='1s'/> see.")
    rate = voice.sample_rate
    inside = slice(int((chunk.words[0].end + 0.1) * rate), int((chunk.words[1].start - 0.1) * rate))
    assert inside.stop - inside.start > 0.7 * rate
    assert np.abs(chunk.audio[inside]).max() < 0.01 * np.abs(chunk.audio).max()


def test_pauses_can_be_set(voice: Voice) -> None:
    text = "Bee, see. See.\n\nBee; see."
    frame = 1 / voice.convention.frame_rate
    prosody = Prosody(comma_pause=0.6, sentence_pause=0.2, paragraph_pause=1.5)
    own, chunks = speak(voice, text), speak(voice, text, prosody=prosody)
    assert_consistent(chunks, voice.convention.hop_length)
    assert [gap(chunks[n], 0) for n in (0, 2)] == pytest.approx([0.6] * 2, abs=frame)
    added = [chunk.seconds - before.seconds for chunk, before in zip(chunks, own, strict=True)]
    comma = 0.6 - gap(own[0], 0)
    assert added == pytest.approx([comma + 0.2 - 0.35, 1.5 - 0.7, comma], abs=2 * frame)
    fast = speak(voice, text, prosody=prosody, speed=2.0)
    assert gap(fast[0], 0) == pytest.approx(0.3, abs=frame)


def test_volume(voice: Voice) -> None:
    own = audio(speak(voice, "Bee see."))
    softer = audio(speak(voice, "Bee see.", prosody=Prosody(volume=-6.0)))
    np.testing.assert_allclose(softer, own * 10 ** (-6 / 20), rtol=1e-5, atol=1e-9)
    louder = audio(speak(voice, "Bee see.", prosody=Prosody(volume=20.0)))
    assert np.abs(own).max() * 2 < np.abs(louder).max() <= 1.0


def test_volume_within_a_sentence(voice: Voice) -> None:
    (own,) = speak(voice, "Bee see you.")
    (marked,) = speak(voice, "<speak>Bee <prosody volume='silent'>see</prosody> you.</speak>")
    assert marked.words == own.words
    rate, frame = voice.sample_rate, 1 / voice.convention.frame_rate
    for word in own.words:
        inside = slice(int((word.start + frame) * rate), int((word.end - frame) * rate))
        if word.text == "see":
            assert not marked.audio[inside].any()
        else:
            np.testing.assert_array_equal(marked.audio[inside], own.audio[inside])
    assert np.abs(np.diff(marked.audio)).max() <= 1.01 * np.abs(np.diff(own.audio)).max()


def test_rate_within_a_sentence(voice: Voice) -> None:
    ssml = "<speak>Bee see <prosody rate='50%'>bee see</prosody> bee see.</speak>"
    (chunk,) = speak(voice, ssml)
    assert_consistent([chunk], voice.convention.hop_length)
    lengths: dict[str, list[float]] = {"bee": [], "see": []}
    for word in chunk.words:
        lengths[word.text.lower()].append(word.end - word.start)
    frame = 1 / voice.convention.frame_rate
    for first, slow, last in lengths.values():
        assert slow == pytest.approx(2 * first, abs=3 * frame)
        assert last == pytest.approx(first, abs=1.01 * frame)


def test_warnings_of_the_markup_come_first(voice: Voice) -> None:
    chunks = speak(voice, "<speak><foo>Bee.</foo> See.</speak>")
    assert ["<foo>" in "".join(chunk.warnings) for chunk in chunks] == [True, False]
    streamed = list(voice.stream("<speak><foo>Bee.</foo> See.</speak>"))
    assert sum("<foo>" in warning for chunk in streamed for warning in chunk.warnings) == 1


def test_arriving_text_has_breaks_and_pauses_too(make_voice: Callable[..., Voice]) -> None:
    voice = make_voice()
    text = "Bee, see. <break time='1s'/> See.\n\nBee. <break time='200ms'/>"
    prosody = Prosody(comma_pause=0.5, sentence_pause=0.1, paragraph_pause=0.3)
    whole = audio(speak(voice, text, prosody=prosody))
    for size in (1, 5, 100):
        parts = [text[start : start + size] for start in range(0, len(text), size)]
        arrived = audio(list(voice.stream(parts, prosody=prosody)))
        np.testing.assert_allclose(arrived, whole, rtol=0, atol=1e-4)


def test_arriving_ssml_is_read_as_a_whole(make_voice: Callable[..., Voice]) -> None:
    voice = make_voice()
    ssml = "\n<speak>\n<p>Bee.</p>\n<p>See.</p></speak>"
    whole = audio(speak(voice, ssml))
    arrived = audio(list(voice.stream(ssml.splitlines(keepends=True))))
    np.testing.assert_allclose(arrived, whole, rtol=0, atol=1e-4)
    with pytest.raises(TextError, match="line 3, column"):
        voice.stream(["\n<speak>\n", "<p>Bee."])


def test_the_legacy_front_end_knows_markup_too(make_hum_voice: Callable[..., Path]) -> None:
    frontend = "keithito"
    path = make_hum_voice(frontend=frontend, symbols=get_frontend(frontend).symbols)
    voice = Voice.load(path)
    (chunk,) = speak(
        voice, "<speak>Bee <break time='1s'/> <prosody rate='50%'>see</prosody></speak>"
    )
    assert chunk.seconds > 1.0
    assert " ".join(chunk.text.split()) == "Bee, see"


@pytest.mark.parametrize("name", ["pitch", "pitch_range", "volume", "sentence_pause"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -100.0, "1", None])
def test_prosody_is_bounded(name: str, value: object) -> None:
    with pytest.raises(VoiceError, match=f"{name.replace('_', ' ')} of .*: choose from"):
        Prosody(**{name: value})
