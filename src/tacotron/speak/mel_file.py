"""A mel written to a ``.npy`` file as it is spoken, in memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from tacotron.files import atomic_write


class MelWriter:
    """Appends frames; `mel_writer` makes it."""

    def __init__(self, file: IO[bytes], n_mels: int) -> None:
        self._file = file
        self._n_mels = n_mels
        self._frames = 0
        self._write_header()

    def write(self, mel: np.ndarray) -> None:
        """Append ``mel``, float32 [frames, n_mels]."""
        self._file.write(np.ascontiguousarray(mel, "<f4").tobytes())
        self._frames += len(mel)

    def _write_header(self) -> None:
        # numpy pads its header so that the first axis can grow in place.
        header = {"descr": "<f4", "fortran_order": False, "shape": (self._frames, self._n_mels)}
        self._file.seek(0)
        np.lib.format.write_array_header_1_0(self._file, header)

    def finish(self) -> None:
        """Put the number of frames where numpy looks for it."""
        self._write_header()


@contextmanager
def mel_writer(path: str | Path, n_mels: int) -> Iterator[MelWriter]:
    """Write float32 [frames, n_mels] to ``path``, which appears whole when the block ends well.

    Raises `TacotronError` where the file can't be written.
    """
    with atomic_write(path) as file:
        writer = MelWriter(file, n_mels)
        yield writer
        writer.finish()
