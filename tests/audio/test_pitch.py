"""Pitch and closures, on voices made here whose every pulse is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from tacotron.audio.closures import sample_phase
from tacotron.audio.pitch import track_pitch
from tacotron.errors import AudioError

RATE, HOP = 22050, 256
FORMANTS = ((600, 80), (1300, 100), (2600, 140), (3600, 200))  # Hz, and width


def vocal_tract(pulses: np.ndarray, shift: float = 1.0) -> np.ndarray:
    for center, width in FORMANTS:
        radius = np.exp(-np.pi * width / RATE)
        angle = 2 * np.pi * center * shift / RATE
        pulses = lfilter([1], [1, -2 * radius * np.cos(angle), radius**2], pulses)
    return pulses / np.abs(pulses).max() * 0.3


def voice(f0: np.ndarray, sign: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A voice with ``f0`` a sample, and the samples (real numbers) of its closures."""
    cycles = np.cumsum(f0 / RATE)
    closures = np.interp(np.arange(1, int(cycles[-1])), cycles, np.arange(len(f0)))
    pulses = np.zeros(len(f0))
    pulses[np.round(closures).astype(int)] = sign
    noise = np.random.default_rng(seed).normal(size=len(f0))
    return vocal_tract(pulses) + 1e-3 * noise, closures


def gliding(low: float, high: float, seconds: float = 1.0) -> np.ndarray:
    return np.geomspace(low, high, int(seconds * RATE))


@settings(max_examples=12, deadline=None)
@given(
    low=st.floats(80, 350),
    ratio=st.floats(0.75, 1.3),
    sign=st.sampled_from([1.0, -1.0]),
    seed=st.integers(0, 99),
)
def test_f0_and_closures_are_found(low: float, ratio: float, sign: float, seed: int) -> None:
    f0 = gliding(low, low * ratio)
    wave, closures = voice(f0, sign, seed)
    pitch = track_pitch(wave, RATE, HOP)
    inner = slice(5, -5)
    assert pitch.voiced[inner].all()
    known = f0[np.minimum(np.arange(len(pitch.f0)) * HOP, len(f0) - 1)]
    np.testing.assert_allclose(pitch.f0[inner], known[inner], rtol=0.02)
    # At every closure the phase is nearly a whole number, and each closure has its own.
    at_samples = sample_phase(pitch.phase, pitch.f0, HOP, RATE)
    inside = closures[(closures > 5 * HOP) & (closures < len(at_samples) - 5 * HOP)]
    found = np.interp(inside, np.arange(len(at_samples)), at_samples)
    steady = np.angle(np.exp(2j * np.pi * found).mean()) / (2 * np.pi)
    assert np.abs((found - steady + 0.5) % 1 - 0.5).max() < 0.06
    np.testing.assert_array_equal(np.diff(np.round(found - steady)), 1)


def test_phase_stays_with_the_closures_when_the_vowel_changes() -> None:
    """A fundamental's angle moves with the formants; closures don't."""
    f0 = np.full(RATE, 150.0)
    pulses = np.zeros(RATE)
    closures = np.arange(0, RATE, 147)
    pulses[closures] = -1
    wave = np.concatenate([vocal_tract(pulses)[: RATE // 2], vocal_tract(pulses, 0.6)[RATE // 2 :]])
    pitch = track_pitch(wave, RATE, HOP)
    at_samples = sample_phase(pitch.phase, pitch.f0, HOP, RATE)
    found = at_samples[closures[(closures > 2000) & (closures < len(at_samples) - 2000)]]
    assert np.abs((found + 0.5) % 1 - 0.5).max() < 0.08
    assert abs(f0[0] - np.median(pitch.f0)) < 0.5


def test_noise_is_not_voiced_and_f0_is_held_through_it() -> None:
    f0 = np.full(RATE // 2, 200.0)
    spoken, _ = voice(f0)
    hiss = 0.05 * np.random.default_rng(0).normal(size=RATE // 2)
    pitch = track_pitch(np.concatenate([spoken, hiss, spoken]), RATE, HOP)
    middle = slice(RATE // 2 // HOP + 5, RATE // HOP - 5)
    assert pitch.voiced[middle].mean() < 0.2
    assert np.isfinite(pitch.f0).all()
    np.testing.assert_allclose(np.median(pitch.f0[middle]), 200, rtol=0.05)


@pytest.mark.parametrize("samples", [1, 2, 100, 255, 256, 257, 3000])
def test_short_and_silent_waves_have_a_pitch(samples: int) -> None:
    for wave in (np.zeros(samples), np.random.default_rng(0).normal(size=samples)):
        pitch = track_pitch(wave, RATE, HOP)
        assert len(pitch.f0) == len(pitch.phase) == len(pitch.voiced) == 1 + samples // HOP
        assert np.isfinite(pitch.f0).all()
        assert np.isfinite(pitch.phase).all()
        assert (pitch.f0 > 0).all()


def test_phase_between_frames_meets_it_at_them() -> None:
    chance = np.random.default_rng(0)
    f0 = chance.uniform(100, 300, 20)
    phase = np.cumsum(chance.uniform(1, 3, 20))
    samples = sample_phase(phase, f0, HOP, RATE)
    assert len(samples) == 19 * HOP
    np.testing.assert_allclose(samples[::HOP], phase[:-1], atol=1e-12)
    assert np.abs(np.diff(samples)).max() < 3.5 / HOP


def test_wrong_input_is_refused() -> None:
    with pytest.raises(AudioError, match="at least one sample"):
        track_pitch([], RATE, HOP)
    with pytest.raises(AudioError):
        track_pitch([0.0, np.nan], RATE, HOP)
    with pytest.raises(AudioError, match="between 500 and 400 Hz"):
        track_pitch(np.zeros(1000), RATE, HOP, lowest=500, highest=400)
