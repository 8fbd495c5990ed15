"""Waveform -> mel and linear spectrogram, their scaling, and its exact inverse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from tacotron.audio.definition import Affine, MeanVariance, MelConvention, window_coefficient
from tacotron.audio.preemphasis import preemphasize
from tacotron.audio.waveform import as_waveform
from tacotron.errors import AudioError

# Samples under transform at once: 64 frames of 2048 in float64 are 1 MB and stay in the cache, and
# an hour of audio needs no more of it than a second.
_BLOCK_SAMPLES = 64 * 2048

# Slaney's mel scale (Auditory Toolbox, 1998): 15 mels up to 1 kHz, then 27 to every factor of 6.4.
_SLANEY_HZ_PER_MEL = 200.0 / 3.0
_SLANEY_BREAK_HZ = 1000.0
_SLANEY_BREAK_MEL = _SLANEY_BREAK_HZ / _SLANEY_HZ_PER_MEL
_SLANEY_LOG_STEP = np.log(6.4) / 27.0

# What the natural logarithm is multiplied by.
_LOG_FACTORS = {
    "ln": 1.0,
    "log10": 1.0 / np.log(10.0),
    "db": 20.0 / np.log(10.0),
    "power-db": 10.0 / np.log(10.0),
}

# Values this near the lowest that there can be count as floored: rounding parts them.
_FLOOR_TOLERANCE = 1e-5


def mel_spectrogram(wave: ArrayLike, c: MelConvention) -> np.ndarray:
    """The mel of ``wave`` (float [samples] at ``c.sample_rate``), scaled as ``c`` says.

    Returns float32 [frames, n_mels]. A signal shorter than the padding is mirrored as often as it
    takes (one sample is repeated). Raises `AudioError` for an empty signal, NaN and infinities.
    """
    return scale(mel_amplitude(wave, c), c)


def linear_spectrogram(wave: ArrayLike, c: MelConvention) -> np.ndarray:
    """The linear spectrogram of ``wave``, scaled as `scale_linear` does: float32 [frames, n_bins].

    Defined for the same signals as `mel_spectrogram`, and raises for the same.
    """
    return scale_linear(magnitude_spectrogram(wave, c), c)


def mel_amplitude(wave: ArrayLike, c: MelConvention) -> np.ndarray:
    """The bands' amplitudes before logarithm and scaling: float32 [frames, n_mels]."""
    signal = _padded(wave, c)
    basis = mel_filterbank(c).T
    amplitude = np.empty((_frames_in(signal.size, c), c.n_mels), np.float32)
    for start, magnitude in _magnitude_blocks(signal, c, c.power_offset):
        if c.bin_floor:
            np.maximum(magnitude, np.float32(c.bin_floor), out=magnitude)
        if c.power != 1.0:
            magnitude **= c.power
        np.matmul(magnitude, basis, out=amplitude[start : start + len(magnitude)])
    return amplitude


def magnitude_spectrogram(wave: ArrayLike, c: MelConvention) -> np.ndarray:
    """STFT magnitudes, neither raised to ``c.power`` nor scaled: float32 [frames, n_bins]."""
    signal = _padded(wave, c)
    magnitudes = np.empty((_frames_in(signal.size, c), c.n_bins), np.float32)
    for start, magnitude in _magnitude_blocks(signal, c):
        magnitudes[start : start + len(magnitude)] = magnitude
    return magnitudes


def frame_count(samples: int, c: MelConvention) -> int:
    """Frames in the mel of that many samples: ``1 + samples // hop_length`` where centered.

    HiFi-GAN's framing and ``drop_last_frame`` give ``samples // hop_length``.
    """
    return _frames_in(samples + 2 * c.padding, c)


def scale(amplitude: ArrayLike, c: MelConvention) -> np.ndarray:
    """Mel amplitudes [..., n_mels] to ``c``'s values: floor, logarithm, reference, scaling.

    Where ``c`` has a dynamic range, ``amplitude`` must be that of one whole utterance.
    """
    return _scale(amplitude, c, c.reference_db, c.scaling)


def unscale(values: ArrayLike, c: MelConvention) -> np.ndarray:
    """The inverse of `scale`, float32; exact where nothing was raised to the floor or clipped.

    Where ``c`` clips, values outside its range are taken as its ends.
    """
    return _unscale(values, c, c.reference_db, c.scaling)


