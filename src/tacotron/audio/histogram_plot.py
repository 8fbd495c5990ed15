"""A picture of what `tacotron mel inspect` counts: the values' histogram, a panel a convention."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tacotron.audio.definition import Affine
from tacotron.audio.inspection import Inspection
from tacotron.errors import AudioError
from tacotron.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".png", ".svg", ".pdf")
_BARS = 160
_MARKED = ("1", "50", "99")
# Next to the highest bar of what isn't at an end, those of floor and ceiling would dwarf the rest.
_HEADROOM = 1.25


def plot_inspections(found: Sequence[Inspection], path: str | Path) -> None:
    """Draw a histogram for each of ``found``, side by side, into ``path`` (png, svg or pdf).

    Floor, ceiling and percentiles are marked. Raises `AudioError` without matplotlib, and for
    another kind of file.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise AudioError(f"Can't draw {path}: end its name with one of {', '.join(SUFFIXES)}.")
    if find_spec("matplotlib") is None:
        raise AudioError("A picture needs matplotlib: pip install 'tacotron-tts[plot]' brings it.")
    from matplotlib.figure import Figure  # without pyplot: no window system, no global state

    figure = Figure(figsize=(1.5 + 4.2 * len(found), 3.6), layout="constrained")
    for axes, item in zip(figure.subplots(1, len(found), squeeze=False)[0], found, strict=True):
        _draw(axes, item)
    with atomic_write(path) as file:
        figure.savefig(file, format=path.suffix.lower()[1:], dpi=110)


def _draw(axes: Axes, item: Inspection) -> None:
    edges, counts = _coarse(item)
    shares = 100 * counts / max(1, counts.sum())
    axes.stairs(shares, edges, fill=True, color="#7a9cc6")
    inner = shares[1:-1].max() if len(shares) > 2 else shares.max()
    top = max(inner, 1e-3) * _HEADROOM
    axes.set_ylim(0, top)
    value = item.quantities[-1]
    floor = item.values.edges[0]
    marks = [(floor, f"floor: {item.floored_share:.2%}", "#b03a2e", "left")]
    c = item.convention
    if isinstance(c.scaling, Affine):
        kind, share = ("clip", item.clipped_share)
        if not c.scaling.clip:
            kind, share = ("end of scale", item.above_share)
        marks.append((c.scaling.target_high, f"{kind}: {share:.3%}", "#b03a2e", "right"))
    for place, label, color, side in marks:
        axes.axvline(place, color=color, linewidth=1.2)
        shift = 3 if side == "left" else -3
        axes.annotate(
            label,
            (place, top * 0.88),  # below the percentiles' labels
            xytext=(shift, -4),
            textcoords="offset points",
            ha=side,
            va="top",
            rotation=90,
            fontsize=8,
            color=color,
        )
    for percent in _MARKED:
        place = value.percentiles[percent]
        axes.axvline(place, color="#444", linewidth=0.8, linestyle=":")
        axes.annotate(
            f"{percent} %",
            (place, top),
            xytext=(2, -4),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color="#444",
        )
    axes.set_title(c.name)
    axes.set_xlabel("value")
    axes.set_ylabel("% of the cells")
    if item.clipped_share:  # then the clip's own line and label stand there
        return
    axes.axvline(value.maximum, color="#222", linewidth=0.8, linestyle="--")
    axes.annotate(
        f"max {value.maximum:.3g}",
        (value.maximum, top * 0.55),
        xytext=(-3, 0),
        textcoords="offset points",
        rotation=90,
        ha="right",
        va="center",
        fontsize=8,
    )


def _coarse(item: Inspection) -> tuple[np.ndarray, np.ndarray]:
    """The histogram in few bars, from the floor to a little beyond what occurs."""
    edges, counts = item.values.edges, item.values.counts
    high = max(item.quantities[-1].maximum, edges[0] + 1e-6)
    if isinstance(item.convention.scaling, Affine):
        high = max(high, item.convention.scaling.target_high)
    used = max(2, int(np.searchsorted(edges, high, side="left")))
    each = max(1, -(-used // _BARS))
    bars = -(-used // each)
    padded = np.zeros(bars * each, counts.dtype)
    taken = counts[: bars * each]
    padded[: len(taken)] = taken
    step = edges[1] - edges[0]
    return edges[0] + step * each * np.arange(bars + 1), padded.reshape(bars, each).sum(axis=1)
