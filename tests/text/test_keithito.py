"""keithito/tacotron's front end against what the original printed.

tests/data/keithito_text.json holds symbols, cleaned texts, ids and round trips that the original
project (commit d26c763, with the libraries it pins) gave.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.errors import TextError
from tacotron.text.frontend import Frontend, Word, get_frontend, symbol_ids
from tacotron.text.keithito import (
    CLEANERS,
    SYMBOLS,
    KeithitoFrontend,
    convert_to_ascii,
    expand_numbers,
    sequence_to_text,
)

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "data" / "keithito_text.json").read_text(encoding="utf-8")
)
CASES = [
    pytest.param(cleaners, case["text"], expected, id=f"{cleaners}-{case['text'][:30]!a}")
    for case in REFERENCE["cases"]
    for cleaners, expected in case.items()
    if cleaners != "text"
]


def test_symbols_are_the_original_ones_in_order():
    assert list(SYMBOLS) == REFERENCE["symbols"]


@pytest.mark.parametrize(("cleaners", "text", "expected"), CASES)
def test_text_becomes_the_original_ids(cleaners, text, expected):
    encoded = KeithitoFrontend(cleaners).encode(text)
    ids = symbol_ids(encoded.symbols, SYMBOLS)
    assert ids == expected["ids"]
    assert sequence_to_text(ids) == expected["roundtrip"]
    if expected.get("cleaned") is not None:
        assert encoded.normalized == expected["cleaned"]


@pytest.mark.parametrize(("text", "expected"), REFERENCE["numbers"].items())
def test_numbers_are_read_as_the_original_reads_them(text, expected):
    assert expand_numbers(text) == expected


@pytest.mark.parametrize(("ids", "expected"), REFERENCE["sequence_to_text"].items())
def test_ids_become_the_original_text(ids, expected):
    assert sequence_to_text(json.loads(ids)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # As Unidecode 0.4.20 prints them.
        ("¢ £ © ® ™ § ×", "C/ PS (c) (r) (tm) SS x"),  # noqa: RUF001
        ("„a‚ b — c―d⁃e", ",,a, b -- c--d--e"),  # noqa: RUF001
        ("2½ cups, 3⅔ cups", "21/2 cups, 3 2/3  cups"),
        ("Юлия Ёлкина, Йошкар-Ола", "Iuliia Iolkina, Ioshkar-Ola"),
        ("Ærø Œuvre Łódź ﬁn", "AEro OEuvre Lodz fin"),
        ("wow 😀☀!", "wow !"),
    ],
)
def test_transliteration_is_unidecodes(text, expected):
    assert convert_to_ascii(text) == expected


def test_numbers_the_original_cannot_read_are_read():
    assert expand_numbers("$,5") == "five dollars"
    assert expand_numbers("1" * 40) == " ".join(["one"] * 40)
    assert expand_numbers("2" * 40 + "nd") == " ".join(["two"] * 40)
    assert expand_numbers("$" + "1" * 5000).endswith(" one dollars")


def test_words_are_the_runs_between_spaces():
    encoded = KeithitoFrontend().encode(" Dr. {W AY1}, {AA1 B} no ")
    assert [word.text for word in encoded.words] == ["doctor", "{W AY1},", "{AA1 B}", "no"]
    assert encoded.words[1] == Word("{W AY1},", 8, 11)
    assert encoded.symbols[8:11] == ("@W", "@AY1", ",")


def test_what_is_dropped_is_told_once():
    encoded = KeithitoFrontend("none").encode("a/b/c # {QQ AA1}\nlost")
    assert sequence_to_text(symbol_ids(encoded.symbols, SYMBOLS)) == "abc  {AA1}~"
    assert encoded.warnings == (
        "Dropped what has no symbol in keithito's front end: '/', '#', 'QQ'.",
        "What follows the line break after a closing brace was dropped.",
    )
    assert KeithitoFrontend().encode("plain, and clean").warnings == ()


def test_a_lexicon_decides_how_its_words_are_said():
    lexicon = {"tomato": ("T", "AH0", "M", "AA1", "T", "OW2")}
    encoded = KeithitoFrontend().encode("A Tomato, tomatoes.", lexicon=lexicon)
    spelled = sequence_to_text(symbol_ids(encoded.symbols, SYMBOLS))
    assert spelled == "a {T AH0 M AA1 T OW2}, tomatoes.~"
    assert encoded.normalized == "a tomato, tomatoes."


def test_front_end_is_found_by_name():
    front_end = get_frontend("keithito")
    assert isinstance(front_end, Frontend)
    assert front_end.name == "keithito"
    named = get_frontend("keithito:lowercase,collapse_whitespace")
    assert named.name == "keithito:lowercase,collapse_whitespace"
    assert named.encode("A  B").normalized == "a b"


def test_unknown_cleaner_is_named_with_the_known_ones():
    with pytest.raises(TextError, match=r"no cleaner 'tidy'.*english_cleaners"):
        KeithitoFrontend("lowercase,tidy")


@given(st.text(), st.sampled_from([*CLEANERS, "none"]))
def test_any_text_gives_known_symbols_and_ordered_words(text, cleaners):
    encoded = KeithitoFrontend(cleaners).encode(text)
    assert symbol_ids(encoded.symbols, SYMBOLS)[-1] == 1
    previous = 0
    for word in encoded.words:
        assert previous <= word.start < word.stop < len(encoded.symbols)
        assert " " not in encoded.symbols[word.start : word.stop]
        previous = word.stop
