"""A mel of one convention from a mel of another.

Where only the values' map differs (logarithm, floor, scaling, the bands' norm) that is exact.
Otherwise the magnitudes behind the mel are estimated (`mel_to_linear`), brought to the other rate,
window, pre-emphasis and exponent, seen through the other's bands, and interpolated to where its
frames lie. That is one matrix a pair of conventions, and one interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from tacotron.audio.bounds import mel_bound
from tacotron.audio.definition import MelConvention
from tacotron.audio.griffin_lim import mel_to_linear
from tacotron.audio.mel import (
    analysis_window,
    band_edges,
    count_limits,
    frame_count,
    mel_filterbank,
    mel_spectrogram,
    scale,
    unscale,
)
from tacotron.audio.reference_voice import reference_voice
from tacotron.errors import AudioError

# Fields in which two conventions may differ while one's value of a cell is a function of the
# other's: the rest of the transform is the same. power_offset and bin_floor show near the floor
# only.
_VALUE_FIELDS = (
    *("name", "log", "floor", "reference_db", "linear_reference_db", "scaling", "mel_norm"),
    *("floor_added", "dynamic_range", "power_offset", "bin_floor"),
)
_TIME_FIELDS = ("hop_length", "framing", "drop_last_frame")

# Lobes of the Lanczos window by which logarithms are interpolated, from frame to frame and from
# band to band: of cubics and of 2, 3 and 4 lobes 3 did best. Straight lines cost a third more.
_LOBES = 3

# Where the source is at its floor, the truth lies below it: by this factor, let us say.
_BELOW_FLOOR = 0.7

# What a recording has above the source's highest band isn't known. It is continued from the top
# kilohertz, falling a little: silence there beside loud speech is what no vocoder has heard.
_TOP_HZ = 1000.0
_FALL_DB_PER_KHZ = 3.0

# The magnitudes of noise are Rayleigh distributed: their root mean square is this times their mean.
_RAYLEIGH = (4 / np.pi) ** 0.5

# No real convention boosts or cuts more than this by pre-emphasis; keeps 1 / 0 out.
_SMALLEST = 1e-3
_TINY = 1e-20

# Frames whose magnitudes are estimated at once: an hour needs no more memory than these.
_BLOCK_FRAMES = 2048


@dataclass(frozen=True)
class Losses:
    """What a conversion could not keep, as shares of the cells."""

    source_floored: float  # at the source's floor: what lay below it is unknown
    source_clipped: float  # at the source's ceiling
    target_floored: float  # raised to the target's floor, though known
    target_clipped: float  # cut off at the target's ceiling
    uncovered_bands: int  # of the target's, that reach out of the source's range: guessed


@dataclass(frozen=True, eq=False)
class Conversion:
    """A converted mel and what it is worth."""

    mel: np.ndarray  # float32 [frames, n_mels] in the target's values
    exact: bool  # but for cells that were floored or clipped
    losses: Losses
    expected_error_db: float  # mean over the cells of covered bands; 0 where exact


def convert_mel(mel: ArrayLike, source: MelConvention, target: MelConvention) -> Conversion:
    """The ``mel`` [frames, n_mels] in ``source``'s values, as ``target`` would have it.

    The number of frames is that of as many samples as ``mel`` stands for, give or take half a hop
    where the source doesn't tell. Raises `AudioError` for another shape, NaN, infinities, and
    values no recording can have.
    """
    values = _checked(mel, source)
    known = unscale(values, source)
    exact = is_exact(source, target)
    moved = retime(_bands(known, source, target), source, target)
    converted = scale(moved, target)
    before, after = count_limits(values, source), count_limits(converted, target)
    # Floored now and not known to have been floored before.
    raised = max(0.0, after.floored_share - before.floored_share)
    covered = covered_bands(source, target)
    losses = Losses(
        before.floored_share,
        before.clipped_share,
        raised,
        after.clipped_share,
        int((~covered).sum()),
    )
    return Conversion(converted, exact, losses, 0.0 if exact else expected_error(source, target))


def is_exact(source: MelConvention, target: MelConvention) -> bool:
    """Whether each of ``target``'s values follows from one of ``source``'s.

    Values that either floors or clips are lost all the same.
    """
    return same_bands(source, target) and same_frames(source, target)


def same_bands(source: MelConvention, target: MelConvention) -> bool:
    """Whether both see the same bands of the same transform, up to a factor a band."""
    ignored = {name: getattr(target, name) for name in (*_VALUE_FIELDS, *_TIME_FIELDS)}
    return replace(source, **ignored) == target


def same_frames(source: MelConvention, target: MelConvention) -> bool:
    """Whether frame t of both looks at the same samples, and all of ``target``'s are there."""
    return (
        source.sample_rate * target.hop_length == target.sample_rate * source.hop_length
        and source.framing == target.framing
        and source.drop_last_frame <= target.drop_last_frame
    )


