"""Voices are looked up by name: what a request calls one never becomes a path."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tacotron.errors import VoiceError
from tacotron.serve.errors import UnknownVoice
from tacotron.serve.voices import Shelf


@pytest.fixture
def folder(hum_voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of voices, beside those that ship; hum is in it."""
    folder = tmp_path / "voices"
    folder.mkdir()
    shutil.copy(hum_voice, folder / "hum.voice")
    shutil.copy(hum_voice, tmp_path / "outside.voice")
    monkeypatch.setenv("TACOTRON_VOICES", str(folder))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "none"))
    return folder


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "../outside.voice",
        "./hum",
        "hum.voice",
        "voices/hum",
        "..",
        "~",
        "/etc/passwd",
        "hum\0",
        "hum\n",
        "HUM",
        "C:\\hum",
        "%2e%2e%2foutside",
        "a" * 100_000,
    ],
)
def test_paths_are_no_names(folder: Path, name: str, fixed: bool) -> None:
    shelf = Shelf([str(folder / "hum.voice")] if fixed else [])
    for asked in (name, str(folder.parent / "outside.voice")):
        with pytest.raises(UnknownVoice) as raised:
            shelf.find(asked)
        assert len(str(raised.value)) < 300


def test_all_there_are(folder: Path) -> None:
    shelf = Shelf()
    names = [offer.name for offer in shelf.offers()]
    assert names[0] == shelf.default.name == "heart"
    assert names[1:] == sorted(names[1:])
    assert "hum" in names
    assert shelf.find("hum").path == folder / "hum.voice"


def test_those_that_were_named(folder: Path) -> None:
    outside = folder.parent / "outside.voice"
    shelf = Shelf([str(outside), "hum"])
    assert [offer.name for offer in shelf.offers()] == ["outside", "hum"]
    assert shelf.find(None) is shelf.default
    assert shelf.default.path == outside
    with pytest.raises(UnknownVoice, match="choose outside, hum"):
        shelf.find("heart")


def test_two_of_one_name(folder: Path, hum_voice: Path) -> None:
    with pytest.raises(VoiceError, match="Two voices are called hum"):
        Shelf(["hum", str(hum_voice)])


def test_missing_and_damaged_files_are_told_at_once(folder: Path) -> None:
    with pytest.raises(VoiceError, match="no voice 'hem'"):
        Shelf(["hem"])
    with pytest.raises(VoiceError, match=r"no voice file .*gone\.voice"):
        Shelf([str(folder / "gone.voice")])
    (folder / "torn.voice").write_bytes(b"PK\3\4 and no more")
    with pytest.raises(VoiceError, match=r"torn\.voice is no voice"):
        Shelf(["torn"])


def test_a_damaged_file_hides_no_other(folder: Path) -> None:
    (folder / "torn.voice").write_bytes(b"PK\3\4 and no more")
    shelf = Shelf()
    assert "hum" in [offer.name for offer in shelf.offers()]
    with pytest.raises(VoiceError, match="is no voice"):
        shelf.find("torn")


def test_loaded_once_and_again_when_replaced(folder: Path, hum_voice: Path) -> None:
    shelf = Shelf()
    voice = shelf.load(shelf.find("hum"))
    assert shelf.load(shelf.find("hum")) is voice
    path = folder / "hum.voice"
    other = folder / "other"
    shutil.copy(hum_voice, other)
    os.utime(other, ns=(1, 1))
    other.replace(path)
    assert shelf.load(shelf.find("hum")) is not voice
