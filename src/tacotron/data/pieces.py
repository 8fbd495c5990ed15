"""Pieces of utterances that fit a frame budget: a long recording is cut at its pauses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A symbol that is a smaller share of all is rare: "boy" has one of one in a thousand.
RARE_SHARE = 0.0015


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


def repeat_rare(
    pieces: Sequence[Piece], symbols: Sequence[Sequence[str]], times: int
) -> list[Piece]:
    """``pieces``, those with a rare symbol ``times`` over; ``symbols`` are each piece's.

    What is said once in a thousand symbols is learned last, and until then like its neighbors.
    """
    counts = Counter(symbol for spoken in symbols for symbol in spoken)
    most = RARE_SHARE * counts.total()
    rare = {symbol for symbol, count in counts.items() if count < most}
    return [
        piece
        for piece, spoken in zip(pieces, symbols, strict=True)
        for _ in range(times if rare.intersection(spoken) else 1)
    ]


def _is_sound(symbol: str) -> bool:
    """Whether ``symbol`` is a phoneme or a letter of any front end, behind which no word ends."""
    return symbol.removeprefix("@").isalnum() or symbol == "'"
