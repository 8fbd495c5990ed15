"""Mels in ``.npy`` files: float32 [frames, n_mels], as vocoders and other tools exchange them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from tacotron.errors import AudioError
from tacotron.files import atomic_write


def write_mel(path: str | Path, mel: ArrayLike) -> None:
    """Write ``mel`` [frames, n_mels] as float32. Raises `TacotronError` where that can't be."""
    with atomic_write(path) as file:
        np.save(file, np.asarray(mel, np.float32), allow_pickle=False)


def read_mel(path: str | Path) -> np.ndarray:
    """Read a mel of any float type: float32 [frames, n_mels].

    Raises `AudioError` where the file is missing, or isn't an ``.npy`` file of a float matrix.
    """
    try:
        mel = np.load(path, allow_pickle=False)
    # numpy's errors for a foreign, a truncated and an empty file.
    except (OSError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or "it is not a whole .npy file"
        raise AudioError(
            f"Could not read the mel {path} ({reason.lower()}): give an .npy file as "
            "tacotron mel extract writes it."
        ) from error
    if not isinstance(mel, np.ndarray) or mel.ndim != 2 or mel.dtype.kind != "f":
        raise AudioError(
            f"Could not use the mel {path}: it must be one float array [frames, n_mels]."
        )
    return mel.astype(np.float32, copy=False)
