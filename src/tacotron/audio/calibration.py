"""A convention fitted to recordings: reference level and floor, or mean and variance, in one pass.

Each recording is reduced to a `Tally` of fixed size, and tallies add up, in whatever groups they
are added: counts are whole numbers, means and squared deviations are merged by the formula of
T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise algorithm for computing sample
variances", COMPSTAT 1982. Merged in the order of the recordings the result is the same to the last
bit, however many processes had made them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from tacotron.audio.definition import Affine, MeanVariance, MelConvention
from tacotron.audio.mel import mel_amplitude, scale
from tacotron.errors import AudioError

Target = Literal["range", "mean-variance", "mean-variance-per-band"]

# Decibels of amplitude are counted in steps of this. Limits are rounded outward to whole steps, so
# that no more cells lie outside than was asked.
STEP_DB = 0.01
_LOWEST_DB, _HIGHEST_DB = -300.0, 150.0
_STEPS = round((_HIGHEST_DB - _LOWEST_DB) / STEP_DB)

# The share of cells that may lie outside the range, both ends together, unless another is asked.
OUTSIDE = 1e-3


@dataclass(frozen=True, eq=False)
class Moments:
    """Count, mean and summed squared deviations a band: float64 [n_mels]. They add up."""

    count: int
    mean: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, values: ArrayLike) -> Moments:
        """The moments of ``values`` [frames, bands]."""
        values = np.asarray(values, np.float64)
        if not len(values):
            return cls(0, np.zeros(values.shape[1]), np.zeros(values.shape[1]))
        mean = values.mean(axis=0)
        return cls(len(values), mean, np.square(values - mean).sum(axis=0))

    def __add__(self, other: Moments) -> Moments:
        if self.count == 0 or other.count == 0:
            return other if self.count == 0 else self
        count = self.count + other.count
        delta = other.mean - self.mean
        mean = self.mean + delta * (other.count / count)
        squares = self.squares + other.squares + delta**2 * (self.count * other.count / count)
        return Moments(count, mean, squares)

    def pooled(self) -> tuple[float, float]:
        """Mean and standard deviation of all bands as one."""
        mean = float(self.mean.mean())
        between = np.square(self.mean - mean).sum() * self.count
        return mean, float((self.squares.sum() + between) / (self.count * len(self.mean))) ** 0.5

    def by_band(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each band: float64 [n_mels] both."""
        return self.mean, np.sqrt(self.squares / self.count)


@dataclass(frozen=True, eq=False)
class Tally:
    """What recordings hold in a convention, in a fixed size. Tallies add up."""

    moments: Moments  # of the logarithms, reference level subtracted, before any scaling
    counts: np.ndarray  # int64 [_STEPS]: cells a step of decibels of amplitude
    silent: int  # cells of digital silence, which no floor is below; not in counts
    recordings: int

    @classmethod
    def of(cls, wave: ArrayLike, c: MelConvention) -> Tally:
        """The tally of one recording, float [samples] at ``c.sample_rate``.

        Raises `AudioError` for what is not a waveform.
        """
        amplitude = mel_amplitude(wave, c)
        logs = scale(amplitude, replace(c, scaling=None))
        sounding = amplitude[amplitude > 0].astype(np.float64)
        decibels = (20 / c.power) * np.log10(np.maximum(sounding, 1e-300))
        place = np.floor((decibels - _LOWEST_DB) / STEP_DB).clip(0, _STEPS - 1).astype(np.int64)
        counts = np.bincount(place, minlength=_STEPS)
        return cls(Moments.of(logs), counts, amplitude.size - sounding.size, 1)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.moments + other.moments,
            self.counts + other.counts,
            self.silent + other.silent,
            self.recordings + other.recordings,
        )

    @property
    def cells(self) -> int:
        """Cells counted, silent ones included."""
        return int(self.counts.sum()) + self.silent

    def top_db(self, share: float) -> float:
        """Decibels that at most ``share`` of the cells exceed: the upper end of a step."""
        above = np.cumsum(self.counts[::-1])[::-1]  # in this step or a higher one
        enough = np.flatnonzero(above > share * self.cells)
        return _LOWEST_DB + STEP_DB * (int(enough[-1]) + 1 if len(enough) else 0)

    def bottom_db(self, share: float) -> float:
        """Decibels that at most ``share`` of the sounding cells lie below: a step's lower end."""
        below = np.cumsum(self.counts)
        enough = np.flatnonzero(below > share * (self.cells - self.silent))
        return _LOWEST_DB + STEP_DB * (int(enough[0]) if len(enough) else _STEPS)


