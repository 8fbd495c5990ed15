"""Which convention a mel of unknown origin is in: what its values rule out, and what fits best.

Some conventions can't hold the values: too many bands, below the floor, above the ceiling. The
others are ranked by how much like speech the mel would be in each: its level, its spectrum and its
movement against those of the `reference_voice` in that convention.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tacotron.audio.bounds import value_bound
from tacotron.audio.conversion import decibels, reference_mel
from tacotron.audio.definition import Affine, MelConvention
from tacotron.audio.mel import scale, silence
from tacotron.errors import AudioError

# Speech in a file may well be this much louder or softer than the reference voice, -23 dBFS.
_USUAL_LEVEL_DB, _LEVEL_SCALE_DB, _STRANGEST_LEVEL_DB = 6.0, 8.0, 45.0
# How far a voice's mean spectrum lies from the reference's, and its movement (a ratio, as ln).
_SHAPE_SCALE_DB, _MOVEMENT_SCALE, _STRANGEST_MOVEMENT = 6.0, 0.3, 1.2

# Values at the very floor or ceiling of a convention speak for it.
_AT_THE_END = 0.7
_TOLERANCE = 2e-3  # of the values' range: half precision, and other programs' rounding


@dataclass(frozen=True)
class Candidate:
    """What speaks for one convention, or against it."""

    name: str
    consistent: bool
    distance: float  # from how speech looks in it; infinite where it is ruled out
    reason: str  # why it is ruled out, or what it rests on

    def to_dict(self) -> dict[str, Any]:
        """Plain values; no distance where it is ruled out."""
        return vars(self) | {"distance": self.distance if self.consistent else None}


@dataclass(frozen=True)
class Identification:
    """All conventions, the likeliest first, those ruled out last."""

    candidates: tuple[Candidate, ...]
    transposed: bool  # the mel is [n_mels, frames]

    @property
    def consistent(self) -> tuple[Candidate, ...]:
        """Those that are not ruled out."""
        return tuple(item for item in self.candidates if item.consistent)


def identify(mel: ArrayLike, conventions: Iterable[MelConvention]) -> Identification:
    """Rank ``conventions`` by how well they explain ``mel`` [frames, n_mels], or its transpose.

    Raises `AudioError` for what is no matrix of finite numbers.
    """
    values = np.asarray(mel, np.float32)
    if values.ndim != 2 or not values.size or not np.isfinite(values).all():
        raise AudioError(
            f"Shape {values.shape} with finite numbers only would be a mel: give one array "
            "[frames, n_mels]."
        )
    conventions = list(conventions)
    bands = {c.n_mels for c in conventions}
    transposed = values.shape[1] not in bands and values.shape[0] in bands
    if transposed:
        values = values.T
    found = [_judge(values, c) for c in conventions]
    found.sort(key=lambda item: (not item.consistent, item.distance))
    return Identification(tuple(found), transposed)


def _judge(values: np.ndarray, c: MelConvention) -> Candidate:
    def against(reason: str) -> Candidate:
        return Candidate(c.name, False, float("inf"), reason)

    if values.shape[1] != c.n_mels:
        return against(f"it has {c.n_mels} bands, the mel {values.shape[1]}")
    lowest, highest = float(values.min()), float(values.max())
    floor = float(scale(silence(c), c).min())
    bound = value_bound(c)
    slack = _TOLERANCE * (bound.value - floor)
    if lowest < floor - slack:
        return against(f"its floor is {floor:.3g}, the mel goes down to {lowest:.3g}")
    if highest > bound.value + slack:
        return against(
            f"it can't exceed {bound.value:.3g} ({bound.origin}), the mel reaches {highest:.3g}"
        )
    here, there = decibels(values, c), decibels(reference_mel(c), c)
    apart = here.mean(axis=0) - there.mean(axis=0)
    level = float(np.median(apart))
    shape = float(np.abs(apart - level).mean())
    movement = float(np.log((here.std(axis=0).mean() + 1e-3) / there.std(axis=0).mean()))
    if abs(level) > _STRANGEST_LEVEL_DB:
        return against(f"speech would be {level:+.0f} dB away from its usual level")
    if abs(movement) > _STRANGEST_MOVEMENT:
        return against(f"speech would move {np.exp(movement):.2f} times as much as it does")
    distance = float(
        np.linalg.norm(
            [
                max(0.0, abs(level) - _USUAL_LEVEL_DB) / _LEVEL_SCALE_DB,
                shape / _SHAPE_SCALE_DB,
                movement / _MOVEMENT_SCALE,
            ]
        )
    )
    rests_on = (
        f"level {level:+.0f} dB, spectrum {shape:.1f} dB off, movement x{np.exp(movement):.2f}"
    )
    if abs(lowest - floor) < slack / 10:
        distance *= _AT_THE_END
        rests_on += f"; its floor, {floor:.4g}, occurs"
    clips = isinstance(c.scaling, Affine) and c.scaling.clip
    if clips and abs(highest - bound.value) < slack / 10:
        distance *= _AT_THE_END
        rests_on += f"; its ceiling, {bound.value:.4g}, occurs"
    return Candidate(c.name, True, distance, rests_on)
