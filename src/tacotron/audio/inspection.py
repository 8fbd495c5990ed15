"""What recordings become in a mel convention: how high, how low, how much is cut off, and the cure.

Recordings are seen one by one and counted, so that a corpus of any size needs no more memory than a
file does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tacotron.audio.bounds import Bound, mel_bound, stft_bound, value_bound
from tacotron.audio.definition import Affine, MelConvention
from tacotron.audio.levels import bandwidth_hz
from tacotron.audio.mel import (
    Limits,
    band_edges,
    count_limits,
    magnitude_spectrogram,
    mel_amplitude,
    scale,
)
from tacotron.audio.waveform import as_waveform

PERCENTILES = (0.1, 1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0, 99.9)

# Histograms of decibels: fine enough that a percentile is right to 0.05 dB.
_STEP_DB, _LOWEST_DB, _HIGHEST_DB = 0.05, -250.0, 150.0
_STEPS = round((_HIGHEST_DB - _LOWEST_DB) / _STEP_DB)
# Histograms of scaled values, between the floor and the bound.
_VALUE_STEPS = 8000

# More than these shares of all cells, clipped or floored, are worth a word.
CLIPPED_SHARE, FLOORED_SHARE = 5e-4, 0.02
# A scale whose top this share is never reached, as percentiles have it, is for louder speech.
_UNUSED_SHARE = 0.3
# Below this is no sound but arithmetic: digital silence.
_NOTHING = 1e-9


class Histogram:
    """Counts of values in equal steps from ``low`` to ``high``; those outside count at the ends."""

    def __init__(self, low: float, high: float, steps: int) -> None:
        self.edges = np.linspace(low, high, steps + 1)
        self.counts = np.zeros(steps, np.int64)
        self.maximum = -np.inf

    def add(self, values: np.ndarray) -> None:
        """Count ``values``, of any shape."""
        if not values.size:
            return
        low, high = self.edges[0], self.edges[-1]
        place = (np.ravel(values) - low) * (len(self.counts) / (high - low))
        np.clip(place, 0, len(self.counts) - 1, out=place)
        self.counts += np.bincount(place.astype(np.int64), minlength=len(self.counts))
        self.maximum = max(self.maximum, float(values.max()))

    def percentile(self, percent: float) -> float:
        """The value that ``percent`` of what was counted do not exceed, to a step; NaN for none."""
        total = int(self.counts.sum())
        if total == 0:
            return float("nan")
        place = int(np.searchsorted(np.cumsum(self.counts), percent / 100 * total))
        return float(min(self.edges[min(place, len(self.counts) - 1) + 1], self.maximum))

    def share_above(self, value: float) -> float:
        """The share of what was counted that exceeds ``value``, to a step."""
        place = int(np.searchsorted(self.edges, value))
        return float(self.counts[place:].sum() / max(1, self.counts.sum()))


@dataclass(frozen=True)
class Quantity:
    """One step on the way from the samples to the values."""

    name: str
    maximum: float
    percentiles: Mapping[str, float]  # "0.1" ... "99.9"
    bound: Bound


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was found, for one convention."""

    convention: MelConvention
    recordings: int
    seconds: float
    cells: int
    quantities: tuple[Quantity, ...]
    floored_share: float  # of the cells: raised to the floor, or cut off at the lower end
    clipped_share: float  # cut off at the upper end
    above_share: float  # beyond the upper end of a scale that doesn't clip
    silent_share: float  # digital silence: no floor is low enough
    peak: float  # of the samples
    bandwidth_hz: float  # that the median recording reaches
    verdict: str
    fits: bool  # False: the verdict names something to mend
    magnitudes: Histogram  # of the STFT, in decibels
    values: Histogram  # of the scaled values

    def to_dict(self) -> dict[str, Any]:
        """Plain values, the histograms left out."""
        plain = {key: value for key, value in vars(self).items() if not _is_histogram(value)}
        return plain | {
            "convention": self.convention.to_dict(),
            "quantities": [asdict(quantity) for quantity in self.quantities],
        }


class Inspector:
    """Sees recordings one by one, at the convention's sample rate; says at the end what it saw."""

    def __init__(self, convention: MelConvention) -> None:
        self._c = c = convention
        self._stft = Histogram(_LOWEST_DB, _HIGHEST_DB, _STEPS)
        self._mel = Histogram(_LOWEST_DB, _HIGHEST_DB, _STEPS)
        floor = float(scale(np.zeros(c.n_mels, np.float32), c).min())
        self._values = Histogram(floor, max(value_bound(c).value, floor + 1e-6), _VALUE_STEPS)
        self._limits = Limits(0, 0, 0)
        self._above = self._silent = self._recordings = self._samples = 0
        self._peak = 0.0
        self._reach: list[float] = []

    def add(self, wave: ArrayLike) -> None:
        """See one recording: float [samples]. Raises `AudioError` for what is not a waveform."""
        c, wave = self._c, as_waveform(wave)
        self._stft.add(_db(magnitude_spectrogram(wave, c), 1.0))
        amplitude = mel_amplitude(wave, c)
        values = scale(amplitude, c)
        self._mel.add(_db(amplitude, c.power))
        self._values.add(values)
        self._limits += count_limits(values, c)
        self._silent += int((amplitude <= _NOTHING**c.power).sum())
        if isinstance(c.scaling, Affine) and not c.scaling.clip:
            self._above += int((values > c.scaling.target_high).sum())
        self._recordings += 1
        self._samples += len(wave)
        self._peak = max(self._peak, float(np.abs(wave).max()))
        self._reach.append(bandwidth_hz(wave, c.sample_rate))

    def result(self) -> Inspection:
        """What was seen so far."""
        c, cells = self._c, max(1, self._limits.values)
        bound = mel_bound(c)
        level = 20 / c.power * np.log10(bound.value)
        quantities = (
            _quantity("STFT magnitude", self._stft, stft_bound(c), _magnitude),
            _quantity("mel amplitude", self._mel, bound, lambda db: _magnitude(db) ** c.power),
            _quantity("mel, dB", self._mel, Bound(level, "the same in decibels"), float),
            _quantity("value", self._values, value_bound(c), float),
        )
        found = {
            "floored_share": self._limits.floored_share,
            "clipped_share": self._limits.clipped_share,
            "above_share": self._above / cells,
            "silent_share": self._silent / cells,
            "peak": self._peak,
            "bandwidth_hz": float(np.median(self._reach)) if self._reach else float("nan"),
        }
        verdict, fits = _verdict(c, self._mel, found)
        return Inspection(
            convention=c,
            recordings=self._recordings,
            seconds=self._samples / c.sample_rate,
            cells=self._limits.values,
            quantities=quantities,
            verdict=verdict,
            fits=fits,
            magnitudes=self._stft,
            values=self._values,
            **found,
        )


