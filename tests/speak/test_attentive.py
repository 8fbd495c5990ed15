"""Attentive voices: what the model says, until its stop token or the bound, and where words are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tacotron.audio.convention import get_convention
from tacotron.cli.main import main
from tacotron.errors import VoiceError
from tacotron.model.tacotron2017 import Tacotron2017, Tacotron2017Config
from tacotron.speak import Voice
from tacotron.speak.attentive import AttentiveEngine, _stretch
from tacotron.speak.durations import attended_frames
from tacotron.speak.engine import Speech
from tacotron.text import ENGLISH_SYMBOLS
from tacotron.voice import Bundle, GriffinLimSettings, LengthBound, Manifest, write_bundle
from tacotron.voice.graphs import attentive_graphs

NVIDIA = get_convention("nvidia")
SPEAKERS = ("alto", "tenor")
CONFIG = Tacotron2017Config(
    n_symbols=len(ENGLISH_SYMBOLS),
    n_speakers=len(SPEAKERS),
    reduction_factor=3,
    embedding_size=16,
    prenet_sizes=(16, 8),
    cbhg_size=16,
    encoder_bank=4,
    postnet_bank=3,
    postnet_projection=16,
    attention_size=16,
    decoder_size=24,
    bound_base=11,
    bound_per_symbol=4,
)
IDS = [1, 40, 13, 25, 60, 3, 20, 55, 5, 2]
BOUND = 51  # 11 + 4 * 10, in whole steps of 3


def untrained(config: Tacotron2017Config = CONFIG, *, stop: float = -20.0) -> Tacotron2017:
    """A model of chance weights whose stop token always has the logit ``stop``."""
    torch.manual_seed(5)
    model = Tacotron2017(config).eval()
    with torch.no_grad():
        for name, value in (("mel", -5.0), ("linear", -4.0)):
            getattr(model, f"{name}_mean").fill_(value)
            getattr(model, f"{name}_deviation").fill_(2.0)
        if model.decoder.stop is not None:
            model.decoder.stop.weight.zero_()
            model.decoder.stop.bias.fill_(stop)
    return model


@pytest.fixture
def write(tmp_path: Path, make_manifest: Callable[..., Manifest]) -> Callable[..., Path]:
    """Writes a model as a voice file."""

    def write(model: Tacotron2017) -> Path:
        config = model.config
        manifest = make_manifest(
            name="tiny",
            kind="attentive",
            speakers=SPEAKERS,
            reduction_factor=config.reduction_factor,
            prenet_dropout=0.0,
            prenet_sizes=config.prenet_sizes,
            decoder_size=config.decoder_size,
            length_bound=LengthBound(config.bound_base, config.bound_per_symbol),
            griffin_lim=GriffinLimSettings(iterations=2),
        )
        path = tmp_path / "tiny.voice"
        write_bundle(path, manifest, attentive_graphs(model))
        return path

    return write


def speak(path: Path, *, speaker: int = 0, speed: float = 1.0, seed: int = 0) -> Speech:
    engine = AttentiveEngine(Bundle.open(path))
    return engine.speak(IDS, speaker=speaker, speed=speed, seed=[seed])


def test_the_engine_says_what_the_model_says(write: Callable[..., Path]) -> None:
    model = untrained()
    path = write(model)
    for speaker in range(2):
        said = speak(path, speaker=speaker)
        expected = model.infer(torch.tensor(IDS), speaker)
        np.testing.assert_allclose(said.mel, expected.mel, rtol=0, atol=1e-4)
        np.testing.assert_allclose(said.linear, expected.linear, rtol=0, atol=1e-4)
        durations = attended_frames(expected.alignment.numpy(), BOUND)
        assert said.durations.tolist() == durations.tolist()


def test_a_stop_token_ends_it_but_not_before_all_could_be_spoken(
    write: Callable[..., Path],
) -> None:
    said = speak(write(untrained(stop=20.0)))
    assert len(said.mel) == len(said.linear) == 12  # ten symbols, in whole steps of 3
    assert said.durations.sum() == 12
    assert said.warnings == ()


@pytest.mark.parametrize("config", [CONFIG, replace(CONFIG, stop_token=False)])
def test_without_an_end_the_bound_is_the_end_and_told(
    write: Callable[..., Path], config: Tacotron2017Config
) -> None:
    said = speak(write(untrained(config)))
    assert len(said.mel) == len(said.linear) == BOUND
    (warning,) = said.warnings
    assert warning.startswith("The voice tiny found no end to a sentence")
    assert "after 0.6 seconds" in warning


def test_chunks_agree_in_all_they_hold(write: Callable[..., Path]) -> None:
    voice = Voice.load(write(untrained()))
    chunks = list(voice.synthesize("Hello, world. A word and the next!"))
    assert len(chunks) == 2
    for chunk in chunks:
        assert chunk.mel.shape == (chunk.durations.sum(), 80)
        assert len(chunk.audio) == len(chunk.mel) * NVIDIA.hop_length
        assert np.abs(chunk.audio).max() <= 1.0
        assert len(chunk.symbols) == len(chunk.durations)
        times = [time for word in chunk.words for time in (word.start, word.end)]
        assert times == sorted(times)
        assert all(word.start < word.end for word in chunk.words)
        assert times[-1] <= chunk.seconds
        assert any("found no end" in warning for warning in chunk.warnings)


def test_sound_comes_from_the_linear_spectrogram(write: Callable[..., Path]) -> None:
    loud, mute = untrained(), untrained()
    loud.linear_mean.fill_(-1.0)
    mute.linear_mean.fill_(-40.0)
    loud, mute = (next(Voice.load(write(model)).synthesize("Hello.")) for model in (loud, mute))
    np.testing.assert_array_equal(loud.mel, mute.mel)
    assert np.abs(loud.audio).max() > 0.01
    assert np.abs(mute.audio).max() < 1e-9


@pytest.mark.parametrize(("speed", "frames"), [(0.5, 102), (2.0, 26), (4.0, 13)])
def test_speed_stretches(write: Callable[..., Path], speed: float, frames: int) -> None:
    path = write(untrained())
    said = speak(path, speed=speed)
    assert len(said.mel) == len(said.linear) == said.durations.sum() == frames


@pytest.mark.parametrize("frames", [1, 13, 51, 102])
def test_a_stretched_slope_is_a_slope(frames: int) -> None:
    seconds = np.stack([np.arange(BOUND) + 0.5, np.zeros(BOUND)], axis=1).astype(np.float32)
    wanted = (np.arange(frames) + 0.5) * BOUND / frames
    stretched = _stretch(seconds, np.array([BOUND]), np.array([frames]))
    assert stretched.dtype == np.float32
    np.testing.assert_allclose(stretched[:, 0], np.clip(wanted, 0.5, BOUND - 0.5), rtol=1e-5)


def test_symbols_stretch_by_themselves(write: Callable[..., Path]) -> None:
    path = write(untrained())
    own = speak(path)
    said = speak(path, speed=np.where(np.arange(len(IDS)) < 5, 0.5, 1.0))
    assert said.durations.tolist() == [2 * d if n < 5 else d for n, d in enumerate(own.durations)]
    assert len(said.mel) == len(said.linear) == said.durations.sum()
    kept = int(own.durations[5:].sum())
    np.testing.assert_allclose(said.mel[-kept:], own.mel[-kept:], atol=1e-5)


def test_there_is_no_chance_but_there_are_speakers(write: Callable[..., Path]) -> None:
    path = write(untrained())
    np.testing.assert_array_equal(speak(path, seed=1).linear, speak(path, seed=2).linear)
    assert np.abs(speak(path).linear - speak(path, speaker=1).linear).max() > 1e-3


def test_the_command_warns_and_saves_the_mel(
    write: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(untrained())
    wav, npy, srt = (str(tmp_path / name) for name in ("out.wav", "mel.npy", "words.srt"))
    command = ["say", "Hello there. Two words.", "--voice", str(path), "-o", wav]
    assert main([*command, "--save-mel", npy, "--timings", srt]) == 0
    error = capsys.readouterr().err
    assert error.startswith("tacotron: The voice tiny found no end to a sentence")
    mel = np.load(npy)
    assert mel.dtype == np.float32
    assert mel.shape[1] == 80
    assert soundfile.info(wav).frames == len(mel) * NVIDIA.hop_length
    assert Path(srt).read_text().count("-->") == 4


def test_graphs_of_another_voice_are_refused(
    write: Callable[..., Path], make_hum_voice: Callable[..., Path]
) -> None:
    bound = LengthBound(60, 25)
    with pytest.raises(VoiceError, match=r"encoder\.onnx .* does not give keys"):
        Voice.load(make_hum_voice(kind="attentive", length_bound=bound))
    broken = untrained()
    broken.linear_mean.fill_(float("nan"))
    with pytest.raises(VoiceError, match="NaN or Inf"):
        speak(write(broken))
    with pytest.raises(VoiceError, match=r"wrong shapes .*9\)"):
        speak(write(untrained(replace(CONFIG, n_linear=9))))