def covered_bands(source: MelConvention, target: MelConvention) -> np.ndarray:
    """Which of ``target``'s bands lie in ``source``'s range, give or take half a bin: [n_mels]."""
    edges = band_edges(target) * (target.sample_rate / target.bank_rate)
    low, high = source.band_limits
    slack = 0.5 * source.sample_rate / source.n_fft
    return (edges[:-2] >= low - slack) & (edges[2:] <= high + slack)


def retime(amplitude: np.ndarray, source: MelConvention, target: MelConvention) -> np.ndarray:
    """Amplitudes [frames, bands] at ``source``'s frames, interpolated to ``target``'s."""
    frames = len(amplitude)
    if same_frames(source, target):
        return amplitude[: frames - 1] if _drops_one(source, target) and frames else amplitude
    count = _target_frames(frames, source, target)
    if not frames or not count:
        return np.zeros((count, amplitude.shape[1]), np.float32)
    seconds = (np.arange(count) * target.hop_length + _first_sample(target)) / target.sample_rate
    position = (seconds * source.sample_rate - _first_sample(source)) / source.hop_length
    logs = np.log(np.maximum(amplitude, _TINY))
    return np.exp(_interpolate(logs, position)).astype(np.float32)


@lru_cache(maxsize=64)
def expected_error(source: MelConvention, target: MelConvention) -> float:
    """Decibels by which a conversion is off, in the mean over covered cells: measured here and now.

    A voice made of arithmetic (`reference_voice`) is seen through both conventions, one is
    converted, and the result compared with the other.
    """
    if is_exact(source, target):
        return 0.0
    wanted = reference_mel(target)
    known = unscale(reference_mel(source), source)
    moved = retime(_bands(known, source, target), source, target)
    found = decibels(scale(moved, target), target)[: len(wanted)]
    error = np.abs(found - decibels(wanted, target)[: len(found)])
    covered = covered_bands(source, target)
    return float(error[:, covered].mean()) if covered.any() else float("inf")


@lru_cache(maxsize=8)
def reference_mel(c: MelConvention) -> np.ndarray:
    """The mel of the `reference_voice`: float32 [frames, n_mels]."""
    mel = mel_spectrogram(reference_voice(c.sample_rate), c)
    mel.flags.writeable = False
    return mel


def decibels(values: ArrayLike, c: MelConvention) -> np.ndarray:
    """A mel's values as decibels of amplitude, whatever the logarithm and exponent of ``c``."""
    amplitude = np.maximum(unscale(values, c), c.floor)
    return (20.0 / c.power) * np.log10(amplitude)


def _bands(amplitude: np.ndarray, source: MelConvention, target: MelConvention) -> np.ndarray:
    """``source``'s amplitudes as ``target``'s bands, frames as they are."""
    if same_bands(source, target):
        if source.mel_norm == target.mel_norm:
            return amplitude
        gain = mel_filterbank(target).sum(axis=1) / np.maximum(
            mel_filterbank(source).sum(axis=1), np.float32(_TINY)
        )
        return amplitude * gain
    floored = amplitude <= source.floor * (1 + 1e-5)
    amplitude = np.where(floored, amplitude * np.float32(_BELOW_FLOOR), amplitude)
    bands = np.empty((len(amplitude), target.n_mels), np.float32)
    for first in range(0, len(amplitude), _BLOCK_FRAMES):
        block = amplitude[first : first + _BLOCK_FRAMES]
        magnitude = mel_to_linear(block, source, start=_spread(block, source))
        if target.power != 1.0:
            magnitude **= np.float32(target.power)
        np.matmul(magnitude, _matrix(source, target), out=bands[first : first + len(block)])
    return bands


def _spread(amplitude: np.ndarray, c: MelConvention) -> np.ndarray:
    """The bands' mean magnitudes, to the power ``c.power``, as a curve over the bins.

    [frames, n_mels] to [frames, n_bins], 0 outside all bands.
    """
    bank = mel_filterbank(c)
    density = amplitude / np.maximum(bank.sum(axis=1), np.float32(_TINY))
    bins = np.arange(c.n_bins) * (c.bank_rate / c.n_fft)
    place = np.interp(bins, band_edges(c)[1:-1], np.arange(c.n_mels))
    curve = _interpolate(np.log(np.maximum(density, _TINY)).T, place).T
    return np.exp(curve) * (bank.sum(axis=0) > 0)


