"""Whether mels of one convention may be used as mels of another, and what it costs where not."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import Any, Literal

from tacotron.audio.bounds import mel_bound
from tacotron.audio.conversion import covered_bands, expected_error, is_exact, same_bands
from tacotron.audio.definition import Affine, MelConvention
from tacotron.audio.inspection import ceiling_db, floor_db

Kind = Literal["equal", "exact", "lossy", "incompatible"]

# From here on a conversion isn't worth the name: a frame's shift by half a hop, which vocoders
# choke on, is about half of that.
MOST_ERROR_DB = 4.0
MOST_UNCOVERED = 0.25  # of the target's bands

_LEAST_DB = 0.01  # floors that differ by less are the same


@dataclass(frozen=True)
class Compatibility:
    """What stands between two conventions, from the first to the second."""

    kind: Kind
    differences: tuple[str, ...]  # "field: first != second"
    losses: tuple[str, ...]  # sentences; none where the conversion is exact and keeps all
    expected_error_db: float  # see `tacotron.audio.conversion.expected_error`

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return vars(self)

    def sentence(self) -> str:
        """The verdict in words."""
        match self.kind:
            case "equal":
                return "equal: mels of one are mels of the other"
            case "exact":
                return "convertible exactly (tacotron mel convert)"
            case "lossy":
                return "convertible with loss (tacotron mel convert)"
            case _:
                return "incompatible: extract the mel from the recording anew"


def compare(source: MelConvention, target: MelConvention) -> Compatibility:
    """What mels of ``source`` are worth where mels of ``target`` are wanted."""
    differences = tuple(source.differences(target))
    if not differences:
        return Compatibility("equal", (), (), 0.0)
    error = expected_error(source, target)
    losses = _value_losses(source, target) if same_bands(source, target) else []
    uncovered = int((~covered_bands(source, target)).sum())
    if not is_exact(source, target):
        what = "frames are interpolated" if same_bands(source, target) else "bands are estimated"
        losses.append(f"{what}: about {error:.1f} dB of error in the mean")
    if uncovered:
        low, high = source.band_limits
        losses.append(
            f"{uncovered} of {target.n_mels} bands reach out of {low:.0f} to {high:.0f} Hz and are "
            "guessed"
        )
    kind: Kind = "lossy" if losses else "exact"
    if error > MOST_ERROR_DB or uncovered > MOST_UNCOVERED * target.n_mels:
        kind = "incompatible"
    return Compatibility(kind, differences, tuple(losses), error)


def _value_losses(source: MelConvention, target: MelConvention) -> list[str]:
    """What the target's floor and ceiling take from values that the source can hold."""
    losses = []
    raised = floor_db(target) - floor_db(source)
    if raised > _LEAST_DB:
        losses.append(f"the floor is {raised:.1f} dB higher: what lies below is raised to it")
    if target.dynamic_range is not None and target.dynamic_range != source.dynamic_range:
        losses.append("what lies far below the utterance's loudest is raised")
    highest = min(ceiling_db(source) if _clips(source) else float("inf"), _bound_db(source))
    if _clips(target) and ceiling_db(target) < highest - _LEAST_DB:
        losses.append(f"the target clips at {ceiling_db(target):.1f} dB of amplitude")
    return losses


def _clips(c: MelConvention) -> bool:
    return isinstance(c.scaling, Affine) and c.scaling.clip


def _bound_db(c: MelConvention) -> float:
    return 20 / c.power * log10(mel_bound(c).value)
