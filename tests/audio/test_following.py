"""Holding a waveform to its mel: nearer each time, and in whichever blocks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tacotron.audio import get_convention, mel_spectrogram
from tacotron.audio.following import MelBands, MelFollower

NVIDIA = get_convention("nvidia")
HOP = NVIDIA.hop_length
BANDS = MelBands(NVIDIA)


def noise(frames: int, seed: int = 0) -> np.ndarray:
    """Noise that swells and dies away: float32 [(frames - 1) * hop_length]."""
    chance = np.random.default_rng(seed)
    samples = (frames - 1) * HOP
    swell = 0.05 * (1.2 + np.sin(np.arange(samples) / 3000))
    return (swell * chance.standard_normal(samples)).astype(np.float32)


def follow(mel: np.ndarray, wave: np.ndarray, cuts: Sequence[int] = ()) -> np.ndarray:
    """Push ``mel`` cut before each of the frames ``cuts``, and the samples between them."""
    follower = MelFollower(BANDS)
    waves = []
    for start, stop in pairwise([0, *sorted(cuts), len(mel)]):
        between = slice(max(0, start - 1) * HOP, max(0, stop - 1) * HOP)
        waves.append(follower.push(mel[start:stop], wave[between]))
    return np.concatenate([*waves, follower.finish()])


def test_another_noise_comes_to_have_the_mel() -> None:
    mel = mel_spectrogram(noise(80), NVIDIA)
    other = noise(80, seed=1)
    followed = follow(mel, other)
    assert followed.shape == other.shape
    assert followed.dtype == np.float32
    before, after = (
        np.abs(mel_spectrogram(wave, NVIDIA) - mel)[4:-4].mean() for wave in (other, followed)
    )
    assert after < 0.7 * before


def test_what_has_its_mel_stays_as_it_is() -> None:
    wave = noise(60)
    followed = follow(mel_spectrogram(wave, NVIDIA), wave)
    inside = slice(8 * HOP, -8 * HOP)  # a mel mirrors what is behind the ends
    np.testing.assert_allclose(followed[inside], wave[inside], rtol=0, atol=2e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.lists(st.integers(0, 40), max_size=6))
def test_blocks_change_nothing(frames: int, cuts: list[int]) -> None:
    mel = np.random.default_rng(frames).normal(-5, 2, (frames, NVIDIA.n_mels)).astype(np.float32)
    wave = noise(frames)
    whole = follow(mel, wave)
    assert len(whole) == len(wave)
    parts = follow(mel, wave, [min(cut, frames) for cut in cuts])
    np.testing.assert_allclose(
        parts, whole, rtol=0, atol=1e-5 * max(1, np.abs(whole).max(initial=0))
    )


def test_silence_stays_finite() -> None:
    mel = np.full((10, NVIDIA.n_mels), np.log(1e-5), np.float32)
    assert np.abs(follow(mel, np.zeros(9 * HOP, np.float32))).max() == 0
