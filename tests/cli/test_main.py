"""The dispatcher: help without imports, one line for mistakes, quiet ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tacotron
from tacotron.cli.main import COMMANDS, main

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_help_lists_every_command(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    unwrapped = " ".join(out.split())
    assert all(f" {name} {line}" in unwrapped for name, line in COMMANDS.items())
    assert main([]) == 0
    assert capsys.readouterr().out == out


def test_help_gives_each_command_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["--help"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert {f"{name} {line}" for name, line in COMMANDS.items()} <= set(lines)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"tacotron {command}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["say", "--help"], ["voices", "--help"]])
def test_help_is_light(arguments: list[str]) -> None:
    code = (
        "import sys; from tacotron.cli.main import main;"
        f"assert main({arguments!r}) == 0;"
        "assert not {'numpy', 'onnxruntime', 'importlib.metadata'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tacotron {tacotron.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["sya"], "invalid choice: 'sya'"),
        (["--loud"], "COMMAND"),
        (["say", "--loud", "hi"], "unrecognized arguments: --loud"),
        (["say", "hi", "--speed", "fast"], "--speed: invalid float value: 'fast'"),
        (["say", "hi", "-o"], "expected one argument"),
        (["say", "hi", "--format", "mp3"], "invalid choice: 'mp3'"),
    ],
)
def test_mistakes_on_the_command_line(
    complaint: Callable[..., str], arguments: list[str], expected: str
) -> None:
    assert expected in complaint(*arguments)


def test_one_line_whatever_the_name(complaint: Callable[..., str]) -> None:
    assert "two lines" in complaint("say", "hi", "--voice", "./two\nlines.voice")


def test_closed_pipes_are_quiet(start: Start) -> None:
    with start("--help") as process:
        process.stdout.close()
        assert process.wait() == 141
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
@pytest.mark.parametrize(
    "arguments", [["--help"], ["voices"], ["say", "hi", "--voice", "hum", "-o", "-"]]
)
def test_full_disks_are_told(start: Start, arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full, start(*arguments, stdout=full) as process:
        assert process.wait() == 2
        err = process.stderr.read().decode()
    assert err.startswith("tacotron: ")
    assert "no space left" in err
    assert err.count("\n") == 1


def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as where it was never installed
    assert main(["train", "tacotron", "--corpus", "a", "--run", "b"]) == 2
    assert capsys.readouterr().err == (
        "tacotron: This command needs torch: pip install 'tacotron-tts[train]' brings it.\n"
    )
