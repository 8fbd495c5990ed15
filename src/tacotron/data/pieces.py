"""Pieces of utterances that fit a frame budget: a long recording is cut at its pauses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of symbols of one utterance and the frames that speak them."""

    utterance: int  # index into the corpus
    symbols: slice
    frames: slice
    durations: NDArray[np.int32]  # of each symbol, in frames; sums to the frames
    ids: NDArray[np.int64] | None = None  # of other symbols spoken in place of the corpus'


def pieces_of(
    utterance: int, symbols: Sequence[str], durations: NDArray[np.int32], max_frames: int
) -> list[Piece]:
    """Cut an utterance into pieces of at most ``max_frames``, whole where it fits.

    Cuts fall behind the last pause or word boundary that leaves a piece within the limit, behind
    any symbol where there is none; a single symbol that lasts longer is shortened. Together the
    pieces speak all symbols.
    """
    ends = np.cumsum(durations)
    starts = ends - durations
    found = []
    first = 0
    while first < len(symbols):
        fitting = int(np.searchsorted(ends, starts[first] + max_frames, side="right"))
        stop = max(fitting, first + 1)
        if stop < len(symbols):
            breaks = (n for n in range(stop, first + 1, -1) if not _is_sound(symbols[n - 1]))
            stop = next(breaks, stop)
        kept = np.minimum(durations[first:stop], max_frames).astype(np.int32)
        begin = int(starts[first])
        frames = slice(begin, begin + int(kept.sum()))
        found.append(Piece(utterance, slice(first, stop), frames, kept))
        first = stop
    return found


def _is_sound(symbol: str) -> bool:
    """Whether ``symbol`` is a phoneme or a letter of any front end, behind which no word ends."""
    return symbol.removeprefix("@").isalnum() or symbol == "'"
