"""The best monotonic path through a map of log-probabilities."""

from __future__ import annotations

import numpy as np


def monotonic_durations(log_probs: np.ndarray) -> np.ndarray:
    """Frames that each symbol lasts on the most probable monotonic path.

    ``log_probs`` is float [T, L]: frame t speaking symbol l. The path starts at the first symbol,
    ends at the last, and visits every symbol for at least one frame (Viterbi; "monotonic alignment
    search" in Kim et al., arXiv 2005.11129). Returns int32 [L] that sums to T. Raises `ValueError`
    if there are fewer frames than symbols. Memory: T x L bytes for the way back.
    """
    frames, symbols = log_probs.shape
    if not 0 < symbols <= frames:
        raise ValueError(f"{frames} frames can't visit {symbols} symbols")
    advanced = np.zeros((frames, symbols), dtype=bool)
    best = np.full(symbols, -np.inf, dtype=np.float64)
    best[0] = log_probs[0, 0]
    stepped = np.full(symbols, -np.inf)
    for frame in range(1, frames):
        stepped[1:] = best[:-1]
        np.greater(stepped, best, out=advanced[frame])
        np.maximum(best, stepped, out=best)
        best += log_probs[frame]

    durations = np.zeros(symbols, dtype=np.int32)
    symbol = symbols - 1
    for frame in range(frames - 1, -1, -1):
        durations[symbol] += 1
        symbol -= advanced[frame, symbol]
    return durations


def path_score(log_probs: np.ndarray, durations: np.ndarray) -> float:
    """Mean log-probability of a frame along the path that ``durations`` describe (0 is best)."""
    path = np.repeat(np.arange(len(durations)), durations)
    return float(log_probs[np.arange(len(path)), path].mean())
