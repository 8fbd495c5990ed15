"""What a voice says: exact times, the same every time, and one sentence for every mistake."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tacotron.errors import AudioError, TacotronError, TextError, VoiceError
from tacotron.speak import Chunk, Voice
from tacotron.speak.pieces import LONGEST
from tacotron.speak.prosody import PARAGRAPH_PAUSE, SENTENCE_PAUSE
from tacotron.text import ENGLISH_SYMBOLS, get_frontend
from tacotron.voice import Bundle

TEXTS = [
    "Hello, world.",
    "A",
    "word " * 20,
    "Dr. Smith paid $3.50. Then he left!\n\nNobody knew why; nobody asked.",
    "No full stop",
    "One. 🎉 Two.",
    "and " * 300,
]


@pytest.fixture(scope="session")
def voice(hum_voice: Path) -> Voice:
    return Voice.load(hum_voice)


def speak(voice: Voice, text: str, **options: object) -> list[Chunk]:
    return list(voice.synthesize(text, **options))


def audio(chunks: list[Chunk]) -> np.ndarray:
    return np.concatenate([chunk.audio for chunk in chunks])


@pytest.mark.parametrize("text", TEXTS)
def test_audio_mel_durations_and_words_agree(voice: Voice, text: str) -> None:
    elapsed = 0
    for chunk in voice.synthesize(text):
        assert chunk.audio.dtype == chunk.mel.dtype == np.float32
        assert chunk.audio.ndim == 1
        assert np.abs(chunk.audio).max() <= 1.0
        assert chunk.mel.shape == (chunk.durations.sum(), 80)
        assert len(chunk.audio) == len(chunk.mel) * voice.convention.hop_length
        assert len(chunk.symbols) == len(chunk.durations)
        assert chunk.sample_rate == voice.sample_rate == 22050
        assert chunk.start == elapsed / chunk.sample_rate
        assert len(chunk.text) <= LONGEST
        times = [time for word in chunk.words for time in (word.start, word.end)]
        assert times == sorted(times)
        assert all(word.start < word.end for word in chunk.words)
        assert 0 <= times[0] < times[-1] <= chunk.seconds
        elapsed += len(chunk.audio)


def test_words_lie_where_they_sound(voice: Voice) -> None:
    """The hum voice sounds a phoneme in one band: 10 + id % 50."""
    (chunk,) = speak(voice, "Bee see.")
    rate = voice.convention.frame_rate
    assert [word.text for word in chunk.words] == ["Bee", "see"]
    for word, phonemes in zip(chunk.words, (("B", "IY1"), ("S", "IY1")), strict=True):
        frames = chunk.mel[round(word.start * rate + 0.5) : round(word.end * rate + 0.5)]
        bands = [10 + ENGLISH_SYMBOLS.index(phoneme) % 50 for phoneme in phonemes]
        heard = frames.argmax(axis=1)
        assert heard[0] == bands[0]
        assert heard[-1] == bands[1]
        assert set(heard.tolist()) == set(bands)
        assert (frames.max(axis=1) > -6).all()
        around = [round(word.start * rate + 0.5) - 1, round(word.end * rate + 0.5)]
        assert (chunk.mel[around].max(axis=1) < -10).all()


def test_sound_begins_with_the_first_word(voice: Voice) -> None:
    (chunk,) = speak(voice, "Bee see.")
    loud = np.flatnonzero(np.abs(chunk.audio) > 0.1 * np.abs(chunk.audio).max())
    window = voice.convention.n_fft / voice.sample_rate
    assert loud[0] / voice.sample_rate == pytest.approx(chunk.words[0].start, abs=window / 2)
    assert loud[-1] / voice.sample_rate == pytest.approx(chunk.words[-1].end, abs=window / 2)


def test_edges_are_trimmed(voice: Voice) -> None:
    (chunk,) = speak(voice, "Bee.")
    assert chunk.words[0].start < 0.06
    assert chunk.seconds - chunk.words[-1].end < 0.11


def test_pauses_between_sentences_and_paragraphs(voice: Voice) -> None:
    chunks = speak(voice, "Bee. Bee.\n\nBee.")
    assert [chunk.text for chunk in chunks] == ["Bee."] * 3
    lengths = [chunk.seconds for chunk in chunks]
    hop = voice.convention.hop_length / voice.sample_rate
    assert lengths[0] - lengths[2] == pytest.approx(SENTENCE_PAUSE, abs=hop)
    assert lengths[1] - lengths[2] == pytest.approx(PARAGRAPH_PAUSE, abs=hop)
    silence = chunks[0].audio[-int(SENTENCE_PAUSE * voice.sample_rate) + voice.sample_rate // 50 :]
    assert not silence.any()


def test_the_same_seed_gives_the_same_bits(voice: Voice, hum_voice: Path) -> None:
    text = "Hello there. General remarks."
    first = audio(speak(voice, text, seed=3))
    again = audio(speak(Voice.load(hum_voice), text, seed=3))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != audio(speak(voice, text, seed=4)).tobytes()


def test_interleaved_speaking_changes_nothing(voice: Voice) -> None:
    alone = audio(speak(voice, "Hello there. General remarks."))
    one = voice.synthesize("Hello there. General remarks.")
    other = voice.synthesize("Something else. Entirely.")
    mixed = [next(one), next(other), next(one), next(other)]
    assert np.concatenate([mixed[0].audio, mixed[2].audio]).tobytes() == alone.tobytes()


@pytest.mark.parametrize("speed", [0.25, 0.5, 1.5, 4.0])
def test_speed(voice: Voice, speed: float) -> None:
    usual, other = (speak(voice, "Bee see, bee see.", speed=s)[0].words for s in (1.0, speed))
    frame = 1 / voice.convention.frame_rate
    expected = (usual[-1].end - usual[0].start) / speed
    # Either end of either is rounded to a frame.
    assert other[-1].end - other[0].start == pytest.approx(expected, abs=(1 + 1 / speed) * frame)


def test_speakers(voice: Voice) -> None:
    assert voice.speakers == ("alto", "tenor")
    alto, tenor, default = (
        audio(speak(voice, "Hello.", speaker=name)) for name in ("alto", "tenor", None)
    )
    assert alto.tobytes() == default.tobytes()
    assert np.abs(tenor).max() < 0.8 * np.abs(alto).max()


def test_lexicon(voice: Voice) -> None:
    (chunk,) = speak(voice, "Bee.", lexicon={"bee": ("S", "IY1")})
    assert chunk.symbols[1:3] == ("S", "IY1")


def test_lexicon_of_the_voice(make_hum_voice: Callable[..., Path]) -> None:
    voice = Voice.load(make_hum_voice({"lexicon.txt": b"BEE  S IY1\n"}))
    (chunk,) = speak(voice, "Bee.")
    assert chunk.symbols[1:3] == ("S", "IY1")
    (chunk,) = speak(voice, "Bee.", lexicon={"bee": ("Z", "IY1")})
    assert chunk.symbols[1:3] == ("Z", "IY1")


def test_what_cannot_be_spoken_is_skipped_and_told(make_hum_voice: Callable[..., Path]) -> None:
    frontend = "keithito:basic_cleaners"  # which drops all but letters
    voice = Voice.load(make_hum_voice(frontend=frontend, symbols=get_frontend(frontend).symbols))
    chunks = speak(voice, "你。 One. 好。\n\nOne. 你。")
    assert [chunk.text for chunk in chunks] == ["One.", "One."]
    assert [chunk.index for chunk in chunks] == [1, 3]
    assert [len(chunk.warnings) for chunk in chunks] == [2, 1]
    # The pause is the longest of those around it, and none follows the last.
    assert chunks[0].seconds - chunks[1].seconds == pytest.approx(PARAGRAPH_PAUSE, abs=0.02)
    with pytest.raises(TextError, match="nothing to speak"):
        voice.synthesize("你好。")


@pytest.mark.parametrize("text", ["", "  \n ", "...", "?!\n\n---", "—"])
def test_nothing_to_speak(voice: Voice, text: str) -> None:
    with pytest.raises(TextError, match="nothing to speak"):
        voice.synthesize(text)


def test_errors_come_before_audio(voice: Voice) -> None:
    for options, expected in (
        ({"speaker": "bass"}, "no speaker 'bass': it has alto, tenor"),
        ({"speed": 0.2}, "speed 0.2"),
        ({"speed": 4.1}, "speed 4.1"),
        ({"speed": float("nan")}, "speed nan"),
        ({"seed": -1}, "seed -1"),
        ({"seed": 1.5}, r"seed 1\.5"),
    ):
        with pytest.raises(VoiceError, match=expected):
            voice.synthesize("Hello.", **options)


def test_sentences_are_spoken_as_they_are_asked_for(make_hum_voice: Callable[..., Path]) -> None:
    few = tuple(symbol for symbol in ENGLISH_SYMBOLS if symbol != "ZH")
    chunks = Voice.load(make_hum_voice(symbols=few)).synthesize("One. Two. Measure. Four.")
    first = next(chunks)
    assert first.text == "One."
    assert (first.index, first.count) == (0, 4)
    with pytest.raises(TextError, match="'ZH'"):
        list(chunks)


def test_long_sentences_are_cut(voice: Voice) -> None:
    chunks = speak(voice, ("nobody knew, " * 60).strip() + ".")
    assert len(chunks) > 2
    assert " ".join(chunk.text for chunk in chunks).count("nobody") == 60
    gaps = [b.start + b.words[0].start - a.end for a, b in pairwise(chunks)]
    assert all(0.1 < gap < SENTENCE_PAUSE for gap in gaps)


@pytest.mark.parametrize("r", [1, 2, 5])
def test_reduction_factors(make_hum_voice: Callable[..., Path], r: int) -> None:
    voice = Voice.load(make_hum_voice(reduction_factor=r))
    assert len(speak(voice, "Hello there.")) == 1


def test_without_dropout_there_is_no_chance(make_hum_voice: Callable[..., Path]) -> None:
    voice = Voice.load(make_hum_voice(prenet_dropout=0.0))
    one, two = (speak(voice, "Hello.", seed=seed)[0].mel for seed in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_legacy_front_end(make_hum_voice: Callable[..., Path]) -> None:
    symbols = get_frontend("keithito").symbols
    voice = Voice.load(make_hum_voice(frontend="keithito", symbols=symbols))
    (chunk,) = speak(voice, "Hello, world.")
    assert [word.text for word in chunk.words] == ["hello,", "world."]
    with pytest.raises(TextError, match="nothing to speak"):
        voice.synthesize("...")


def test_symbols_that_a_voice_lacks(make_hum_voice: Callable[..., Path]) -> None:
    few = tuple(symbol for symbol in ENGLISH_SYMBOLS if symbol != "ZH")
    voice = Voice.load(make_hum_voice(symbols=few))
    assert speak(voice, "Hello.")
    with pytest.raises(TextError, match="'ZH'"):
        voice.synthesize("Measure.")


def test_files(voice: Voice, tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    seconds = voice.speak_to_file("Hello there. And more.", path, seed=5)
    wave, rate = soundfile.read(path, dtype="float32")
    expected = audio(speak(voice, "Hello there. And more.", seed=5))
    assert rate == 22050
    assert seconds == len(expected) / rate
    np.testing.assert_allclose(wave, expected, atol=1 / 32768)


def test_files_that_cannot_be(voice: Voice, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="mp3"):
        voice.speak_to_file("Hello.", tmp_path / "speech.mp3")
    with pytest.raises(TacotronError, match="Could not write"):
        voice.speak_to_file("Hello.", tmp_path / "none" / "speech.wav")
    with pytest.raises(TextError):
        voice.speak_to_file("...", tmp_path / "speech.wav")
    assert not list(tmp_path.iterdir())


def test_loading(hum_voice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACOTRON_VOICES", str(hum_voice.parent))
    assert Voice.load("hum").name == "hum"
    with pytest.raises(VoiceError, match="did you mean 'hum'"):
        Voice.load("hym")


def test_kinds_without_an_engine_are_refused(make_hum_voice: Callable[..., Path]) -> None:
    bundle = Bundle.open(make_hum_voice())
    object.__setattr__(bundle.manifest, "kind", "unheard-of")
    with pytest.raises(VoiceError, match="is unheard-of: this version speaks non-attentive"):
        Voice(bundle)


def test_graphs_that_cannot_run(
    make_hum_voice: Callable[..., Path], graphs: dict[str, bytes]
) -> None:
    with pytest.raises(VoiceError, match=r"decoder\.onnx of voice .* is no graph"):
        Voice.load(make_hum_voice({"decoder.onnx": b"not a graph"}))
    with pytest.raises(VoiceError, match=r"decoder\.onnx .* takes frames, not frame"):
        Voice.load(make_hum_voice({"decoder.onnx": graphs["postnet.onnx"]}))
    with pytest.raises(VoiceError, match="two prenet_sizes"):
        Voice.load(make_hum_voice(prenet_sizes=(8,)))
    voice = Voice.load(make_hum_voice(decoder_size=17))
    with pytest.raises(VoiceError, match=r"decoder\.onnx of voice .* failed"):
        speak(voice, "Hello.")
