"""What a corpus looks like in numbers: its mel, its levels, its lengths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Bars of a histogram: enough to see the floor of a mel, few enough to draw.
BINS = 80

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


class MelTally:
    """How often each half-precision value occurs in the mels of a corpus.

    Half precision has 65,536 values, so counting them all keeps every statistic exact, in one
    pass, however large the corpus is.
    """

    def __init__(self) -> None:
        self._counts = np.zeros(1 << 16, np.int64)

    def add(self, values: NDArray[np.float16]) -> None:
        """Count ``values``, of any shape."""
        bits = np.ascontiguousarray(values, "<f2").view("<u2").ravel()
        self._counts += np.bincount(bits, minlength=1 << 16)

    def summary(self, floor: float) -> dict[str, Any]:
        """Return mean, std, min, max, percentiles, a histogram and the share at ``floor``.

        The histogram has "edges" (one more than) "counts". All are of scaled values; a corpus
        without a single value has the mean 0 and the deviation 1.
        """
        values = np.arange(1 << 16, dtype="<u2").view("<f2").astype(np.float64)
        present = np.flatnonzero((self._counts > 0) & np.isfinite(values))
        if not len(present):
            values, counts = np.zeros(1), np.ones(1)
        else:
            present = present[np.argsort(values[present])]
            values, counts = values[present], self._counts[present]
        total = counts.sum()
        mean = float(values @ counts / total)
        variance = float((values - mean) ** 2 @ counts / total)
        below = np.cumsum(counts) / total
        edges = np.linspace(
            values[0], values[-1] if values[-1] > values[0] else values[0] + 1, BINS + 1
        )
        bars, _ = np.histogram(values, edges, weights=counts)
        return {
            "mean": mean,
            "std": variance**0.5 or 1.0,
            "min": float(values[0]),
            "max": float(values[-1]),
            "percentiles": {
                str(percent): float(values[np.searchsorted(below, percent / 100)])
                for percent in PERCENTILES
            },
            "floor": floor,
            "floored": float(counts[values <= np.float16(floor)].sum() / total),
            "histogram": {"edges": edges.tolist(), "counts": bars.astype(int).tolist()},
        }


def spread(values: Iterable[float]) -> dict[str, float]:
    """Return min, p5, median, mean, p95 and max; an empty dict for no values."""
    array = np.asarray(list(values), float)
    if not array.size:
        return {}
    low, middle, high = np.percentile(array, (5, 50, 95))
    return {
        "min": float(array.min()),
        "p5": float(low),
        "median": float(middle),
        "mean": float(array.mean()),
        "p95": float(high),
        "max": float(array.max()),
    }


def level_statistics(levels: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return the `spread` of every level that the utterances of a corpus were measured for."""
    names = dict.fromkeys(name for each in levels for name in each)
    return {name: spread(each[name] for each in levels if name in each) for name in names}
