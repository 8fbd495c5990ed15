"""Words to phonemes: lexicons, then the CMU dictionary, then what can be derived from it."""

from __future__ import annotations

from tacotron.text.frontend import Lexicon
from tacotron.text.lexicon import Pronunciation, cmudict
from tacotron.text.phonology import with_ed, with_s
from tacotron.text.symbols import is_vowel


class Pronouncer:
    """Pronounces words; of its ``lexicons`` an earlier one goes before a later one."""

    def __init__(self, *lexicons: Lexicon | None) -> None:
        self._lexicons = tuple(lexicon for lexicon in lexicons if lexicon)
        self._dictionary = cmudict()

    def override(self, word: str) -> Pronunciation | None:
        """Return what a lexicon says of ``word`` or of the noun it is the possessive of."""
        word = word.lower()
        for lexicon in self._lexicons:
            if word in lexicon:
                return tuple(lexicon[word])
            if word.endswith("'s") and word[:-2] in lexicon:
                return with_s(tuple(lexicon[word[:-2]]))
        return None

    def known(self, word: str) -> Pronunciation | None:
        """Return how a lexicon or the dictionary says ``word``; None where neither has it."""
        word = word.lower()
        found = self.override(word)
        if found is None:
            variants = self._dictionary.get(word)
            found = variants[0] if variants else None
        return found

    def word(self, word: str) -> Pronunciation:
        """Return the phonemes of ``word``, guessed from its letters where nothing knows it."""
        found = self.known(word) or self._derived(word.lower())
        return found if found is not None else spelled(word)

    def _derived(self, word: str) -> Pronunciation | None:
        if word.endswith("'s") or word.endswith("s'"):
            found = self.known(word[:-2] if word.endswith("'s") else word[:-1])
            if found:
                return with_s(found) if word.endswith("'s") else found
        if word.endswith("s") and not word.endswith("ss"):
            found = self.known(word[:-1])
            if found:
                return with_s(found)
        if word.endswith("ed"):
            found = self.known(word[:-1]) or self.known(word[:-2])
            if found:
                return with_ed(found)
        if word.endswith("ing"):
            found = self.known(word[:-3]) or self.known(word[:-3] + "e")
            if found:
                return (*found, "IH0", "NG")
        return None


def spelled(word: str) -> Pronunciation:
    """Return the names of the letters of ``word``."""
    return tuple(phoneme for letter in word for phoneme in letter_name(letter))


def letter_name(letter: str) -> Pronunciation:
    """Return how the single ``letter`` is called; nothing for what is no letter."""
    if letter in "aA":
        return ("EY1",)
    variants = cmudict().get(letter.lower())
    return variants[0] if variants else ()


def begins_with_vowel(phonemes: Pronunciation) -> bool:
    """Tell whether ``phonemes`` call for "an" rather than "a"."""
    return bool(phonemes) and is_vowel(phonemes[0])
