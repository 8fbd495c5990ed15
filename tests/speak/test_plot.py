"""The picture of speech: a whole file of the asked kind, with the words in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tacotron.errors import TacotronError
from tacotron.speak import Voice
from tacotron.speak.plot import check_plot, write_plot


def test_png(hum_voice: Path, tmp_path: Path) -> None:
    voice = Voice.load(hum_voice)
    write_plot(tmp_path / "a.png", list(voice.synthesize("Hello. World.")), voice.convention)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_words_are_in_it(hum_voice: Path, tmp_path: Path) -> None:
    voice = Voice.load(hum_voice)
    write_plot(tmp_path / "a.svg", list(voice.synthesize("Hello world.")), voice.convention)
    picture = (tmp_path / "a.svg").read_text()
    assert "<!-- Hello -->" in picture
    assert "<!-- world -->" in picture
    assert "<!-- HH -->" in picture


def test_other_suffixes() -> None:
    with pytest.raises(TacotronError, match=r"\.png"):
        check_plot("speech.bmp")


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tacotron.speak.plot.find_spec", lambda name: None)
    with pytest.raises(TacotronError, match="install"):
        check_plot("speech.png")
