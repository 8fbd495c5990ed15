"""The second half of our vocoder: pulses and noise, each shaped by its filter, become a waveform.

A network at frame rate (`tacotron.model.vocoder`, in a voice as ``vocoder.onnx``) says for each
frame how high the voice is, how the spectra of a pulse train and of noise are to be shaped, and how
much of the noise swells as the glottis closes. Here both are generated, transformed, multiplied and
overlap-added, as the network was trained to expect. A source and a filter: G. Fant, "Acoustic
Theory of Speech Production", 1960; ending in an inverse STFT: Kaneko et al., "iSTFTNet"
(arXiv 2203.02395).

Frames go in and samples come out in time order, in blocks of any size: phase and noise go on from
block to block, and `tacotron.audio.short_time` does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from tacotron.audio.short_time import ShortTime

# Frames under work at once: what is computed of them (1 MB) stays in the cache.
_BLOCK_FRAMES = 128

# Nearer than this to the middle of a pulse, the closed form is 0 / 0 and its limit is taken.
_PULSE_MIDDLE = 1e-4

# Of breath, from one closure of the glottis to the next: as `tacotron.model.vocoder` has it.
_BREATH_DECAY = 2.5


@dataclass(frozen=True, eq=False)
class Filters:
    """What the network says of T frames; F is ``n_fft // 2 + 1``."""

    f0: np.ndarray  # float [T], Hz, above 0 everywhere: held through unvoiced stretches
    pulse_log_magnitude: np.ndarray  # float32 [T, F], ln
    pulse_phase: np.ndarray  # float32 [T, F], radians
    noise_log_magnitude: np.ndarray  # float32 [T, F], ln
    breath: np.ndarray  # float32 [T], the share of the noise that follows the glottis, 0 to 1

    def __len__(self) -> int:
        return len(self.f0)

    def __getitem__(self, frames: slice) -> Filters:
        """Those ``frames``, as views."""
        return Filters(*(getattr(self, field.name)[frames] for field in fields(self)))

    def cut(self, frames: slice) -> Filters:
        """Those ``frames``, as copies: views would keep all of them in memory."""
        return Filters(*(getattr(self, field.name)[frames].copy() for field in fields(self)))


_FIELDS = tuple(field.name for field in fields(Filters))


def concatenate(parts: Sequence[Filters]) -> Filters:
    """The frames of all ``parts``, at least one, in one."""
    return Filters(*(np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS))


