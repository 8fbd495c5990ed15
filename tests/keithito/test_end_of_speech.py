"""Voices without a stop token end where a long silence begins."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.audio.convention import get_convention
from tacotron.audio.mel import mel_spectrogram
from tacotron.errors import VoiceError
from tacotron.keithito.convert import END_SILENCE, import_keithito
from tacotron.speak import Voice
from tacotron.speak.ending import end_of_speech
from tacotron.voice import Manifest

KEITHITO = get_convention("keithito")
RUNS = st.lists(st.tuples(st.integers(1, 200), st.integers(0, 200)), min_size=1, max_size=5)


def mel_of(runs: list[tuple[int, int]], before: int = 0) -> np.ndarray:
    """``before`` quiet frames, then runs of loud frames and of quiet ones."""
    levels = [np.full(before, 0.1)]
    for loud, quiet in runs:
        levels += [np.full(loud, 0.8), np.full(quiet, 0.1)]
    return np.tile(np.concatenate(levels)[:, None], (1, KEITHITO.n_mels)).astype(np.float32)


@given(RUNS, st.integers(0, 200))
def test_the_first_long_silence_after_a_sound_is_the_end(
    runs: list[tuple[int, int]], before: int
) -> None:
    expected, at = None, before
    for loud, quiet in runs:
        at += loud
        if expected is None and quiet >= END_SILENCE * 80:  # frames a second
            expected = at
        at += quiet
    assert end_of_speech(mel_of(runs, before), KEITHITO, END_SILENCE) == expected


def test_silence_is_that_of_recordings() -> None:
    """A tone, a second of faint noise, the tone again."""
    chance = np.random.default_rng(0)
    rate = KEITHITO.sample_rate
    tone = 0.3 * np.sin(2 * np.pi * 700 * np.arange(rate) / rate)
    noise = 1e-4 * chance.normal(size=rate)
    wave = np.concatenate([tone, noise, tone]).astype(np.float32)
    end = end_of_speech(mel_spectrogram(wave, KEITHITO), KEITHITO, END_SILENCE)
    assert end == pytest.approx(80, abs=4)
    assert end_of_speech(mel_spectrogram(wave, KEITHITO), KEITHITO, 1.2) is None


def test_the_silence_is_checked_where_voices_are_read(
    make_manifest: Callable[..., Manifest],
) -> None:
    data = json.loads(make_manifest().to_json())
    assert data["end_silence"] == 0.0
    del data["end_silence"]  # of voices that were written before there was any
    assert Manifest.from_json(json.dumps(data), source="it").end_silence == 0.0
    for wrong in (-1, "long", True, None):
        with pytest.raises(VoiceError, match="'end_silence' in its"):
            Manifest.from_json(json.dumps(data | {"end_silence": wrong}), source="it")


def test_a_voice_stops_there(
    tiny: dict[str, np.ndarray], write_checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    """A model whose residual cells run down within some steps, and whose mel follows them."""
    variables = dict(tiny)
    decoder = "model/inference/decoder/output_projection_wrapper"
    for name, values in tiny.items():
        if "/cell_1/" in name or "/cell_2/" in name or "cell_0/output_projection" in name:
            variables[name] = np.zeros_like(values)
    cell = f"{decoder}/multi_rnn_cell/cell_1/gru_cell"
    # u = 0.95, so h goes from 0 to -1 as 0.95^n - 1: loud at first, then lower and lower.
    size = len(variables[f"{cell}/candidate/bias"])
    gates = variables[f"{cell}/gates/bias"].copy()
    gates[size:] = np.log(0.95 / 0.05)
    variables[f"{cell}/gates/bias"] = gates
    variables[f"{cell}/candidate/bias"] = np.full(size, -9.0, np.float32)
    variables[f"{decoder}/kernel"] = np.full_like(tiny[f"{decoder}/kernel"], 1 / size)
    variables[f"{decoder}/bias"] = np.full_like(tiny[f"{decoder}/bias"], 1.0)
    prefix = write_checkpoint(tmp_path / "model.ckpt-1", variables)
    # Frames of 100 ms, so that eight of them are the silence.
    hparams = "sample_rate=640,frame_length_ms=100,frame_shift_ms=100,max_iters=100"
    import_keithito(prefix, tmp_path / "short.voice", name="short", hparams=hparams)
    (chunk,) = Voice.load(tmp_path / "short.voice").synthesize("Hi.")
    # Below 0.6 of full scale's 100 dB, 40 dB under the first frame: 0.95^n = 0.6 after ten steps.
    loud = 2 * int(np.ceil(np.log(0.6) / np.log(0.95)))
    assert not any("found no end" in warning for warning in chunk.warnings)
    assert abs(len(chunk.mel) - loud) <= 4
    assert np.all(np.diff(chunk.mel[:loud:2, 0]) < 0)
