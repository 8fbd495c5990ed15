"""Atomic writing: the old file or the whole new one, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tacotron.errors import TacotronError
from tacotron.files import atomic_write


def test_a_failed_block_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    path.write_text("old")

    def write_half() -> None:
        with atomic_write(path, "w") as file:
            file.write("half of the n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_writer_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "kept.bin"
    path.write_bytes(b"old")
    code = (
        "import sys, time\nfrom tacotron.files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as file:\n"
        "    file.write(b'x' * 100_000)\n    file.flush()\n"
        "    print('written', flush=True)\n    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert path.read_bytes() == b"old"


def test_a_finished_file_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with atomic_write(tmp_path / "a") as file:
            file.write(b"whole")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("place", ["missing/a.txt", "file/a.txt"])
def test_an_impossible_place_is_one_sentence(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("no folder")
    with (
        pytest.raises(TacotronError, match="Could not write") as caught,
        atomic_write(tmp_path / place),
    ):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence() -> None:
    with (
        pytest.raises(TacotronError, match="no space left"),
        atomic_write("/dev/full") as file,
    ):
        file.write(b"x" * 100_000)


def test_a_device_is_written_to_not_replaced() -> None:
    with atomic_write("/dev/null") as file:
        file.write(b"gone")
    assert not Path("/dev/null").is_file()
