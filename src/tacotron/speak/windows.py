"""Networks that look a few frames to each side, run on frames that come block by block."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


class Windows:
    """Applies a function of frames [T, ...] to what comes in blocks, as if it had come at once.

    The function gives arrays [T, ...] whose frame t depends on frames t - context to t + context.
    It runs on each block together with that many frames around it, which are not given out again.
    """

    def __init__(
        self, function: Callable[[np.ndarray], Sequence[np.ndarray]], *, context: int
    ) -> None:
        self._function = function
        self._context = context
        self._held: list[np.ndarray] = []
        self._lead = 0  # frames held that were given out: what the next ones look back on

    def push(self, frames: np.ndarray, *, last: bool = False) -> list[np.ndarray] | None:
        """Take the next frames; return the function's arrays for those that can be known now.

        None where there are none. With ``last`` no more will come, and all the rest is returned.
        """
        held = np.concatenate([*self._held, frames])
        stop = len(held) - (0 if last else self._context)
        if stop <= self._lead:
            self._held = [held]
            return None
        outputs = [output[self._lead : stop] for output in self._function(held)]
        kept = max(0, stop - self._context)
        self._held, self._lead = [held[kept:]], stop - kept
        return outputs
