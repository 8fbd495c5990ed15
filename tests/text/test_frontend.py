"""Front ends by name, lexicons in their order, and symbols as ids."""

from __future__ import annotations

import pytest

from tacotron.errors import TextError
from tacotron.text import ENGLISH_SYMBOLS, Encoded, Frontend, get_frontend, symbol_ids


def phonemes(encoded: Encoded, place: int = 0) -> str:
    word = encoded.words[place]
    return " ".join(encoded.symbols[word.start : word.stop])


@pytest.mark.parametrize("name", ["english", "keithito", "keithito:basic_cleaners"])
def test_front_ends_have_the_name_they_were_asked_for(name: str) -> None:
    frontend = get_frontend(name)
    assert isinstance(frontend, Frontend)
    assert frontend.name == name
    assert frontend.symbols[0] == "_"
    encoded = frontend.encode("Hello there.")
    assert symbol_ids(encoded.symbols, frontend.symbols)


@pytest.mark.parametrize("name", ["", "klingon", "english:british"])
def test_an_unknown_front_end_is_named(name: str) -> None:
    with pytest.raises(TextError, match=f"no text front end '{name}': choose english, keithito"):
        get_frontend(name)


@pytest.mark.parametrize("name", ["english", "keithito"])
def test_a_lexicon_given_at_encoding_goes_before_the_voice_s(name: str) -> None:
    frontend = get_frontend(name, {"sql": ("S", "IY1", "K", "W", "AH0", "L"), "gif": ("G", "IH1")})
    assert frontend.name == name
    strip = str.maketrans("", "", "@")
    first = frontend.encode("sql gif")
    assert phonemes(first).translate(strip) == "S IY1 K W AH0 L"
    second = frontend.encode("sql gif", lexicon={"gif": ("JH", "IH1", "F")})
    assert phonemes(second).translate(strip) == "S IY1 K W AH0 L"
    assert phonemes(second, 1).translate(strip) == "JH IH1 F"


def test_ids_are_places_in_the_voice_s_table() -> None:
    assert symbol_ids(["^", "HH", "$"], ENGLISH_SYMBOLS) == [1, ENGLISH_SYMBOLS.index("HH"), 2]
    assert symbol_ids(["b", "a"], ["_", "a", "b"]) == [2, 1]


def test_unknown_symbols_are_named() -> None:
    with pytest.raises(TextError, match="no symbol 'QQ', 'x'"):
        symbol_ids(["HH", "x", "QQ", "x"], ENGLISH_SYMBOLS)
