"""The table of symbols is part of every voice: it must not change."""

from __future__ import annotations

from tacotron.text import ENGLISH_SYMBOLS
from tacotron.text.symbols import PHONEMES, PUNCTUATION, STRENGTH, is_phoneme, is_vowel


def test_the_table_is_in_the_order_that_voices_were_trained_with() -> None:
    consonants = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
    vowels = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
    stressed = [vowel + stress for vowel in vowels.split() for stress in "012"]
    marks = ["_", "^", "$", " ", ",", ".", "?", "!", ";", ":", "—"]
    assert list(ENGLISH_SYMBOLS) == marks + consonants.split() + stressed
    assert len(set(ENGLISH_SYMBOLS)) == 80


def test_phonemes_and_vowels() -> None:
    assert all(is_phoneme(phoneme) for phoneme in PHONEMES)
    assert not is_phoneme("AH")
    assert not is_phoneme("^")
    assert is_vowel("ER0")
    assert not is_vowel("R")


def test_what_ends_a_sentence_is_stronger_than_what_parts_clauses() -> None:
    assert set(STRENGTH) == set(PUNCTUATION)
    assert min(STRENGTH[mark] for mark in ".?!") > max(STRENGTH[mark] for mark in ";:—")
    assert STRENGTH[","] < min(STRENGTH[mark] for mark in ";:—")
