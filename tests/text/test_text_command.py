"""`tacotron text` shows what a front end makes of a text."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tacotron.cli.main import main
from tacotron.text import ENGLISH_SYMBOLS


def test_json_has_the_normalized_text_the_symbols_and_their_ids(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["text", "Hello, world.", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["normalized", "symbols", "ids"]
    assert answer["normalized"] == "Hello, world."
    assert " ".join(answer["symbols"]) == "^ HH AH0 L OW1 , W ER1 L D . $"
    assert answer["ids"] == [ENGLISH_SYMBOLS.index(symbol) for symbol in answer["symbols"]]


def test_plain_output_shows_words_and_symbols(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["text", "Hello world"]) == 0
    assert capsys.readouterr().out == "Hello world\n^ HH AH0 L OW1 ␣ W ER1 L D $\n"


def test_the_original_s_front_end_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["text", "Hi.", "--frontend", "keithito", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["symbols"] == ["h", "i", ".", "~"]


def test_text_comes_from_a_pipe_and_words_from_a_lexicon(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lexicon = tmp_path / "lexicon.txt"
    lexicon.write_text("SQL  S IY1 K W AH0 L\n")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO("SQL…\n".encode())))
    assert main(["text", "-", "--lexicon", str(lexicon)]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "^ S IY1 K W AH0 L . $"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["..."], "nothing to speak"),
        (["{HH QQ}"], "'QQ' is no phoneme"),
        (["hi", "--frontend", "klingon"], "no text front end 'klingon'"),
        (["hi", "--lexicon", "missing.txt"], "Could not read the lexicon missing.txt"),
    ],
)
def test_mistakes_are_one_line_and_status_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["text", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert message in output.err
