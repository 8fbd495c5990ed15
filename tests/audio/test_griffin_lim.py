"""From magnitudes and mels back to sound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tacotron.audio import (
    CONVENTIONS,
    MelConvention,
    deemphasize,
    get_convention,
    griffin_lim,
    linear_spectrogram,
    linear_to_wave,
    magnitude_spectrogram,
    mel_amplitude,
    mel_filterbank,
    mel_spectrogram,
    mel_to_linear,
    mel_to_wave,
    rms_dbfs,
    set_level,
)
from tacotron.errors import AudioError

NVIDIA = get_convention("nvidia")
FRAMINGS = [
    NVIDIA,
    replace(NVIDIA, name="constant", framing="center-constant"),
    replace(NVIDIA, name="hifigan", framing="hifigan"),
    replace(NVIDIA, name="hop that divides nothing", win_length=801, hop_length=170),
    get_convention("keithito"),
]


def convergence_db(wave: np.ndarray, magnitude: np.ndarray, c: MelConvention) -> float:
    """How far the STFT magnitudes of ``griffin_lim``'s wave are from those asked for."""
    found = magnitude_spectrogram(deemphasize(wave, c.preemphasis), c)
    error = np.linalg.norm(found - magnitude[: len(found)])
    return float(20 * np.log10(error / np.linalg.norm(magnitude)))


@pytest.mark.parametrize("c", FRAMINGS, ids=lambda c: c.name)
def test_the_waveform_has_the_magnitudes(reading, c):
    magnitude = magnitude_spectrogram(reading, c)
    wave = griffin_lim(magnitude, c, iterations=60)
    assert wave.dtype == np.float32
    assert convergence_db(wave, magnitude, c) < -20


def test_iterations_and_momentum_help(reading):
    magnitude = magnitude_spectrogram(reading, NVIDIA)
    few, many, plain = (
        convergence_db(griffin_lim(magnitude, NVIDIA, **settings), magnitude, NVIDIA)
        for settings in ({"iterations": 4}, {"iterations": 32}, {"iterations": 32, "momentum": 0.0})
    )
    assert many < few - 6
    assert many < plain - 4


def test_a_seed_decides_the_samples(reading):
    magnitude = magnitude_spectrogram(reading[:6000], NVIDIA)
    before = magnitude.copy()
    first, again, other = (griffin_lim(magnitude, NVIDIA, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(magnitude, before)


@pytest.mark.parametrize("c", FRAMINGS, ids=lambda c: c.name)
def test_the_length_is_that_of_the_frames(c):
    for frames in (2, 3, 65, 130):
        samples = len(griffin_lim(np.ones((frames, c.n_bins)), c, iterations=1))
        hops = frames if c.framing == "hifigan" else frames - 1
        assert samples == hops * c.hop_length
        assert len(mel_spectrogram(np.zeros(samples, np.float32), c)) == frames


@pytest.mark.parametrize("c", CONVENTIONS.values(), ids=lambda c: c.name)
@pytest.mark.parametrize("frames", [0, 1, 2])
def test_very_short_mels_make_very_short_waves(c, frames):
    wave = mel_to_wave(np.zeros((frames, c.n_mels)), c)
    hops = frames if c.framing == "hifigan" else max(0, frames - 1)
    assert len(wave) == hops * c.hop_length
    assert np.isfinite(wave).all()


def test_silence_stays_silent():
    for c in CONVENTIONS.values():
        mel = mel_spectrogram(np.zeros(5000, np.float32), c)
        # Rayhane Mamah's floor, 1e-5 of squared magnitudes, is that loud.
        assert rms_dbfs(mel_to_wave(mel, c)) < (-50 if c.name == "rayhane-mamah" else -80)
    assert not griffin_lim(np.zeros((10, 513)), NVIDIA).any()


def test_the_linear_estimate_explains_the_mel_and_beats_the_pseudo_inverse(reading):
    amplitude = mel_amplitude(reading, NVIDIA)
    magnitude = magnitude_spectrogram(reading, NVIDIA)
    bank = mel_filterbank(NVIDIA)
    covered = bank.sum(axis=0) > 0

    def errors(estimate: np.ndarray) -> tuple[float, float]:
        mel_error = np.abs(np.log(np.maximum(estimate @ bank.T, 1e-5) / amplitude)).mean()
        true = magnitude[:, covered]
        linear_error = np.linalg.norm(estimate[:, covered] - true) / np.linalg.norm(true)
        return float(mel_error), float(linear_error)

    estimate = mel_to_linear(amplitude, NVIDIA)
    assert (estimate >= 0).all()
    assert not estimate[:, ~covered].any()
    ours, theirs = errors(estimate), errors(np.maximum(0, amplitude @ np.linalg.pinv(bank).T))
    assert ours[0] < 0.01
    assert ours[0] < theirs[0] / 2
    assert ours[1] < 0.85 * theirs[1]


def test_the_linear_estimate_of_a_power_mel_is_a_magnitude(reading):
    c = replace(NVIDIA, power=2.0)
    estimate = mel_to_linear(mel_amplitude(reading, c), c)
    again = (estimate**2) @ mel_filterbank(c).T
    np.testing.assert_allclose(again.sum(), mel_amplitude(reading, c).sum(), rtol=1e-3)


@pytest.mark.parametrize(("power", "tolerance_db"), [(1.0, 0.5), (1.2, 1.0), (1.5, 2.5)])
def test_speech_keeps_its_level(reading, power, tolerance_db):
    speech = set_level(reading, -23.0)
    wave = mel_to_wave(mel_spectrogram(speech, NVIDIA), NVIDIA, power=power)
    assert abs(rms_dbfs(wave) + 23.0) < tolerance_db


def test_a_mel_sounds_like_its_recording(reading):
    c = get_convention("keithito-issue98")
    quiet = 0.05 * reading  # so that nothing is clipped
    for wave in (
        mel_to_wave(mel_spectrogram(quiet, c), c, power=1.0),
        linear_to_wave(linear_spectrogram(quiet, c), c, power=1.0),
    ):
        again = mel_spectrogram(wave, c)
        assert np.abs(again - mel_spectrogram(quiet, c)[: len(again)]).mean() < 0.02  # 2 dB


@pytest.mark.parametrize(
    "mel",
    [
        np.zeros(80),
        np.zeros((80, 10)),
        np.full((10, 80), np.nan),
        np.full((10, 80), np.inf),
        np.full((10, 80), 300.0),
    ],
    ids=["one dimension", "transposed", "nan", "inf", "overflow"],
)
def test_what_is_not_a_mel_is_refused(mel):
    with pytest.raises(AudioError):
        mel_to_wave(mel, NVIDIA)


@pytest.mark.parametrize("settings", [{"iterations": -1}, {"momentum": 1.5}, {"power": 0.0}])
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(AudioError):
        mel_to_wave(np.zeros((10, 80)), NVIDIA, **settings)