@lru_cache(maxsize=8)
def _matrix(source: MelConvention, target: MelConvention) -> np.ndarray:
    """From ``source``'s bins, raised to ``target``'s power, to its bands: [n_bins, n_mels]."""
    here = np.arange(source.n_bins) * (source.sample_rate / source.n_fft)
    there = np.arange(target.n_bins) * (target.sample_rate / target.n_fft)
    low, high = source.band_limits
    rows = np.zeros((source.n_bins, target.n_bins))
    # Between two bins: each in proportion to how near it is.
    place = np.clip(there / here[1], 0, source.n_bins - 1 - 1e-9)
    left = place.astype(int)
    columns = np.arange(target.n_bins)
    rows[left, columns] = 1 - (place - left)
    rows[left + 1, columns] = place - left
    # Above the highest band, and from bin 0, which no triangle sees, to the lowest: continued.
    top = (here >= high - _TOP_HZ) & (here < high)
    above = there >= high
    fall = 10 ** (-_FALL_DB_PER_KHZ / 1000 * (there[above] - high) / 20)
    rows[:, above] = np.outer(top / top.sum(), fall**target.power)
    bottom = np.flatnonzero(here > low)[:2]
    below = there < here[bottom[0]]
    rise = there[below] / here[bottom[0]]
    rows[:, below] = 0.0
    rows[np.ix_(bottom, np.flatnonzero(below))] = rise**target.power / 2
    gain = _gain(source, target) * _emphasis(target, there)
    rows *= gain[None, :] ** target.power
    rows /= np.maximum(_emphasis(source, here), _SMALLEST)[:, None] ** target.power
    return (rows @ mel_filterbank(target).T).astype(np.float32)


def _gain(source: MelConvention, target: MelConvention) -> float:
    """By how much ``target``'s magnitudes are higher, as noise has it.

    Noise of one density per hertz has magnitudes in proportion to the root of rate times the
    window's energy; those of steady tones differ a little more, but what speech does between two
    windows' lengths outweighs that.
    """
    energy = [np.square(analysis_window(c)).sum() * c.sample_rate for c in (source, target)]
    gain = (energy[1] / energy[0]) ** 0.5
    # A root mean square where before there was a mean, or the other way round.
    return float(gain * _RAYLEIGH ** ((target.power - source.power) / 2))


def _emphasis(c: MelConvention, hertz: np.ndarray) -> np.ndarray:
    return np.abs(1 - c.preemphasis * np.exp(-2j * np.pi * hertz / c.sample_rate))


def _interpolate(values: np.ndarray, position: np.ndarray) -> np.ndarray:
    """``values`` [n, m] at fractional rows ``position`` [k]: [k, m]; the ends go on as they are."""
    first = np.floor(position).astype(int)
    steps = np.arange(1 - _LOBES, 1 + _LOBES)
    distance = (position - first)[:, None] - steps
    weights = np.sinc(distance) * np.sinc(distance / _LOBES) * (np.abs(distance) < _LOBES)
    weights /= weights.sum(axis=1, keepdims=True)
    result = np.zeros((len(position), values.shape[1]), values.dtype)
    for step, weight in zip(steps, weights.T.astype(values.dtype), strict=True):
        result += weight[:, None] * values[np.clip(first + step, 0, len(values) - 1)]
    return result


def _first_sample(c: MelConvention) -> float:
    """Where frame 0 is centered."""
    return c.hop_length / 2 if c.framing == "hifigan" else 0.0


def _drops_one(source: MelConvention, target: MelConvention) -> bool:
    return target.drop_last_frame and not source.drop_last_frame


def _target_frames(frames: int, source: MelConvention, target: MelConvention) -> int:
    """Frames of ``target`` for samples of which ``source`` made ``frames``."""
    if frames == 0:
        return 0
    ends = source.framing == "hifigan" or source.drop_last_frame
    # From this many to a hop less one more: the middle of what is possible.
    fewest = (frames if ends else frames - 1) * source.hop_length
    samples = fewest + (source.hop_length - 1) // 2
    if source.sample_rate * target.hop_length == target.sample_rate * source.hop_length:
        samples = fewest  # whole hops of one are whole hops of the other
    return frame_count(max(1, round(samples * target.sample_rate / source.sample_rate)), target)


def _checked(mel: ArrayLike, source: MelConvention) -> np.ndarray:
    values = np.asarray(mel)
    if values.ndim != 2 or values.shape[1] != source.n_mels:
        raise AudioError(
            f"This mel has shape {values.shape}, {source.name} wants [frames, {source.n_mels}]: "
            "name the convention it was made with, or transpose it."
        )
    values = values.astype(np.float32, copy=False)
    if not np.isfinite(values).all():
        raise AudioError("This mel holds NaN or infinite values: make it again.")
    with np.errstate(over="ignore"):
        loudest = float(unscale(values, source).max()) if values.size else 0.0
    # A thousand times what a full-scale signal can reach is no sound.
    if not loudest < 1000.0**source.power * mel_bound(source).value:
        raise AudioError(
            f"These values, up to {values.max():g}, are far too loud for {source.name}: name the "
            "convention they were made with (tacotron mel inspect guesses it)."
        )
    return values
