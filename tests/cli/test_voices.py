"""`tacotron voices`: what there is, and whether a file is whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tacotron.cli.main import main
from tacotron.voice import registry


@pytest.fixture(autouse=True)
def nothing_ships(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "SHIPPED", folder / "none")


def test_list(hum_voice: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["voices"]) == 0
    out = capsys.readouterr().out
    assert all(text in out for text in ("hum", "en-US", "2 speakers", "MIT", str(hum_voice)))


def test_list_as_data(hum_voice: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["voices", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["name"], row["speakers"]) == ("hum", ["alto", "tenor"])
    assert row["bytes"] == hum_voice.stat().st_size


def test_no_voice(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TACOTRON_VOICES", "nowhere")
    assert main(["voices"]) == 0
    assert "nowhere" in capsys.readouterr().out


def test_a_broken_voice_does_not_hide_the_others(
    folder: Path,
    hum_voice: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "torn.voice").write_bytes(hum_voice.read_bytes()[:1000])
    monkeypatch.setenv("TACOTRON_VOICES", f"{folder}:{hum_voice.parent}")
    assert main(["voices"]) == 0
    out, err = capsys.readouterr()
    assert "hum" in out
    assert "torn.voice is no voice" in err


def test_show(hum_voice: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for voice in ("hum", str(hum_voice)):
        assert main(["voices", voice]) == 0
        out = capsys.readouterr().out
        assert all(
            text in out for text in ("non-attentive", "22050", "word error rate", "It hums.")
        )


def test_show_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["voices", "hum", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["convention"]["name"] == "nvidia"
    assert set(data["parts"]) >= {"encoder.onnx", "decoder.onnx"}


def test_show_verifies(folder: Path, hum_voice: Path, complaint: Callable[..., str]) -> None:
    data = bytearray(hum_voice.read_bytes())
    data[data.index(b"It hums.")] ^= 1
    (folder / "hum.voice").write_bytes(data)
    assert "hum.voice" in complaint("voices", "./hum.voice")
    assert "did you mean 'hum'" in complaint("voices", "hun")
