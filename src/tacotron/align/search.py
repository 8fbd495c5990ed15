"""The best monotonic path through a map of log-probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def monotonic_durations(log_probs: np.ndarray) -> NDArray[np.int32]:
    """Frames that each symbol lasts on the most probable monotonic path.

    ``log_probs`` is float [T, L]: frame t speaking symbol l. The path starts at the first symbol,
    ends at the last, and visits every symbol for at least one frame (Viterbi; "monotonic alignment
    search" in Kim et al., arXiv 2005.11129). Returns int32 [L] that sums to T. Raises `ValueError`
    if there are fewer frames than symbols. Memory: T x L bytes for the way back.
    """
    return batch_durations([log_probs])[0]


def batch_durations(maps: Sequence[np.ndarray]) -> list[NDArray[np.int32]]:
    """`monotonic_durations` of several ``maps``, float [T, L] of their own sizes, in one pass:
    far faster where they are of like size."""
    for log_probs in maps:
        frames, symbols = log_probs.shape
        if not 0 < symbols <= frames:
            raise ValueError(f"{frames} frames can't visit {symbols} symbols")
    most_frames, most_symbols = (max(m.shape[axis] for m in maps) for axis in (0, 1))
    # Padding follows each map's own last frame and symbol, from where no path leads back.
    padded = np.zeros((most_frames, len(maps), most_symbols))
    for row, log_probs in enumerate(maps):
        padded[: len(log_probs), row, : log_probs.shape[1]] = log_probs
    advanced = np.zeros(padded.shape, dtype=bool)
    best = np.full(padded.shape[1:], -np.inf)
    best[:, 0] = padded[0, :, 0]
    stepped = np.full_like(best, -np.inf)
    for frame in range(1, most_frames):
        stepped[:, 1:] = best[:, :-1]
        np.greater(stepped, best, out=advanced[frame])
        np.maximum(best, stepped, out=best)
        best += padded[frame]
    return [_way_back(advanced[: len(m), row], m.shape[1]) for row, m in enumerate(maps)]


def _way_back(advanced: np.ndarray, symbols: int) -> NDArray[np.int32]:
    durations = np.zeros(symbols, dtype=np.int32)
    symbol = symbols - 1
    for row in advanced[::-1].tolist():
        durations[symbol] += 1
        symbol -= row[symbol]
    return durations


def path_score(log_probs: np.ndarray, durations: np.ndarray) -> float:
    """Mean log-probability of a frame along the path that ``durations`` describe (0 is best)."""
    path = np.repeat(np.arange(len(durations)), durations)
    return float(log_probs[np.arange(len(path)), path].mean())
