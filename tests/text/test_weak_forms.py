"""Small words depend on what follows them."""

from __future__ import annotations

import pytest

from tacotron.text.symbols import is_phoneme, is_vowel
from tacotron.text.weak_forms import WEAK, weak_form

VOWEL = ("AE1", "P", "AH0", "L")
CONSONANT = ("P", "EH1", "R")
PAUSE = ()


@pytest.mark.parametrize(
    ("tokens", "following", "expected"),
    [
        (["the", "apple"], VOWEL, "DH IY0"),
        (["The", "pear"], CONSONANT, "DH AH0"),
        (["the", "."], PAUSE, "DH AH0"),
        (["to", "apple"], VOWEL, "T UW0"),
        (["to", "pear"], CONSONANT, "T AH0"),
        (["a", "pear"], CONSONANT, "AH0"),
        (["A", "pear"], CONSONANT, "AH0"),
        (["a", ","], PAUSE, "EY1"),
        (["A", "."], PAUSE, "EY1"),
        (["A", "B", "C"], ("B", "IY1"), "EY1"),
        (["I", "pear"], CONSONANT, "AY0"),
        (["I", "."], PAUSE, "AY1"),
        (["x", "pear"], CONSONANT, "EH1 K S"),
        (["of", "pear"], CONSONANT, "AH0 V"),
        (["Was", "pear"], CONSONANT, "W AH0 Z"),
        (["fifteen", "pear"], CONSONANT, "F IH1 F T IY2 N"),
        (["fifteen", "."], PAUSE, "F IH2 F T IY1 N"),
    ],
)
def test_form_of_a_first_word(tokens: list[str], following: tuple[str, ...], expected: str) -> None:
    assert weak_form(tokens, 0, following) == tuple(expected.split())


@pytest.mark.parametrize("word", ["of", "to", "was", "that", "hello"])
def test_the_end_of_a_phrase_has_the_dictionary_s_form(word: str) -> None:
    assert weak_form([word, "."], 0, PAUSE) is None


@pytest.mark.parametrize(
    ("tokens", "place", "article"),
    [
        (["Once", "Upon", "A", "Time"], 2, True),
        (["plan", "A", "worked"], 1, False),
        (["well", ",", "A", "pear"], 2, True),
        (["F", "A", "Q"], 1, False),
        (["give", "me", "a", "B"], 2, True),
    ],
)
def test_a_capital_a_is_an_article_or_a_letter(
    tokens: list[str], place: int, article: bool
) -> None:
    assert weak_form(tokens, place, CONSONANT) == (("AH0",) if article else ("EY1",))


def test_weak_forms_are_phonemes_without_stress() -> None:
    for phonemes in WEAK.values():
        assert all(is_phoneme(phoneme) for phoneme in phonemes)
        assert {phoneme[-1] for phoneme in phonemes if is_vowel(phoneme)} == {"0"}
