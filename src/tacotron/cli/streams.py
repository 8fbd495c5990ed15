"""Standard input as text and standard output as bytes, with errors in the user's words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tacotron.errors import TacotronError, TextError


class OutputClosed(Exception):
    """Whoever read our standard output has gone; not an `OSError`, which files would take for
    theirs."""


class BinaryOutput:
    """A pipe or a device that bytes are written to: each write reaches the reader at once."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name  # in messages

    def write(self, data: bytes) -> int:
        """Write all of ``data``. Raises `OutputClosed`, or `TacotronError` for a full disk."""
        try:
            rest = memoryview(data)
            while rest:  # an unbuffered stream may take less than all
                rest = rest[self._stream.write(rest) :]
            self._stream.flush()
        except BrokenPipeError as error:
            raise OutputClosed from error
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise TacotronError(
                f"Could not write to {self._name} ({reason}): send it where there is room."
            ) from error
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


@contextmanager
def open_output(path: str) -> Iterator[BinaryOutput | Path]:
    """Give what writes to ``path``: a stream for ``"-"``, pipes and devices, else the path.

    Files are replaced when they are whole; replacing ``/dev/null`` or a named pipe would destroy
    it. Raises `TacotronError` where standard output is a terminal, and `OSError` where a pipe or a
    device can't be opened.
    """
    if path == "-":
        if sys.stdout.isatty():
            raise TacotronError(
                "Standard output is a terminal: send the audio to a file (-o FILE) or a player "
                "(tacotron say TEXT -o - | aplay)."
            )
        yield BinaryOutput(sys.stdout.buffer, "standard output")
    elif Path(path).exists() and not (Path(path).is_file() or Path(path).is_dir()):
        with open(path, "wb") as stream:
            yield BinaryOutput(stream, path)
    else:
        yield Path(path)


def read_lines() -> Iterator[str]:
    """Yield the lines of standard input as they come. Raises `TextError` as `read_text` does."""
    encoding = "utf-8-sig"
    while line := sys.stdin.buffer.readline():
        try:
            yield line.decode(encoding)
        except UnicodeDecodeError as error:
            raise TextError(
                f"Could not read standard input: {line[:40]!r} is not UTF-8 text; convert it."
            ) from error
        encoding = "utf-8"


def read_text(source: str | Path) -> str:
    """Return the text of the file ``source``, or of standard input where it is ``"-"``.

    Raises `TextError` where it can't be read or is not UTF-8.
    """
    name = "standard input" if str(source) == "-" else str(source)
    try:
        data = sys.stdin.buffer.read() if str(source) == "-" else Path(source).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TextError(f"Could not read {name} ({reason}): give a file of text.") from error
    except UnicodeDecodeError as error:
        raise TextError(
            f"Could not read {name}: it is not UTF-8 text (see byte {error.start}); convert it."
        ) from error
