"""The symbols an English voice reads: boundaries, punctuation and stressed ARPAbet.

The order is part of every corpus and voice (a symbol's index is its default id): append, never
reorder. The phonemes are those of the CMU Pronouncing Dictionary
(http://www.speech.cs.cmu.edu/cgi-bin/cmudict); a vowel carries its stress, 0 none, 1 primary,
2 secondary.
"""

from __future__ import annotations

PAD = "_"
START = "^"
END = "$"
WORD_BOUNDARY = " "

# Where marks meet, the strongest is spoken: what ends a sentence over what parts a clause over a
# comma; of two that end one, the mark that changes the melody.
STRENGTH = {",": 1, "—": 2, ":": 2, ";": 2, ".": 3, "!": 4, "?": 5}
PUNCTUATION = (",", ".", "?", "!", ";", ":", "—")

CONSONANTS = tuple("B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split())  # noqa: SIM905
BARE_VOWELS = tuple("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())  # noqa: SIM905
VOWELS = tuple(vowel + stress for vowel in BARE_VOWELS for stress in "012")
PHONEMES = CONSONANTS + VOWELS

ENGLISH_SYMBOLS = (PAD, START, END, WORD_BOUNDARY, *PUNCTUATION, *PHONEMES)

_VOWELS = frozenset(VOWELS)
_PHONEMES = frozenset(PHONEMES)


def is_phoneme(symbol: str) -> bool:
    """Tell whether ``symbol`` is one of `PHONEMES` (a vowel without its stress is not)."""
    return symbol in _PHONEMES


def is_vowel(symbol: str) -> bool:
    """Tell whether ``symbol`` is a stressed or unstressed ARPAbet vowel such as ``AH0``."""
    return symbol in _VOWELS
