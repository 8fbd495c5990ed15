"""Which voices there are: folders in order, names that are only looked up, paths that are paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from tacotron.errors import VoiceError
from tacotron.voice import find_voices, locate, locate_name, registry, voice_folders


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Empty folders in every place where voices are looked for."""
    places = {
        "first": tmp_path / "first",
        "second": tmp_path / "second",
        "user": tmp_path / "data" / "tacotron" / "voices",
        "shipped": tmp_path / "shipped",
    }
    for place in places.values():
        place.mkdir(parents=True)
    monkeypatch.setenv("TACOTRON_VOICES", f"{places['first']}:{places['second']}")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(registry, "SHIPPED", places["shipped"])
    return places


def test_folders_in_order(folders: dict[str, Path]) -> None:
    assert voice_folders() == list(folders.values())


def test_user_folder_without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TACOTRON_VOICES", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    user, shipped = voice_folders()
    assert user == Path.home() / ".local/share/tacotron/voices"
    assert shipped == Path(registry.__file__).parents[1] / "voices"


def test_earlier_folders_win(folders: dict[str, Path]) -> None:
    for place in ("shipped", "user", "second"):
        (folders[place] / "heart.voice").touch()
    (folders["user"] / "anna.voice").touch()
    (folders["user"] / ".hidden.voice").touch()
    (folders["user"] / "notes.txt").touch()
    (folders["user"] / "folder.voice").mkdir()
    assert find_voices() == {
        "anna": folders["user"] / "anna.voice",
        "heart": folders["second"] / "heart.voice",
    }
    assert locate() == locate("heart") == folders["second"] / "heart.voice"


def test_missing_folders_hold_nothing(folders: dict[str, Path]) -> None:
    folders["first"].rmdir()
    assert find_voices() == {}


def test_unknown_names_get_advice(folders: dict[str, Path]) -> None:
    with pytest.raises(VoiceError, match="nor any other"):
        locate()
    (folders["user"] / "anna.voice").touch()
    with pytest.raises(VoiceError, match="did you mean 'anna'"):
        locate("ana")
    with pytest.raises(VoiceError, match="choose anna"):
        locate("xylophone")


def test_paths(folders: dict[str, Path], tmp_path: Path) -> None:
    assert locate("some/where") == Path("some/where")
    assert locate("mine.voice") == Path("mine.voice")
    assert locate(Path("mine")) == Path("mine")
    assert locate("~/mine.voice") == Path.home() / "mine.voice"


@pytest.mark.parametrize(
    "name",
    ["../first/secret", "first/secret", "/etc/passwd", "secret.voice", ".", "..", "", "a\0b"],
)
def test_a_name_is_never_a_path(folders: dict[str, Path], name: str) -> None:
    (folders["first"] / "secret.voice").touch()
    with pytest.raises(VoiceError, match="There is no voice"):
        locate_name(name)
