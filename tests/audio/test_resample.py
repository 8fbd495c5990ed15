"""Sample rates change; what is heard does not."""

from __future__ import annotations

import numpy as np
import pytest

from tacotron.audio import resample
from tacotron.errors import AudioError


def sine(hertz: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize("rate_in", [8000, 11_025, 16_000, 24_000, 44_100, 48_000, 22_051])
def test_a_tone_stays_that_tone(rate_in):
    out = resample(sine(1000, rate_in), rate_in, 22_050)
    assert out.dtype == np.float32
    assert len(out) == -(-len(sine(1000, rate_in)) * 22_050 // rate_in)
    middle = slice(2000, len(out) - 2000)  # the ends ring where the tone was cut off
    np.testing.assert_allclose(out[middle], sine(1000, 22_050)[: len(out)][middle], atol=1e-3)


def test_what_the_new_rate_cannot_hold_is_gone():
    out = resample(sine(11_100, 48_000), 48_000, 22_050)
    assert np.abs(out[500:-500]).max() < 1e-3  # -60 dB 75 Hz above the new Nyquist frequency


def test_the_treble_stays():
    out = resample(sine(9_800, 48_000), 48_000, 22_050)
    assert abs(np.abs(out[500:-500]).max() - 1.0) < 0.02


def test_equal_rates_give_the_samples_back(noise):
    assert np.array_equal(resample(noise, 22_050, 22_050), noise)


@pytest.mark.parametrize("samples", [0, 1, 5])
def test_almost_nothing_can_be_resampled(samples):
    out = resample(np.full(samples, 0.5, np.float32), 48_000, 22_050)
    assert len(out) == -(-samples * 22_050 // 48_000)


def test_rates_must_be_positive(noise):
    with pytest.raises(AudioError, match="positive"):
        resample(noise, 0, 22_050)
