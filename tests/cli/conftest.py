"""Every command-line test runs in an empty folder, with the hum voice and no other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tacotron.cli.main import main

COMMAND = [sys.executable, "-W", "error", "-m", "tacotron.cli.main"]


@pytest.fixture(autouse=True)
def folder(hum_voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder."""
    monkeypatch.setenv("TACOTRON_VOICES", str(hum_voice.parent))
    monkeypatch.setenv("XDG_DATA_HOME", str(hum_voice.parent / "none"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def complaint(capsys: pytest.CaptureFixture[str], folder: Path) -> Callable[..., str]:
    """Runs a command that must fail as a user's mistake does, and returns its one line."""

    def complain(*arguments: str) -> str:
        before = sorted(folder.rglob("*"))
        assert main(arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("tacotron: ")
        assert err.count("\n") == 1
        assert err.endswith("\n")
        assert sorted(folder.rglob("*")) == before
        return err

    return complain


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[bytes]]:
    """Starts the command in a process of its own, its streams piped unless told otherwise."""

    def start(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([*COMMAND, *arguments], **streams | options, env=os.environ)

    return start