def scale_linear(magnitude: ArrayLike, c: MelConvention) -> np.ndarray:
    """STFT magnitudes [..., n_bins] to ``c``'s values, float32.

    A mean-variance scaling describes the mel's bands only: the linear spectrogram then stays at its
    logarithm.
    """
    return _scale(magnitude, c, _linear_reference(c), _linear_scaling(c))


def unscale_linear(values: ArrayLike, c: MelConvention) -> np.ndarray:
    """The inverse of `scale_linear`, under the conditions of `unscale`."""
    return _unscale(values, c, _linear_reference(c), _linear_scaling(c))


@dataclass(frozen=True)
class Limits:
    """How many of a spectrogram's values lie at the ends of what its convention can hold."""

    values: int  # looked at
    floored: int  # at the amplitude floor, or clipped at the lower end
    clipped: int  # clipped at the upper end; 0 for a convention that doesn't clip

    @property
    def floored_share(self) -> float:
        """``floored / values``, 0 for no values."""
        return self.floored / max(1, self.values)

    @property
    def clipped_share(self) -> float:
        """``clipped / values``, 0 for no values."""
        return self.clipped / max(1, self.values)

    def __add__(self, other: Limits) -> Limits:
        return Limits(
            self.values + other.values, self.floored + other.floored, self.clipped + other.clipped
        )


def count_limits(values: ArrayLike, c: MelConvention) -> Limits:
    """Count what was floored or clipped in a scaled mel (any float type) [..., n_mels].

    Where ``c`` has a dynamic range, ``values`` must be those of one whole utterance.
    """
    values = np.asarray(values)
    lowest = silence(c)
    if c.dynamic_range is not None and values.size:
        loudest = unscale(values, c).max()
        quietest = loudest * np.exp(-c.dynamic_range / _LOG_FACTORS[c.log])
        lowest = np.maximum(lowest, quietest)
    # Rounded as the values were, so that a half-precision copy counts the same.
    floor = _scale(lowest, replace(c, dynamic_range=None), c.reference_db, c.scaling)
    floor = (floor + _FLOOR_TOLERANCE * np.maximum(1.0, np.abs(floor))).astype(values.dtype)
    clipped = 0
    if isinstance(c.scaling, Affine) and c.scaling.clip:
        clipped = int((values >= c.scaling.target_high).sum())
    return Limits(values.size, int((values <= floor).sum()), clipped)


def silence(c: MelConvention) -> np.ndarray:
    """The bands' amplitudes where nothing sounds, 0 unless ``c`` floors bins: float32 [n_mels]."""
    magnitude = max(c.bin_floor, c.power_offset**0.5) ** c.power
    return mel_filterbank(c).sum(axis=1) * np.float32(magnitude)


@lru_cache(maxsize=16)
def mel_filterbank(c: MelConvention) -> np.ndarray:
    """Triangular bands over the STFT's bins: read-only float32 [n_mels, n_bins]."""
    edges = band_edges(c)
    bins = np.linspace(0.0, c.bank_rate / 2, c.n_bins)
    lower, center, upper = (edges[i : i + c.n_mels, None] for i in range(3))
    rising = (bins - lower) / (center - lower)
    falling = (upper - bins) / (upper - center)
    bank = np.maximum(0.0, np.minimum(rising, falling))
    if c.mel_norm == "slaney":
        bank *= 2.0 / (upper - lower)
    bank = bank.astype(np.float32)
    bank.flags.writeable = False
    return bank


def band_edges(c: MelConvention) -> np.ndarray:
    """Hz, of ``c.bank_rate``: where the bands begin, peak and end: float64 [n_mels + 2].

    Band b rises from edge b to edge b + 1 and falls to edge b + 2.
    """
    return _mel_to_hz(np.linspace(*_hz_to_mel(np.array([c.fmin, c.fmax]), c), c.n_mels + 2), c)


@lru_cache(maxsize=16)
def analysis_window(c: MelConvention) -> np.ndarray:
    """The periodic window: read-only float64 [win_length]."""
    a = window_coefficient(c.window)
    window = a - (1 - a) * np.cos(2 * np.pi * np.arange(c.win_length) / c.win_length)
    window.flags.writeable = False
    return window


def _padded(wave: ArrayLike, c: MelConvention) -> np.ndarray:
    signal = as_waveform(wave)
    if signal.size == 0:
        raise AudioError("The waveform is empty: a spectrogram needs at least one sample.")
    if c.preemphasis:
        signal = preemphasize(signal.astype(np.float64), c.preemphasis)
    mode = "constant" if c.framing == "center-constant" else "reflect"
    return np.pad(signal, c.padding, mode=mode)


