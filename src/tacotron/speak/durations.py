"""How long each symbol lasts, in whole frames, and which symbol each frame speaks."""

from __future__ import annotations

import numpy as np

LONGEST_SECONDS = 4.0  # of one symbol at speed 1; a pause between chapters is shorter


def whole_frames(expected: np.ndarray, *, multiple_of: int = 1) -> np.ndarray:
    """Round ``expected`` frames [symbols] to whole ones: int64 [symbols], each at least 1.

    Every symbol's rounding error is carried to the next, so that the total is right to a frame
    (where the minimum of 1 doesn't add more than later symbols can give back). The last symbol is
    lengthened until the total is a multiple of ``multiple_of``.
    """
    durations = np.empty(len(expected), np.int64)
    carried = 0.0
    for i, frames in enumerate(expected.tolist()):
        wanted = frames + carried
        durations[i] = max(1, round(wanted))
        carried = wanted - float(durations[i])
    durations[-1] += -durations.sum() % multiple_of
    return durations


def frame_positions(durations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which symbol each frame speaks, and where in that symbol the frame lies.

    ``durations`` int64 [symbols] -> index int64 [frames], position float32 [frames, 3]: with w the
    frame's number within its symbol and d the symbol's duration, (w + 0.5) / d, ln d, 1 / (d - w).
    """
    index = np.repeat(np.arange(len(durations)), durations)
    starts = np.cumsum(durations) - durations
    within = np.arange(len(index)) - starts[index]
    length = durations[index].astype(np.float32)
    within = within.astype(np.float32)
    position = np.stack([(within + 0.5) / length, np.log(length), 1 / (length - within)], axis=1)
    return index, position.astype(np.float32)


def attended_frames(weights: np.ndarray, frames: int) -> np.ndarray:
    """Whole frames that each symbol lasts: int64 [symbols], each at least 1, ``frames`` together.

    ``weights`` float [steps, symbols] are the attention's in each of the steps that share
    ``frames`` (no fewer than symbols) evenly. A symbol ends where the steps are parted best into
    those that look at it or before it and those that look behind it: a moment's look elsewhere
    moves nothing. The weights of the steps at that place are read as what training teaches them,
    the share of a step's frames that each symbol takes, and so find where within a step it ends.
    """
    steps, symbols = weights.shape
    # How much of each step goes to a symbol or to those before it, where all before the first step
    # does and nothing behind the last.
    until = np.pad(np.cumsum(weights, axis=1, dtype=np.float64), ((1, 1), (0, 0)))
    until[0] = 1.0
    gain = np.cumsum(until[1:-1] - 0.5, axis=0)
    parted = np.pad(gain, ((1, 0), (0, 0))).argmax(axis=0)  # steps before the end of each symbol
    each = np.arange(symbols)
    ends = parted - 1 + until[parted, each] + until[parted + 1, each]
    ends = np.rint(np.clip(ends / steps, 0.0, 1.0) * frames).astype(np.int64)
    # A frame for every symbol: room is made behind short ones, then taken from those before the
    # end where there is none left.
    places = each + 1
    ends = np.maximum.accumulate(np.maximum(ends - places, 0)) + places
    ends = np.minimum(ends, frames - symbols + places)
    ends[-1] = frames
    return np.diff(ends, prepend=0)