@dataclass(frozen=True, eq=False)
class Calibration:
    """A fitted convention, and what was measured for it."""

    convention: MelConvention
    target: Target
    outside: float  # the share that was allowed
    top_db: float  # decibels of amplitude: what the range was fitted to
    bottom_db: float
    mean: float  # of all bands, in the convention's logarithm
    std: float
    recordings: int
    cells: int
    silent_share: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return vars(self) | {"convention": self.convention.to_dict()}


def default_target(c: MelConvention) -> Target:
    """What a convention of this kind is fitted by: its range if affine, else mean and variance."""
    if isinstance(c.scaling, Affine):
        return "range"
    per_band = isinstance(c.scaling, MeanVariance) and isinstance(c.scaling.mean, tuple)
    return "mean-variance-per-band" if per_band else "mean-variance"


def calibrate(
    tallies: Iterable[Tally],
    c: MelConvention,
    *,
    target: Target | None = None,
    outside: float = OUTSIDE,
    name: str | None = None,
) -> Calibration:
    """``c`` fitted to what was tallied with it; at most ``outside`` of the cells lie outside.

    "range": half of ``outside`` may lie above the scale and half below: for decibels the reference
    level is moved until the loudest fit, and the floor set to where the quietest do; where there is
    no reference level the scale's own ends are moved. Digital silence counts for neither.
    "mean-variance": the floor stays, the logarithms get mean 0 and deviation 1, as a whole or band
    by band. Raises `AudioError` for no recordings, an impossible share, and recordings of silence.
    """
    if not 0 < outside < 0.5:
        raise AudioError(f"A share of {outside:g} can't lie outside: give one between 0 and 0.5.")
    total: Tally | None = None
    for tally in tallies:
        total = tally if total is None else total + tally
    if total is None or total.cells == total.silent:
        raise AudioError("There is nothing to calibrate by: no recording holds any sound.")
    target = target or default_target(c)
    top, bottom = total.top_db(outside / 2), total.bottom_db(outside / 2)
    mean, std = total.moments.pooled()
    fitted = replace(c, name=name or f"{c.name}-calibrated")
    if target == "range":
        fitted = _fit_range(fitted, top, bottom)
    else:
        means, deviations = (mean, std)
        if target == "mean-variance-per-band":
            bands = total.moments.by_band()
            means, deviations = (tuple(map(float, values)) for values in bands)
        if not np.all(np.greater(deviations, 0)):
            raise AudioError(
                "A band of these recordings never changes, so that it has no deviation to divide "
                f"by: choose a convention whose bands they reach (fmax is {c.fmax:g} Hz)."
            )
        fitted = replace(fitted, scaling=MeanVariance(means, deviations))
    return Calibration(
        convention=fitted,
        target=target,
        outside=outside,
        top_db=round(top, 2),
        bottom_db=round(bottom, 2),
        mean=mean,
        std=std,
        recordings=total.recordings,
        cells=total.cells,
        silent_share=total.silent / total.cells,
    )


def _fit_range(c: MelConvention, top: float, bottom: float) -> MelConvention:
    """``c`` with floor and scale's ends at these decibels of amplitude."""
    # What a decibel of amplitude is in the unit of the logarithm.
    unit = {"ln": np.log(10) / 20, "log10": 1 / 20, "db": 1.0, "power-db": 0.5}[c.log] * c.power
    floor = float(10 ** (bottom / 20 * c.power))
    ends = c.scaling if isinstance(c.scaling, Affine) else Affine(0.0, 1.0)
    if c.log == "db":
        # The upper end stays where it was, and the reference level brings the loudest there.
        reference = round(top * unit - ends.high, 4)
        low = round(bottom * unit - reference, 4)
        # The linear spectrogram lies far higher than the mel, and was not looked at.
        linear = c.reference_db if c.linear_reference_db is None else c.linear_reference_db
        return replace(
            c,
            floor=floor,
            reference_db=reference,
            linear_reference_db=linear,
            scaling=replace(ends, low=low),
        )
    return replace(c, floor=floor, scaling=replace(ends, low=bottom * unit, high=top * unit))
