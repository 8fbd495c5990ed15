"""Mel -> linear magnitudes -> waveform, without a neural vocoder.

D. Griffin, J. Lim, "Signal estimation from modified short-time Fourier transform", IEEE TASSP 1984;
N. Perraudin, P. Balazs, P. Søndergaard, "A fast Griffin-Lim algorithm", WASPAA 2013;
D. Lee, H. Seung, "Algorithms for non-negative matrix factorization", NIPS 2000.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from tacotron.audio.definition import MelConvention
from tacotron.audio.mel import analysis_window, mel_filterbank, unscale, unscale_linear
from tacotron.audio.preemphasis import deemphasize
from tacotron.errors import AudioError

ITERATIONS = 32
MOMENTUM = 0.99  # Perraudin's choice; above 1 it diverges
# Exponent of the magnitudes before their phases are sought: it sharpens the harmonics that the mel
# has blurred. On recordings through `nvidia` mels 1.2 was best of 1, 1.1, 1.2, 1.3 and 1.5.
POWER = 1.2

# The magnitude that an exponent leaves as it is, relative to the window's sum: with it speech at
# -23 dBFS keeps its level within half a decibel.
_POWER_PIVOT = 0.027

# Updates of the non-negative estimate. The mel of the result is then within 0.02 dB of the mel
# given; further ones change nothing that can be heard.
_UPDATES = 10

# Frames of the estimate at once: products so small stay on one thread, as fast as larger ones on
# many, and their bits do not depend on how many threads BLAS has.
_ESTIMATE_FRAMES = 8

# Frames under transform at once: their spectra (0.26 MB at n_fft 1024) stay in the cache.
_BLOCK_FRAMES = 64

# Where the squared windows add up to less than this share of their maximum, nothing is known.
_THIN_OVERLAP = 1e-6
_TINY = np.float32(1e-20)


def mel_to_wave(
    mel: ArrayLike,
    c: MelConvention,
    *,
    iterations: int = ITERATIONS,
    momentum: float = MOMENTUM,
    power: float = POWER,
    seed: int = 0,
) -> np.ndarray:
    """The waveform of a mel [frames, n_mels] in ``c``'s scaled values: float32 [samples].

    Undoes the scaling, estimates the linear magnitudes, raises them to ``power``, finds phases for
    them and undoes the pre-emphasis. There are as many samples as `griffin_lim` gives. Raises
    `AudioError` for another shape, NaN, infinities, and values no recording can have.
    """
    values = _checked(mel, c.n_mels, "mel")
    magnitude = mel_to_linear(_finite(unscale, values, c), c)
    return _to_wave(magnitude, c, iterations, momentum, power, seed)


def linear_to_wave(
    linear: ArrayLike,
    c: MelConvention,
    *,
    iterations: int = ITERATIONS,
    momentum: float = MOMENTUM,
    power: float = POWER,
    seed: int = 0,
) -> np.ndarray:
    """The waveform of a linear spectrogram [frames, n_bins] in scaled values: float32 [samples].

    As `mel_to_wave`, for models that predict `linear_spectrogram`. keithito/tacotron itself used 60
    iterations and a power of 1.5.
    """
    values = _checked(linear, c.n_bins, "linear spectrogram")
    magnitude = _finite(unscale_linear, values, c)
    return _to_wave(magnitude, c, iterations, momentum, power, seed)


def mel_to_linear(
    mel_amplitude: ArrayLike, c: MelConvention, *, start: np.ndarray | None = None
) -> np.ndarray:
    """STFT magnitudes whose mel is ``mel_amplitude``: [frames, n_mels] to float32 [frames, n_bins].

    The estimate is non-negative: it starts from each band's amplitude spread over its bins, and Lee
    and Seung's multiplicative updates for the Kullback-Leibler divergence then bring its mel to the
    one given. ``start`` (positive, [frames, n_bins], magnitudes raised to ``c.power``) is another
    place to start from; of all that explain the mel, the result is one near it. Bins outside all
    bands are 0. Raises `AudioError` for another shape, NaN and infinities.
    """
    amplitude = np.maximum(_checked(mel_amplitude, c.n_mels, "mel"), 0.0)
    bank = mel_filterbank(c)
    across = np.maximum(bank.sum(axis=1), _TINY)  # of each band, over its bins
    along = np.maximum(bank.sum(axis=0), _TINY)  # of each bin, over the bands that see it
    linear = np.empty((len(amplitude), c.n_bins), np.float32)
    for first in range(0, len(amplitude), _ESTIMATE_FRAMES):
        wanted = amplitude[first : first + _ESTIMATE_FRAMES]
        if start is None:
            estimate = (wanted / across) @ bank
            estimate /= along
        else:
            estimate = start[first : first + _ESTIMATE_FRAMES].astype(np.float32)
        for _ in range(_UPDATES):
            ratio = estimate @ bank.T
            ratio += _TINY
            np.divide(wanted, ratio, out=ratio)
            estimate *= ratio @ bank
            estimate /= along
        linear[first : first + len(wanted)] = estimate
    if c.power != 1.0:
        linear **= np.float32(1.0 / c.power)
    return linear


def griffin_lim(
    magnitude: ArrayLike,
    c: MelConvention,
    *,
    iterations: int = ITERATIONS,
    momentum: float = MOMENTUM,
    seed: int = 0,
) -> np.ndarray:
    """A waveform whose STFT magnitudes are near ``magnitude`` [frames, n_bins]: float32 [samples].

    Fast Griffin-Lim from random phases; the same ``seed`` gives the same samples. Centered frames
    give ``hop_length * (frames - 1)`` samples, HiFi-GAN's framing ``hop_length * frames``.
    Pre-emphasis is not undone. Raises `AudioError` for another shape, NaN and infinities, a
    negative number of iterations, and a momentum outside [0, 1].
    """
    magnitude = np.ascontiguousarray(_checked(magnitude, c.n_bins, "linear spectrogram"))
    if iterations < 0 or not 0 <= momentum <= 1:
        raise AudioError(
            f"Griffin-Lim can't run {iterations} iterations with momentum {momentum}: "
            "give 0 iterations or more, and a momentum from 0 to 1."
        )
    frames = len(magnitude)
    samples = c.hop_length * (frames if c.framing == "hifigan" else max(0, frames - 1))
    if samples == 0:
        return np.zeros(0, np.float32)

    overlap = _OverlapAdd(frames, c)
    window = analysis_window(c).astype(np.float32)
    previous = magnitude * _random_phases(magnitude.shape, seed)
    for block in _blocks(frames):
        overlap.add(block.start, np.fft.irfft(previous[block], n=c.n_fft)[:, : c.win_length])
    signal = overlap.take()
    # The paper's step c + momentum * (c - previous), up to a factor that the phase doesn't see.
    lag = np.float32(-momentum / (1.0 + momentum))
    previous[:] = 0.0
    for _ in range(iterations):
        pieces = np.lib.stride_tricks.sliding_window_view(signal, c.win_length)[:: c.hop_length]
        for block in _blocks(frames):
            # norm="forward" for its speed alone (the factor cancels): without a factor of its
            # own type NumPy would transform float32 in float64, at four times the cost.
            spectrum = np.fft.rfft(pieces[block] * window, n=c.n_fft, norm="forward")
            ahead = previous[block]
            ahead *= lag
            ahead += spectrum
            gain = np.abs(ahead)
            gain += _TINY
            np.divide(magnitude[block], gain, out=gain)
            ahead *= gain
            overlap.add(block.start, np.fft.irfft(ahead, n=c.n_fft)[:, : c.win_length])
            previous[block] = spectrum
        signal = overlap.take()
    lead = c.padding - (c.n_fft - c.win_length) // 2
    return signal[lead : lead + samples].copy()


class _OverlapAdd:
    """The inverse STFT's second half: windowed pieces add up to the signal nearest to them all.

    Pieces stand at 0, hop_length, 2 * hop_length, ...; the signal is a matrix whose rows are
    hop_length long, so that one addition places a column of every piece.
    """

    def __init__(self, frames: int, c: MelConvention) -> None:
        self._hop, self._win = c.hop_length, c.win_length
        self._window = analysis_window(c).astype(np.float32)
        self._samples = (frames - 1) * c.hop_length + c.win_length
        self._rows = np.zeros((-(-self._samples // c.hop_length), c.hop_length), np.float32)
        self._norm = np.float32(1.0)
        self.add(0, np.broadcast_to(self._window, (frames, c.win_length)))
        energy = self.take()
        self._norm = np.zeros_like(energy)
        np.divide(1.0, energy, out=self._norm, where=energy > _THIN_OVERLAP * energy.max())

    def add(self, first: int, pieces: np.ndarray) -> None:
        """Window ``pieces`` [n, win_length] and add them from frame ``first`` on."""
        pieces = pieces * self._window
        for row, column in enumerate(range(0, self._win, self._hop)):
            part = pieces[:, column : column + self._hop]
            self._rows[first + row : first + row + len(part), : part.shape[1]] += part

    def take(self) -> np.ndarray:
        """The signal [samples] of what was added since the last time."""
        signal = self._rows.reshape(-1)[: self._samples] * self._norm
        self._rows[:] = 0.0
        return signal


def _to_wave(
    magnitude: np.ndarray,
    c: MelConvention,
    iterations: int,
    momentum: float,
    power: float,
    seed: int,
) -> np.ndarray:
    if not 0 < power <= 4:
        raise AudioError(f"Can't raise magnitudes to the power {power}: give one from 0 to 4.")
    if power != 1.0:
        pivot = np.float32(_POWER_PIVOT * analysis_window(c).sum())
        magnitude = pivot * (magnitude / pivot) ** np.float32(power)
    wave = griffin_lim(magnitude, c, iterations=iterations, momentum=momentum, seed=seed)
    return deemphasize(wave, c.preemphasis) if c.preemphasis else wave


def _blocks(frames: int) -> list[slice]:
    return [
        slice(start, min(start + _BLOCK_FRAMES, frames))
        for start in range(0, frames, _BLOCK_FRAMES)
    ]


def _random_phases(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Complex numbers on the unit circle, complex64 of that shape."""
    turns = np.random.default_rng(seed).random(shape, dtype=np.float32)
    turns *= np.float32(2 * np.pi)
    phases = np.empty(shape, np.complex64)
    phases.real, phases.imag = np.cos(turns), np.sin(turns)
    return phases


def _checked(values: ArrayLike, columns: int, what: str) -> np.ndarray:
    """``values`` as float32 [frames, columns]. Raises `AudioError` for anything else."""
    array = np.asarray(values)
    if array.ndim != 2 or array.shape[1] != columns:
        raise AudioError(
            f"This {what} has shape {array.shape}, its convention wants [frames, {columns}]: "
            "name the convention it was made with, or transpose it."
        )
    array = array.astype(np.float32, copy=False)
    if not np.isfinite(array).all():
        raise AudioError(f"This {what} holds NaN or infinite values: make it again.")
    return array


def _finite(
    invert: Callable[[np.ndarray, MelConvention], np.ndarray], values: np.ndarray, c: MelConvention
) -> np.ndarray:
    """``invert(values, c)``. Raises `AudioError` where that is beyond any sound."""
    with np.errstate(over="ignore"):
        amplitude = invert(values, c)
    # Beyond the magnitude of a full-scale square wave times a million lies no sound, but overflow.
    if amplitude.size and not amplitude.max() < 1e6 * c.n_fft:
        raise AudioError(
            f"These values, up to {values.max():g}, are far too loud for the mel convention "
            f"{c.name!r}: name the convention they were made with."
        )
    return amplitude
