"""The front end against librosa, its scaling, and signals at the edge of what it is defined for."""

from __future__ import annotations

from dataclasses import replace

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tacotron.audio import (
    CONVENTIONS,
    Affine,
    Limits,
    MeanVariance,
    MelConvention,
    count_limits,
    frame_count,
    get_convention,
    linear_spectrogram,
    magnitude_spectrogram,
    mel_amplitude,
    mel_filterbank,
    mel_spectrogram,
    scale,
    scale_linear,
    unscale,
    unscale_linear,
)
from tacotron.errors import AudioError

NVIDIA = get_convention("nvidia")
KEITHITO = get_convention("keithito")
VARIANTS = [
    NVIDIA,
    replace(NVIDIA, name="constant", framing="center-constant"),
    replace(NVIDIA, name="narrow window", win_length=800, hop_length=200),
    replace(NVIDIA, name="odd window", win_length=801, hop_length=123, window="hamming"),
    replace(NVIDIA, name="htk power", mel_scale="htk", mel_norm="none", power=2.0, log="log10"),
    replace(NVIDIA, name="whole band", n_mels=128, fmin=20.0, fmax=11_025.0, log="db"),
]


def oracle(wave: np.ndarray, c: MelConvention) -> np.ndarray:
    """The convention's amplitudes in float64 as librosa computes them: [frames, n_mels]."""
    spectrum = librosa.stft(
        wave.astype(np.float64),
        n_fft=c.n_fft,
        hop_length=c.hop_length,
        win_length=c.win_length,
        window=c.window,
        pad_mode=c.framing.removeprefix("center-"),
    )
    bank = librosa.filters.mel(
        sr=c.sample_rate,
        n_fft=c.n_fft,
        n_mels=c.n_mels,
        fmin=c.fmin,
        fmax=c.fmax,
        htk=c.mel_scale == "htk",
        norm="slaney" if c.mel_norm == "slaney" else None,
        dtype=np.float64,
    )
    return (bank @ np.abs(spectrum) ** c.power).T


@pytest.mark.parametrize("c", VARIANTS, ids=lambda c: c.name)
def test_the_mel_is_librosas(reading, noise, c):
    factor = {"ln": 1.0, "log10": np.log10(np.e), "db": 20 * np.log10(np.e)}[c.log]
    for wave in (reading, noise):
        expected = factor * np.log(np.maximum(c.floor, oracle(wave, c)))
        # Decibels are 8.7 times as many as nepers.
        assert np.abs(mel_spectrogram(wave, c) - expected).max() < 1e-5 * max(1.0, factor)


@pytest.mark.parametrize("c", VARIANTS, ids=lambda c: c.name)
def test_the_filterbank_is_librosas(c):
    expected = librosa.filters.mel(
        sr=c.sample_rate,
        n_fft=c.n_fft,
        n_mels=c.n_mels,
        fmin=c.fmin,
        fmax=c.fmax,
        htk=c.mel_scale == "htk",
        norm="slaney" if c.mel_norm == "slaney" else None,
    )
    np.testing.assert_allclose(mel_filterbank(c), expected, rtol=1e-5, atol=1e-8)


def test_hifigans_frames_lie_half_a_hop_later(noise):
    hifigan = replace(NVIDIA, name="hifigan", framing="hifigan")
    mel = mel_amplitude(noise, hifigan)
    assert len(mel) == len(noise) // 256
    # Frame t looks at hop / 2 later than a centered frame does: shift the signal, and they agree.
    centered = mel_amplitude(noise[128:], NVIDIA)
    np.testing.assert_allclose(mel[3:30], centered[3:30], rtol=1e-4)


def test_a_mel_has_a_plausible_range(reading):
    mel = mel_spectrogram(reading, NVIDIA)
    assert np.isclose(mel.min(), np.log(1e-5), atol=1e-5) or mel.min() > np.log(1e-5)
    assert -8 < mel.mean() < -3  # speech; LJ Speech as a whole has -5.4
    assert 0 < mel.max() < 3


@pytest.mark.parametrize("c", CONVENTIONS.values(), ids=lambda c: c.name)
def test_frames_do_not_depend_on_how_much_is_transformed_at_once(c):
    wave = np.random.default_rng(1).uniform(-0.5, 0.5, 300 * c.hop_length).astype(np.float32)
    whole = mel_amplitude(wave, c)
    piece = mel_amplitude(wave[100 * c.hop_length :], c)
    edge = c.n_fft // c.hop_length + 1
    np.testing.assert_allclose(whole[100 + edge :], piece[edge:], rtol=1e-4)


@given(samples=st.integers(1, 5000), name=st.sampled_from(sorted(CONVENTIONS)))
def test_frame_count_foretells_the_shape(samples, name):
    # HiFi-GAN's framing wants an even difference of n_fft and hop_length.
    even = CONVENTIONS[name].hop_length // 2 * 2
    for c in (CONVENTIONS[name], replace(CONVENTIONS[name], framing="hifigan", hop_length=even)):
        mel = mel_spectrogram(np.full(samples, 0.1, np.float32), c)
        assert mel.shape == (frame_count(samples, c), c.n_mels)
        assert mel.dtype == np.float32
        assert np.isfinite(mel).all()


