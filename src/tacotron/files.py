"""Writing files so that a reader sees the old one or the whole new one, never half."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from tacotron.errors import TacotronError


@contextmanager
def atomic_write(path: str | Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a temporary sibling of ``path`` that takes its place when the block ends well.

    ``mode`` is ``"wb"`` or ``"w"`` (UTF-8). If the block raises, or the process dies, ``path`` is
    as it was before. Raises `TacotronError` where the folder can't be written or the disk is full.
    """
    path = Path(path)
    encoding = None if "b" in mode else "utf-8"
    try:
        if path.exists() and not path.is_file():
            # A device or a pipe (/dev/null, say) is written to; a file in its place would be worse.
            with path.open(mode, encoding=encoding) as file:
                yield file
            return
        with NamedTemporaryFile(
            mode, dir=path.parent, prefix=f".{path.name}.", delete=False, encoding=encoding
        ) as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                # A temporary file is private (0600); the finished one follows the user's umask.
                os.chmod(file.name, 0o666 & ~_umask())
                os.replace(file.name, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(file.name)
                raise
    except OSError as error:
        raise _unwritable(path, error) from error


def check_folder(path: str | Path) -> None:
    """Raise `TacotronError` where `atomic_write` could make no file beside ``path``."""
    path = Path(path)
    try:
        if not path.exists() or path.is_file():
            with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
                pass
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> TacotronError:
    reason = (error.strerror or str(error)).lower()
    return TacotronError(
        f"Could not write {path} ({reason}): choose a folder that exists, "
        "may be written to and has room."
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
