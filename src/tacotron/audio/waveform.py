"""What counts as a waveform here: one check that every function of this room begins with."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tacotron.errors import AudioError


def as_waveform(wave: ArrayLike) -> np.ndarray:
    """``wave`` as a one-dimensional float array: float64 stays, other floats become float32.

    Raises `AudioError` for more than one dimension, for integers (whose full scale would be a
    guess), and for NaN or infinite samples.
    """
    array = np.asarray(wave)
    if array.ndim != 1:
        raise AudioError(
            f"A waveform must have one dimension, not shape {array.shape}: mix its channels first."
        )
    if array.size == 0:
        array = array.astype(np.float32)
    if not np.issubdtype(array.dtype, np.floating):
        raise AudioError(
            f"A waveform must hold floats in [-1, 1], not {array.dtype}: divide by full scale."
        )
    if array.dtype != np.float64:
        array = array.astype(np.float32, copy=False)
    finite = np.isfinite(array)
    if not finite.all():
        first = int(np.argmin(finite))
        raise AudioError(
            f"The waveform holds {int((~finite).sum())} samples that are NaN or infinite, the "
            f"first at sample {first}: render or record it again."
        )
    return array
