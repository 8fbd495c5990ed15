"""Words that no dictionary has are derived, drawn together, spelled or guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.errors import TextError
from tacotron.text.lexicon import cmudict
from tacotron.text.morphology import derive, with_ed, with_s
from tacotron.text.pronounce import LONGEST_GUESS, Pronouncer, letter_name, without_quotes
from tacotron.text.symbols import is_phoneme, is_vowel

WORDS = st.from_regex(r"[a-z]([a-z']{0,12}[a-z])?", fullmatch=True)


def say(word: str) -> str:
    return " ".join(Pronouncer().word(word))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("hello", "HH AH0 L OW1"),
        ("Hello", "HH AH0 L OW1"),
        ("tacotron's", "T EY1 K AH0 T R AA0 N Z"),  # of a guessed stem
        ("deceives", "D IH0 S IY1 V Z"),
        ("wretches", "R EH1 CH IH0 Z"),
        ("debaucheries", "D AH0 B AO1 CH ER0 IY0 Z"),
        ("reprieved", "R IY0 P R IY1 V D"),
        ("sheeted", "SH IY1 T IH0 D"),
        ("cookies'", "K UH1 K IY0 Z"),
        ("blogging", "B L AO1 G IH0 NG"),
        ("vileness", "V AY1 L N AH0 S"),
        ("walkin'", "W AO1 K IH0 N"),
    ],
)
def test_endings_are_added_to_known_words(word: str, expected: str) -> None:
    assert say(without_quotes(word)) == expected


@pytest.mark.parametrize(
    ("stem", "plural", "past"),
    [
        ("K AE1 T", "S", "IH0 D"),
        ("D AO1 G", "Z", "D"),
        ("M IH1 S", "IH0 Z", "T"),
        ("JH AH1 JH", "IH0 Z", "D"),
        ("P L EY1", "Z", "D"),
        ("L AE1 F", "S", "T"),
    ],
)
def test_endings_agree_with_the_sound_before_them(stem: str, plural: str, past: str) -> None:
    phonemes = tuple(stem.split())
    assert " ".join(with_s(phonemes)) == f"{stem} {plural}"
    assert " ".join(with_ed(phonemes)) == f"{stem} {past}"


def test_what_is_no_ending_is_left_alone() -> None:
    known = {"bus": ("B", "AH1", "S"), "bu": ("B", "UW1")}.get
    assert derive("bus", known) is None
    assert derive("bed", {"b": ("B", "IY1")}.get) is None
    assert derive("xyzzy", known) is None


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("hmm", "HH AH1 M"),
        ("hmmmmm", "HH AH1 M"),
        ("shhhh", "SH AH1"),
        ("noooo", "N OW1"),
        ("yesss", "Y EH1 S"),
        ("cooool", "K UW1 L"),
    ],
)
def test_drawn_out_words_stay_what_they_are(word: str, expected: str) -> None:
    assert say(word) == expected


@pytest.mark.parametrize("word", ["xkcd", "brb", "lt", "www", "gdpr"])
def test_what_has_no_vowel_is_spelled(word: str) -> None:
    assert say(word) == " ".join(" ".join(letter_name(letter)) for letter in word)


def test_letters_have_their_names() -> None:
    assert letter_name("a") == letter_name("A") == ("EY1",)
    assert letter_name("x") == ("EH1", "K", "S")
    assert all(letter_name(letter) for letter in "abcdefghijklmnopqrstuvwxyz")
    assert letter_name("é") == ()


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("'hats", "hats"),
        ("'Dryad'", "Dryad"),
        ("'tis", "'tis"),
        ("'em'", "'em"),
        ("runnin'", "runnin'"),
        ("females'", "females"),
        ("don't", "don't"),
    ],
)
def test_quotes_are_told_from_apostrophes(written: str, word: str) -> None:
    assert without_quotes(written) == word


def test_a_lexicon_goes_before_the_dictionary_and_reaches_possessives() -> None:
    pronouncer = Pronouncer({"gif": ("JH", "IH1", "F"), "the": ("DH", "IY1")})
    assert pronouncer.word("GIF") == ("JH", "IH1", "F")
    assert pronouncer.word("gif's") == ("JH", "IH1", "F", "S")
    assert pronouncer.word("gifs") == ("JH", "IH1", "F", "S")
    assert pronouncer.override("the") == ("DH", "IY1")
    assert pronouncer.override("dog") is None


def test_a_lexicon_with_something_else_than_phonemes_is_named() -> None:
    with pytest.raises(TextError, match="In the lexicon, 'gif': 'J' is no phoneme"):
        Pronouncer({"gif": ("J", "IH1", "F")}).word("gif")


def test_endings_without_end_do_no_harm() -> None:
    assert say("tacotron" + "'s" * 5000) == say("tacotron's")


def test_a_very_long_word_is_guessed_in_parts() -> None:
    word = "abracadabra" * 20
    phonemes = Pronouncer().word(word)
    assert len(word) > 5 * LONGEST_GUESS
    assert len(word) / 3 < len(phonemes) < 2 * len(word)


@given(WORDS)
def test_every_word_can_be_said(word: str) -> None:
    phonemes = Pronouncer().word(word)
    assert all(is_phoneme(phoneme) for phoneme in phonemes)
    assert phonemes
    if word not in cmudict():
        assert any(is_vowel(phoneme) for phoneme in phonemes)
