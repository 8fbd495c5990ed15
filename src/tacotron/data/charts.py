"""Bar charts as SVG, drawn by hand: a report needs no plotting library, and follows its colors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

#: Size of a chart in its own units; the page scales it.
WIDTH, HEIGHT = 360, 190

#: Room around the bars for labels: above, two rows of those of marks.
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 34, 28

#: Labels of marks closer than this would overlap in one row.
LABEL_WIDTH = 56

#: Bars of a histogram made from single values.
BARS = 40


def histogram(
    values: Sequence[float],
    *,
    title: str,
    unit: str,
    marks: Mapping[str, float] | None = None,
    span: tuple[float, float] | None = None,
) -> str:
    """Return a histogram of ``values`` as an SVG element.

    ``span`` is the range of the axis (default: all values); what lies beyond it is counted in the
    outermost bars. ``marks`` are vertical lines, label -> value.
    """
    array = np.asarray(values, float)
    low, high = span or (float(array.min()), float(array.max()))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(array.clip(low, high), BARS, (low, high))
    return bars(counts.tolist(), edges.tolist(), title=title, unit=unit, marks=marks)


def bars(
    counts: Sequence[int],
    edges: Sequence[float],
    *,
    title: str,
    unit: str,
    marks: Mapping[str, float] | None = None,
) -> str:
    """Return counted ``counts`` between ``edges`` (one more) as an SVG element."""
    low, high, most = edges[0], edges[-1], max(*counts, 1)
    scale = (WIDTH - LEFT - RIGHT) / (high - low)
    base, tall = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP

    def x(value: float) -> float:
        return LEFT + (min(max(value, low), high) - low) * scale

    shapes = []
    for count, left, right in zip(counts, edges[:-1], edges[1:], strict=True):
        if count:
            height = max(tall * count / most, 1.0)
            shapes.append(
                f'<rect x="{x(left):.1f}" y="{base - height:.1f}" '
                f'width="{max(x(right) - x(left) - 0.8, 0.6):.1f}" height="{height:.1f}">'
                f"<title>{_number(left)} to {_number(right)} {escape(unit)}: {count:,}</title>"
                "</rect>"
            )
    previous, row = -WIDTH, 0
    for label, value in sorted((marks or {}).items(), key=lambda mark: mark[1]):
        row = 1 - row if x(value) - previous < LABEL_WIDTH else 0
        previous = x(value)
        y = TOP - 22 + 13 * row
        anchor, shift = ("end", -4) if x(value) > WIDTH * 0.7 else ("start", 4)
        shapes.append(
            f'<line class="mark" x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{y - 8}" '
            f'y2="{base}"/><text class="mark" x="{x(value) + shift:.1f}" y="{y}" '
            f'text-anchor="{anchor}">{escape(label)}</text>'
        )
    shapes.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{base}" y2="{base}"/>')
    for tick in _ticks(low, high):
        shapes.append(
            f'<line class="axis" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{base}" '
            f'y2="{base + 4}"/><text x="{x(tick):.1f}" y="{base + 16}" '
            f'text-anchor="middle">{_number(tick)}</text>'
        )
    caption = escape(f"{title} ({unit})")
    return (
        f'<figure><figcaption>{caption}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label="{caption}">{"".join(shapes)}</svg></figure>'
    )


def _ticks(low: float, high: float) -> list[float]:
    """Return four to eight round numbers within the axis."""
    raw = (high - low) / 6
    size = 10 ** np.floor(np.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [float(number * step) for number in range(first, last + 1)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
