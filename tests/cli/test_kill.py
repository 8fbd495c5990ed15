"""Stopping `tacotron say` in the middle: no half-written file, no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Start = Callable[..., subprocess.Popen[bytes]]
LONG = "Hello there, this goes on and on. " * 3000
SAY = ["say", "-", "--voice", "hum"]


def speak_long(process: subprocess.Popen[bytes]) -> None:
    process.stdin.write(LONG.encode())
    process.stdin.close()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
def test_a_file_is_whole_or_not_there(start: Start, folder: Path, number: int, status: int) -> None:
    (folder / "old.wav").write_bytes(b"what was there before")
    with start(*SAY, "-o", "old.wav", "--save-mel", "new.npy") as process:
        speak_long(process)
        # Some audio has reached the temporary file.
        while not any(path.stat().st_size > 1000 for path in folder.glob(".old.wav*")):
            assert process.poll() is None
        process.send_signal(number)
        assert process.wait() == status
        assert process.stderr.read() == b""
    assert (folder / "old.wav").read_bytes() == b"what was there before"
    assert not (folder / "new.npy").exists()
    if number != signal.SIGKILL:  # which leaves no time to tidy up
        assert os.listdir(folder) == ["old.wav"]


def test_a_closed_pipe_ends_quietly(start: Start) -> None:
    with start(*SAY, "-o", "-") as process:
        speak_long(process)
        assert process.stdout.read(4) == b"RIFF"
        process.stdout.close()
        assert process.wait() == 141
        assert process.stderr.read() == b""


def test_a_closed_pipe_does_not_blame_other_files(start: Start, folder: Path) -> None:
    with start(*SAY, "-o", "-", "--save-mel", "new.npy") as process:
        speak_long(process)
        assert process.stdout.read(4) == b"RIFF"
        process.stdout.close()
        assert process.wait() == 141
        assert process.stderr.read() == b""
    assert not list(folder.iterdir())
