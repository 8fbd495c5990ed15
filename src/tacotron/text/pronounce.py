"""Words to phonemes: a lexicon, the CMU dictionary, what follows from it, then a guess."""

from __future__ import annotations

import re

from tacotron.text.frontend import Lexicon
from tacotron.text.lexicon import Pronunciation, check_phonemes, cmudict
from tacotron.text.morphology import derive, with_s

_VOWEL_LETTERS = frozenset("aeiouy")

# Sounds that are written without a vowel but not spelled out; with more of a letter they stay
# what they are ("hmmmm").
INTERJECTIONS: dict[str, Pronunciation] = {
    "brr": ("B", "ER1"),
    "grr": ("G", "ER1"),
    "hm": ("HH", "AH1", "M"),
    "hmm": ("HH", "AH1", "M"),
    "mhm": ("AH0", "M", "HH", "AH1", "M"),
    "mm": ("AH1", "M"),
    "pfft": ("P", "F", "IH1", "T"),
    "psst": ("P", "IH1", "S", "T"),
    "sh": ("SH", "AH1"),
    "shh": ("SH", "AH1"),
    "tsk": ("T", "IH1", "S", "K"),
    "zz": ("Z", "IH1", "Z"),
}

_DRAWN_OUT = re.compile(r"(.)\1{2,}")  # "noooo"

# The network reads a word at once, in time and memory that grow with it; what is longer than any
# word is read in parts.
LONGEST_GUESS = 40


class Pronouncer:
    """Pronounces words; ``lexicon`` goes before everything else."""

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon or {}
        self._dictionary = cmudict()

    def override(self, word: str) -> Pronunciation | None:
        """Return what the lexicon says of ``word`` or of the noun it is the possessive of."""
        word = word.lower()
        stem = word.removesuffix("'s")
        for entry in (word, stem):
            if phonemes := tuple(self._lexicon.get(entry, ())):
                check_phonemes(phonemes, f"In the lexicon, {entry!r}")
                return phonemes if entry == word else with_s(phonemes)
        return None

    def known(self, word: str) -> Pronunciation | None:
        """Return how the lexicon or the dictionary says ``word``; None where neither has it."""
        word = word.lower()
        found = self.override(word) or INTERJECTIONS.get(word)
        if found is None:
            variants = self._dictionary.get(word)
            found = variants[0] if variants else None
        return found

    def word(self, word: str) -> Pronunciation:
        """Return the phonemes of ``word``, made of ASCII letters and apostrophes.

        A word that is not known and does not follow from known ones is spelled out where it has
        no vowel, and guessed from its letters otherwise.
        """
        word = word.lower()
        found = self.known(word) or derive(word, self.known)
        if found:
            return found
        if word.endswith("'s"):
            while word.endswith("'s"):
                word = word[:-2]
            return with_s(self.word(word))
        for length in (2, 1):
            squeezed = _DRAWN_OUT.sub(r"\1" * length, word)
            # Of one letter alone ("www"), nothing is left but its name.
            if 1 < len(squeezed) < len(word) and (found := self.known(squeezed)):
                return found
        if not _VOWEL_LETTERS.intersection(word):
            return tuple(phoneme for letter in word for phoneme in letter_name(letter))
        return _guessed(_DRAWN_OUT.sub(r"\1\1", word))


def _guessed(word: str) -> Pronunciation:
    # The network costs more to load than all else here: only where it is needed.
    from tacotron.text.letter_to_sound import guess

    parts = (word[n : n + LONGEST_GUESS] for n in range(0, len(word), LONGEST_GUESS))
    return tuple(phoneme for part in parts for phoneme in guess(part))


def without_quotes(word: str) -> str:
    """Return ``word`` without the single quotes around it, but with apostrophes that are its own.

    "'tis" and "runnin'" keep theirs; the possessive "dogs'" sounds the same without.
    """
    for quoted in (word, word.rstrip("'"), word.lstrip("'")):
        bare = quoted.strip("'")
        if bare == quoted or quoted.lower() in cmudict() or quoted.lower().endswith("in'"):
            return quoted
    return word.strip("'")


def letter_name(letter: str) -> Pronunciation:
    """Return how the single ``letter`` is called; nothing for what is no letter."""
    if letter in "aA":
        return ("EY1",)
    variants = cmudict().get(letter.lower())
    return variants[0] if variants else ()