@pytest.mark.parametrize("framing", ["center-reflect", "center-constant"])
def test_one_sample_makes_one_frame(framing):
    c = replace(NVIDIA, framing=framing)
    assert mel_spectrogram(np.array([0.5], np.float32), c).shape == (1, 80)
    assert linear_spectrogram(np.array([0.5], np.float32), c).shape == (1, 513)


def test_less_than_a_hop_makes_no_frame_of_hifigans():
    c = replace(NVIDIA, framing="hifigan")
    assert mel_spectrogram(np.ones(255, np.float32), c).shape == (0, 80)
    assert mel_spectrogram(np.ones(256, np.float32), c).shape == (1, 80)


def test_a_short_signal_is_mirrored_as_often_as_it_takes():
    short = np.random.default_rng(2).uniform(-0.5, 0.5, 100).astype(np.float32)
    mirrored = np.pad(short, (512, 512), mode="reflect")
    by_hand = replace(NVIDIA, framing="hifigan", hop_length=1024)  # no padding at all
    expected = mel_amplitude(mirrored[:1024], by_hand)[0]
    np.testing.assert_allclose(mel_amplitude(short, NVIDIA)[0], expected, rtol=1e-5)


@pytest.mark.parametrize("function", [mel_spectrogram, linear_spectrogram])
@pytest.mark.parametrize(
    "wave",
    [
        np.array([0.1, np.nan], np.float32),
        np.array([0.1, -np.inf]),
        np.zeros((2, 100), np.float32),
        np.zeros(100, np.int16),
        np.zeros(0, np.float32),
        [],
    ],
    ids=["nan", "inf", "two dimensions", "integers", "empty", "empty list"],
)
def test_what_is_not_a_waveform_is_refused(function, wave):
    with pytest.raises(AudioError):
        function(wave, NVIDIA)


def test_the_waveform_is_left_alone(noise):
    for c in CONVENTIONS.values():
        before = noise.copy()
        mel_spectrogram(noise, c)
        assert np.array_equal(noise, before)


SCALED = [
    NVIDIA,
    KEITHITO,
    replace(NVIDIA, name="affine", scaling=Affine(-12.0, 2.0, -4.0, 4.0)),
    replace(NVIDIA, name="standardized", scaling=MeanVariance(-5.4, 2.1)),
    replace(
        NVIDIA,
        name="standardized by band",
        scaling=MeanVariance(tuple(np.linspace(-4, -7, 80)), tuple(np.linspace(1.5, 2.5, 80))),
    ),
]


@pytest.mark.parametrize("c", SCALED, ids=lambda c: c.name)
@given(exponent=arrays(np.float32, (2, 80), elements=st.floats(-3.75, 0.875, width=32)))
def test_unscale_undoes_scale_between_floor_and_ceiling(c, exponent):
    amplitude = 10.0**exponent
    np.testing.assert_allclose(unscale(scale(amplitude, c), c), amplitude, rtol=3e-5)
    linear = np.resize(amplitude, (1, c.n_bins))
    np.testing.assert_allclose(unscale_linear(scale_linear(linear, c), c), linear, rtol=3e-5)


@pytest.mark.parametrize("c", [c for c in SCALED if c is not KEITHITO], ids=lambda c: c.name)
def test_nothing_but_a_legacy_convention_clips_at_the_top(c):
    loud = np.full((1, 80), 1e4, np.float32)
    np.testing.assert_allclose(unscale(scale(loud, c), c), loud, rtol=1e-4)
    assert count_limits(scale(loud, c), c).clipped == 0


def test_a_mean_a_band_is_subtracted_from_its_band():
    mean = tuple(float(band) for band in range(80))
    c = replace(NVIDIA, scaling=MeanVariance(mean, 2.0))
    values = scale(np.ones((3, 80), np.float32), c)
    np.testing.assert_allclose(values, np.tile(-np.arange(80) / 2, (3, 1)))


def test_clipping_is_counted():
    amplitude = np.full((10, 80), 1.0, np.float32)
    amplitude[0, :40] = 1e-9
    amplitude[1, :20] = 100.0
    values = scale(amplitude, KEITHITO)
    assert count_limits(values, KEITHITO) == Limits(800, floored=40, clipped=20)
    # A half-precision copy of a mel counts the same.
    ln = scale(amplitude, NVIDIA)
    assert count_limits(ln, NVIDIA) == Limits(800, floored=40, clipped=0)
    assert count_limits(ln.astype(np.float16), NVIDIA) == Limits(800, floored=40, clipped=0)


def test_counts_add_up():
    total = Limits(10, 2, 1) + Limits(30, 0, 3)
    assert total == Limits(40, 2, 4)
    assert (total.floored_share, total.clipped_share) == (0.05, 0.1)
    assert Limits(0, 0, 0).clipped_share == 0.0


def test_magnitudes_are_those_of_the_window(noise):
    # A sine in the middle of a bin has half the window's sum there.
    time = np.arange(8192) / NVIDIA.sample_rate
    hertz = 100 * NVIDIA.sample_rate / NVIDIA.n_fft
    magnitude = magnitude_spectrogram(np.sin(2 * np.pi * hertz * time), NVIDIA)
    np.testing.assert_allclose(magnitude[10, 100], 1024 / 2 / 2, rtol=1e-6)
