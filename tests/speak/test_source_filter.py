"""The source-filter synthesis: what its definition says, in whichever blocks frames come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tacotron.model import vocoder
from tacotron.model.vocoder import SourceFilterVocoder, VocoderConfig
from tacotron.speak.source_filter import Filters, SourceFilter, breath_envelope, pulse_train

RATE, N_FFT, HOP = 8000, 64, 16


def random_filters(frames: int, seed: int = 0, n_fft: int = N_FFT) -> Filters:
    rng = np.random.default_rng(seed)
    shape = (frames, n_fft // 2 + 1)
    f0 = 150 + 80 * np.sin(np.arange(frames) / 7) + rng.uniform(-5, 5, frames)
    return Filters(
        f0.astype(np.float32),
        rng.normal(-1, 1, shape).astype(np.float32),
        rng.uniform(-4, 4, shape).astype(np.float32),
        rng.normal(-2, 1, shape).astype(np.float32),
        rng.uniform(0, 1, frames).astype(np.float32),
    )


def normal(seed: int = 1) -> Callable[[int], np.ndarray]:
    rng = np.random.default_rng(seed)
    return lambda count: rng.standard_normal(count, np.float32)


def synthesize(filters: Filters, cuts: Sequence[int] = (), seed: int = 1) -> np.ndarray:
    """Push ``filters``, cut before each of the frames ``cuts``."""
    stream = SourceFilter(sample_rate=RATE, n_fft=N_FFT, hop_length=HOP, noise=normal(seed))
    edges = [0, *sorted(cuts), len(filters)]
    waves = [stream.push(filters.cut(slice(a, b))) for a, b in pairwise(edges)]
    return np.concatenate([*waves, stream.finish()])


def by_definition(filters: Filters, noise: np.ndarray) -> np.ndarray:
    """The waveform in float64 and loops, partial by partial, sample by sample."""
    frames = len(filters)
    samples = (frames - 1) * HOP
    f0 = np.interp(np.arange(samples) / HOP, np.arange(frames), filters.f0.astype(np.float64))
    phase = np.cumsum(f0 / RATE) - f0[0] / RATE
    pulses = np.zeros(samples)
    for i in range(samples):
        count = max(1, int(RATE / 2 / f0[i] - 0.5))
        partials = np.cos(2 * np.pi * np.arange(1, count + 1) * phase[i])
        pulses[i] = np.sqrt(2 / count) * partials.sum()
    share = np.interp(np.arange(samples) / HOP, np.arange(frames), filters.breath)
    decay = np.exp(-2.5 * (phase % 1))
    noise = noise * np.sqrt(1 - share + share * decay * 2.5 / (1 - np.exp(-2.5)))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    padded = np.pad([pulses, noise], ((0, 0), (N_FFT // 2, N_FFT // 2)))
    wave, norm = np.zeros(padded.shape[1]), np.zeros(padded.shape[1])
    for t in range(frames):
        under = slice(t * HOP, t * HOP + N_FFT)
        e, n = np.fft.rfft(padded[:, under] * window)
        pulse = np.exp(filters.pulse_log_magnitude[t] + 1j * filters.pulse_phase[t])
        spectrum = pulse * e + np.exp(filters.noise_log_magnitude[t]) * n
        wave[under] += np.fft.irfft(spectrum) * window
        norm[under] += window**2
    inside = slice(N_FFT // 2, N_FFT // 2 + samples)
    return wave[inside] / norm[inside]


@pytest.mark.parametrize("frames", [2, 3, 4, 5, 40, 300])
def test_definition(frames: int) -> None:
    filters = random_filters(frames)
    expected = by_definition(filters, normal()((frames - 1) * HOP).astype(np.float64))
    wave = synthesize(filters)
    assert wave.dtype == np.float32
    np.testing.assert_allclose(wave, expected, atol=2e-5 * np.abs(expected).max())


@given(st.integers(1, 90), st.lists(st.integers(0, 90)))
def test_blocks_change_nothing(frames: int, cuts: list[int]) -> None:
    filters = random_filters(frames, seed=frames)
    whole = synthesize(filters)
    parts = synthesize(filters, [min(cut, frames) for cut in cuts])
    assert len(whole) == (frames - 1) * HOP
    np.testing.assert_allclose(parts, whole, rtol=0, atol=1e-5)


def test_samples_come_as_soon_as_they_can() -> None:
    """Two frames further than a sample's hop decide it: half a window and its overlap."""
    filters = random_filters(20)
    stream = SourceFilter(sample_rate=RATE, n_fft=N_FFT, hop_length=HOP, noise=normal())
    assert len(stream.push(filters)) == (20 - 2 * (N_FFT // HOP // 2)) * HOP
    assert len(stream.finish()) == (2 * (N_FFT // HOP // 2) - 1) * HOP


def test_no_frames_give_no_samples() -> None:
    stream = SourceFilter(sample_rate=RATE, n_fft=N_FFT, hop_length=HOP, noise=normal())
    assert len(stream.push(random_filters(0))) == 0
    assert len(stream.finish()) == 0


def test_windows_must_hold_whole_hops() -> None:
    with pytest.raises(ValueError, match="multiple of twice the hop 20"):
        SourceFilter(sample_rate=RATE, n_fft=64, hop_length=20, noise=normal())


@given(st.floats(40, 900), st.floats(0, 1))
def test_pulses_have_unit_power_and_no_alias(f0: float, start: float) -> None:
    phase = start + np.arange(RATE) * f0 / RATE
    train = pulse_train(phase, np.full(RATE, f0, np.float32), RATE)
    count = max(1, int(RATE / 2 / np.float32(f0) - 0.5))
    expected = np.zeros(RATE)
    for partial in range(1, count + 1):
        expected += np.cos(2 * np.pi * partial * phase)
    np.testing.assert_allclose(train, np.sqrt(2 / count) * expected, atol=2e-3)
    assert np.mean(train.astype(np.float64) ** 2) == pytest.approx(1.0, abs=0.05)


@given(st.floats(0, 1), st.floats(60, 400))
def test_breath_has_unit_power_and_dies_away(share: float, f0: float) -> None:
    phase = np.arange(10 * RATE) * f0 / RATE + 0.3
    envelope = breath_envelope(phase, np.full(len(phase), share, np.float32))
    # Where a cycle has few samples, the leap of its power (by 2.5) may lie anywhere between two.
    error = 0.01 + 2.5 * share * f0 / RATE
    assert np.mean(envelope.astype(np.float64) ** 2) == pytest.approx(1.0, abs=error)
    within = phase % 1
    assert envelope[within < 0.1].mean() >= envelope[within > 0.9].mean()


def test_it_is_what_the_vocoder_was_trained_with() -> None:
    model = SourceFilterVocoder(VocoderConfig(size=8, blocks=1, pitch_size=8, pitch_blocks=1))
    c = model.config
    filters = random_filters(60, n_fft=c.n_fft)
    noise = normal()(59 * c.hop_length)
    stream = SourceFilter(
        sample_rate=c.sample_rate, n_fft=c.n_fft, hop_length=c.hop_length, noise=lambda _: noise
    )
    wave = np.concatenate([stream.push(filters), stream.finish()])
    f0, *shapes = (
        torch.from_numpy(getattr(filters, field.name))[None] for field in fields(filters)
    )
    phase = vocoder.sample_phase(f0, c.hop_length, c.sample_rate)
    given = vocoder.Filters(f0, *shapes)
    hiss = model.hiss(given, phase, torch.from_numpy(noise)[None])
    expected = model.inverse_transform(model.periodic(given, phase, f0) + hiss)[0].numpy()
    # The sines of training are in float32 from the start, and so less exact beside a pulse.
    np.testing.assert_allclose(wave, expected, rtol=0, atol=5e-4 * np.abs(expected).max())