def _frames_in(padded_samples: int, c: MelConvention) -> int:
    return max(0, 1 + (padded_samples - c.n_fft) // c.hop_length - c.drop_last_frame)


def _magnitude_blocks(
    signal: np.ndarray, c: MelConvention, power_offset: float = 0.0
) -> Iterator[tuple[int, np.ndarray]]:
    """Pairs of a first frame and float32 magnitudes [frames of this block, n_bins]."""
    window = analysis_window(c)
    # Only the samples under the window are cut out: zeros after them instead of around them turn
    # the phases, not the magnitudes.
    lead = (c.n_fft - c.win_length) // 2
    total = _frames_in(signal.size, c)
    if total == 0:
        return
    frames = np.lib.stride_tricks.sliding_window_view(signal[lead:], c.win_length)
    frames = frames[:: c.hop_length][:total]
    block = max(1, _BLOCK_SAMPLES // c.n_fft)
    for start in range(0, total, block):
        # The window makes this float64: next to a loud partial, float32's rounding alone would fill
        # the bins that should lie at the floor.
        spectrum = np.fft.rfft(frames[start : start + block] * window, n=c.n_fft)
        power = spectrum.real**2
        power += spectrum.imag**2
        power += power_offset
        yield start, np.sqrt(power, out=power).astype(np.float32)


def _scale(
    amplitude: ArrayLike, c: MelConvention, reference: float, scaling: Affine | MeanVariance | None
) -> np.ndarray:
    raised = np.add if c.floor_added else np.maximum
    values = raised(np.asarray(amplitude), np.float32(c.floor), dtype=np.float32)
    np.log(values, out=values)
    if c.log != "ln":
        values *= np.float32(_LOG_FACTORS[c.log])
    if c.dynamic_range is not None and values.size:
        np.maximum(values, values.max() - np.float32(c.dynamic_range), out=values)
    if reference:
        values -= np.float32(reference)
    if isinstance(scaling, Affine):
        slope, offset = _line(scaling)
        values *= np.float32(slope)
        values += np.float32(offset)
        if scaling.clip:
            np.clip(values, scaling.target_low, scaling.target_high, out=values)
    elif scaling is not None:
        values -= np.asarray(scaling.mean, np.float32)
        values /= np.asarray(scaling.std, np.float32)
    return values


def _unscale(
    values: ArrayLike, c: MelConvention, reference: float, scaling: Affine | MeanVariance | None
) -> np.ndarray:
    logs = np.array(values, np.float32)
    if isinstance(scaling, Affine):
        if scaling.clip:
            np.clip(logs, scaling.target_low, scaling.target_high, out=logs)
        slope, offset = _line(scaling)
        logs -= np.float32(offset)
        logs /= np.float32(slope)
    elif scaling is not None:
        logs *= np.asarray(scaling.std, np.float32)
        logs += np.asarray(scaling.mean, np.float32)
    if reference:
        logs += np.float32(reference)
    if c.log != "ln":
        logs /= np.float32(_LOG_FACTORS[c.log])
    np.exp(logs, out=logs)
    if c.floor_added:
        logs -= np.float32(c.floor)
        np.maximum(logs, 0.0, out=logs)
    return logs


def _line(scaling: Affine) -> tuple[float, float]:
    slope = (scaling.target_high - scaling.target_low) / (scaling.high - scaling.low)
    return slope, scaling.target_low - slope * scaling.low


def _linear_reference(c: MelConvention) -> float:
    return c.reference_db if c.linear_reference_db is None else c.linear_reference_db


def _linear_scaling(c: MelConvention) -> Affine | None:
    return c.scaling if isinstance(c.scaling, Affine) else None


def _hz_to_mel(hz: np.ndarray, c: MelConvention) -> np.ndarray:
    if c.mel_scale == "htk":
        return 2595.0 * np.log10(1.0 + hz / 700.0)
    above = np.log(np.maximum(hz, _SLANEY_BREAK_HZ) / _SLANEY_BREAK_HZ) / _SLANEY_LOG_STEP
    return np.where(hz < _SLANEY_BREAK_HZ, hz / _SLANEY_HZ_PER_MEL, _SLANEY_BREAK_MEL + above)


def _mel_to_hz(mel: np.ndarray, c: MelConvention) -> np.ndarray:
    if c.mel_scale == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    above = _SLANEY_BREAK_HZ * np.exp(_SLANEY_LOG_STEP * (mel - _SLANEY_BREAK_MEL))
    return np.where(mel < _SLANEY_BREAK_MEL, mel * _SLANEY_HZ_PER_MEL, above)
