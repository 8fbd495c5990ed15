"""Pre-emphasis, a first difference that lifts the highs, and its inverse."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tacotron.audio.waveform import as_waveform

# A tail of the inverse filter's response below this share of a sample is lost in float64 anyway.
_NEGLIGIBLE = 2.0**-53


def preemphasize(wave: ArrayLike, coefficient: float) -> np.ndarray:
    """``y[t] = x[t] - coefficient * x[t - 1]`` with ``x[-1] = 0``; same shape and dtype.

    Raises `AudioError` for what is not a waveform.
    """
    x = as_waveform(wave)
    y = x.copy()
    y[1:] -= coefficient * x[:-1]
    return y


def deemphasize(wave: ArrayLike, coefficient: float) -> np.ndarray:
    """The inverse of `preemphasize`: ``y[t] = x[t] + coefficient * y[t - 1]``; same shape, dtype.

    The recursion's response 1 / (1 - k/z) is the product of (1 + k^s/z^s) over s = 1, 2, 4, ...:
    a dozen vector additions in place of a loop over samples. Raises `AudioError` for what is not a
    waveform.
    """
    x = as_waveform(wave)
    y = x.astype(np.float64)
    step, factor = 1, float(coefficient)
    while step < y.size and abs(factor) > _NEGLIGIBLE:
        y[step:] += factor * y[:-step]
        step, factor = 2 * step, factor * factor
    return y.astype(x.dtype)