def inspect_recordings(waves: Iterable[ArrayLike], c: MelConvention) -> Inspection:
    """What ``waves`` (float [samples] each, at ``c.sample_rate``) become in ``c``.

    Raises `AudioError` for what is not a waveform.
    """
    inspector = Inspector(c)
    for wave in waves:
        inspector.add(wave)
    return inspector.result()


def _verdict(c: MelConvention, mel: Histogram, found: Mapping[str, float]) -> tuple[str, bool]:
    """The one thing to mend that matters most, with its cure; or that all fits."""
    clips = isinstance(c.scaling, Affine) and c.scaling.clip
    if found["peak"] > 1.0:
        return (
            f"Samples reach {found['peak']:.2f}, beyond full scale: their file was cut off or "
            "not scaled; export it again, or level it with `tacotron prepare --level -23`.",
            False,
        )
    if clips and found["clipped_share"] > CLIPPED_SHARE:
        excess = mel.percentile(99.99) - ceiling_db(c)
        return (
            f"{found['clipped_share']:.2%} of the cells are cut off at the top, by up to "
            f"{max(excess, 0.1):.1f} dB: raise the reference level (`tacotron mel calibrate "
            f"--convention {c.name}`), or take a convention that doesn't clip, such as nvidia.",
            False,
        )
    if found["silent_share"] > FLOORED_SHARE:
        return (
            f"{found['silent_share']:.1%} of the cells are digital silence, which no floor holds: "
            "trim it (`tacotron prepare` does) before anything learns from it.",
            False,
        )
    centers = band_edges(c)[1:-1] * (c.sample_rate / c.bank_rate)
    empty = int((centers > found["bandwidth_hz"]).sum())
    if empty > c.n_mels // 10:
        return (
            f"The recordings reach {found['bandwidth_hz'] / 1000:.1f} kHz, so that the upper "
            f"{empty} of {c.n_mels} bands hold next to nothing: record or export at a higher rate, "
            f"or choose a convention with fmax near {found['bandwidth_hz']:.0f} Hz.",
            False,
        )
    if found["floored_share"] > FLOORED_SHARE:
        return (
            f"{found['floored_share']:.1%} of the cells lie at the floor, {floor_db(c):.0f} dB: "
            f"lower it (`tacotron mel calibrate --convention {c.name}`), or level the recordings "
            "up (`tacotron prepare --level -23`).",
            False,
        )
    if isinstance(c.scaling, Affine):
        top, low = mel.percentile(99.9), floor_db(c)
        unused = (ceiling_db(c) - top) / (ceiling_db(c) - low)
        if unused > _UNUSED_SHARE:
            return (
                f"The top {unused:.0%} of the scale is never reached: level the recordings up "
                "(`tacotron prepare --level -23`), or lower the reference level (`tacotron mel "
                f"calibrate --convention {c.name}`).",
                False,
            )
    cut = f", {found['clipped_share']:.3%} cut off at the top" if clips else ""
    return f"It fits: {found['floored_share']:.2%} of the cells at the floor{cut}.", True


def floor_db(c: MelConvention) -> float:
    """The floor in decibels of amplitude, whatever ``c``'s logarithm."""
    return float(20 / c.power * np.log10(c.floor))


def ceiling_db(c: MelConvention) -> float:
    """The upper end of an affine scale, in decibels of amplitude; infinite for other scales."""
    if not isinstance(c.scaling, Affine):
        return float("inf")
    per_unit = {"ln": 20 / np.log(10), "log10": 20.0, "db": 1.0, "power-db": 2.0}[c.log]
    return float((c.scaling.high + c.reference_db) * per_unit / c.power)


def _is_histogram(value: object) -> bool:
    return isinstance(value, Histogram)


def _db(amplitude: np.ndarray, power: float) -> np.ndarray:
    lowest = 10 ** (_LOWEST_DB / 20 * power)
    return (20 / power) * np.log10(np.maximum(amplitude, max(lowest, 1e-37)))


def _magnitude(db: float) -> float:
    return float(10 ** (db / 20))


def _quantity(name: str, counted: Histogram, bound: Bound, convert: Any) -> Quantity:
    percentiles = {f"{p:g}": convert(counted.percentile(p)) for p in PERCENTILES}
    maximum = convert(counted.maximum) if counted.counts.any() else float("nan")
    return Quantity(name, maximum, percentiles, bound)