class SourceFilter:
    """The waveform of one utterance: `push` frames as they come, then `finish`.

    Frame t is centered on sample ``t * hop_length``; T frames give ``(T - 1) * hop_length``
    samples, the same (to float32's rounding) in whichever blocks they were pushed.
    """

    def __init__(
        self,
        *,
        sample_rate: int,
        n_fft: int,
        hop_length: int,
        noise: Callable[[int], np.ndarray],
    ) -> None:
        """``noise`` gives that many further samples of white noise of variance 1, float32.

        Raises `ValueError` where half of ``n_fft`` is no multiple of ``hop_length``.
        """
        self._sample_rate, self._hop = sample_rate, hop_length
        self._noise = noise
        self._short_time = ShortTime(signals=2, n_fft=n_fft, hop_length=hop_length)
        self._last: Filters | None = None  # frame pushed
        self._phase: float | None = None  # cycles, of the last sample generated; the first has 0
        self._waiting: Filters | None = None  # for the sources to reach to the ends of windows
        self._shaped = 0  # of those that wait

    def push(self, filters: Filters) -> np.ndarray:
        """Take the next frames; return the samples that are final now: float32 [samples]."""
        starts = range(0, len(filters), _BLOCK_FRAMES)
        blocks = [self._push(filters[start : start + _BLOCK_FRAMES]) for start in starts]
        return np.concatenate([np.zeros(0, np.float32), *blocks])

    def _push(self, filters: Filters) -> np.ndarray:
        left = [] if self._waiting is None else [self._waiting.cut(slice(self._shaped, None))]
        self._waiting, self._shaped = concatenate([*left, filters]), 0
        return self._short_time.push(self._sources(filters), self._shape)

    def finish(self) -> np.ndarray:
        """Return the rest, float32 [samples]: behind the last frame's center lies silence."""
        if self._last is None:
            return np.zeros(0, np.float32)
        return self._short_time.finish(self._shape)

    def _sources(self, filters: Filters) -> np.ndarray:
        """Pulses and noise up to the center of the last of these frames: float32 [2, samples]."""
        known = filters if self._last is None else concatenate([self._last, filters])
        self._last = known.cut(slice(len(known) - 1, None))
        if len(known) < 2:
            return np.zeros((2, 0), np.float32)
        hertz = self._between(known.f0)
        steps = hertz.astype(np.float64) / self._sample_rate
        steps[0] = 0.0 if self._phase is None else self._phase + steps[0]
        phase = np.cumsum(steps)
        self._phase = float(phase[-1] % 1.0)
        pulses = pulse_train(phase, hertz, self._sample_rate)
        breath = self._noise(len(phase)) * breath_envelope(phase, self._between(known.breath))
        return np.stack([pulses, breath])

    def _between(self, values: np.ndarray) -> np.ndarray:
        """A value for each sample of one a frame: float32 [(frames - 1) * hop_length]."""
        values = values.astype(np.float32)
        place = np.arange(self._hop, dtype=np.float32) / np.float32(self._hop)
        return (values[:-1, None] + np.diff(values)[:, None] * place).reshape(-1)

    def _shape(self, sources: np.ndarray) -> np.ndarray:
        """The spectra of the next frames: complex64 [frames, F]. Overwrites ``sources``."""
        pulses, noise = sources
        frames = slice(self._shaped, self._shaped + len(pulses))
        self._shaped = frames.stop
        filters = self._waiting
        phase = filters.pulse_phase[frames]
        gain = np.exp(filters.pulse_log_magnitude[frames])
        turned = np.empty_like(pulses)
        np.multiply(gain, np.cos(phase), out=turned.real)
        np.multiply(gain, np.sin(phase), out=turned.imag)
        pulses *= turned
        noise *= np.exp(filters.noise_log_magnitude[frames])
        pulses += noise
        return pulses


def pulse_train(phase: np.ndarray, f0: np.ndarray, sample_rate: int) -> np.ndarray:
    """A pulse at every whole number of ``phase``, holding no partial above half the rate.

    ``phase`` float64 [samples], cycles; ``f0`` float32 [samples], Hz. Returns float32 [samples] of
    power 1: the sum of K cosines of equal amplitude in its closed form, Dirichlet's kernel.
    """
    partials = np.floor(np.float32(sample_rate / 2) / f0 - np.float32(0.5))
    partials = np.maximum(partials, np.float32(1.0))
    odd = 2.0 * partials + np.float32(1.0)
    # Whole cycles are taken off in float64, the sines then are as good in float32. Both change
    # their signs together from cycle to cycle, `odd` being odd.
    turn = phase - np.rint(phase)
    many = 0.5 * odd * turn
    many -= np.rint(many)
    below = np.sin((np.pi * turn).astype(np.float32))
    above = np.sin((2.0 * np.pi * many).astype(np.float32))
    middle = np.abs(below) < _PULSE_MIDDLE
    below[middle] = 1.0
    train = above / (2.0 * below) - np.float32(0.5)
    train[middle] = partials[middle]
    return train * np.sqrt(2.0 / partials)


def breath_envelope(phase: np.ndarray, share: np.ndarray) -> np.ndarray:
    """By how much noise is louder or softer than on average: float32 [samples].

    ``phase`` float64 [samples], cycles, is whole where the glottis closes. ``share`` float32
    [samples], 0 to 1, of the power decays from there; the rest stays even.
    """
    decay = np.exp(np.float32(-_BREATH_DECAY) * (phase - np.floor(phase)).astype(np.float32))
    power = decay * np.float32(_BREATH_DECAY / (1.0 - np.exp(-_BREATH_DECAY)))
    return np.sqrt(1 + share * (power - 1))
