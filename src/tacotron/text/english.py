"""The English front end: normalize, find the words, pronounce them, join them with punctuation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tacotron.errors import TextError
from tacotron.text.frontend import Encoded, Lexicon, Word
from tacotron.text.heteronyms import choose
from tacotron.text.lexicon import Pronunciation, check_phonemes
from tacotron.text.normalize import normalize
from tacotron.text.pronounce import Pronouncer, begins_with_vowel, letter_name
from tacotron.text.symbols import END, ENGLISH_SYMBOLS, START, STRENGTH, WORD_BOUNDARY, is_phoneme

# What a normalized text is made of: phonemes in braces, words, and what is spoken as a pause.
# Hyphens part the halves of a compound; all else (quotes) is silent.
_PIECES = re.compile(
    r"\{(?P<phonemes>[^{}]*)\}"
    r"|(?P<word>'?[A-Za-z]+(?:'[A-Za-z]+)*'?)"
    r"|(?P<mark>[,.?!;:—–…()\[\]]|(?<=\s)-+(?=\s)|--+)"
)
_MARKS = {"–": "—", "…": ".", "(": ",", ")": ",", "[": ",", "]": ","}


@dataclass(frozen=True)
class Piece:
    """A word to be spoken, or a pause."""

    text: str  # the word as written, or the punctuation symbol
    phonemes: Pronunciation | None  # what braces demand of a word
    is_word: bool


class EnglishFrontend:
    """Speaks English text; ``lexicon`` is the voice's own."""

    name = "english"
    symbols = ENGLISH_SYMBOLS

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon

    def encode(self, text: str, *, lexicon: Lexicon | None = None) -> Encoded:
        """Return ``text`` as symbols; ``lexicon`` goes before the voice's own lexicon.

        Raises `TextError` where nothing in ``text`` can be spoken, or braces hold no phonemes.
        """
        normalized = normalize(text)
        pieces = list(split_pieces(normalized.text))
        pronouncer = Pronouncer(lexicon, self._lexicon)
        symbols: list[str] = [START]
        words: list[Word] = []
        pause = ""
        spoken = self._pronounce(pieces, pronouncer)
        for piece, phonemes in zip(pieces, spoken, strict=True):
            if not piece.is_word:
                if words and STRENGTH[piece.text] > STRENGTH.get(pause, 0):
                    pause = piece.text
                continue
            if not phonemes:
                continue
            if words:
                symbols.append(pause or WORD_BOUNDARY)
            pause = ""
            start = len(symbols)
            symbols.extend(phonemes)
            words.append(Word(piece.text, start, len(symbols)))
        if not words:
            raise TextError(
                f"The text {text[:40]!r} has nothing to speak: it needs a letter or a number."
            )
        if pause:
            symbols.append(pause)
        symbols.append(END)
        return Encoded(normalized.text, tuple(symbols), tuple(words), tuple(normalized.warnings))

    def _pronounce(self, pieces: list[Piece], pronouncer: Pronouncer) -> list[Pronunciation]:
        """Return the phonemes of each of ``pieces``, from the last to the first.

        "the", "to" and "a" depend on the sound that follows.
        """
        tokens = [piece.text for piece in pieces]
        spoken: list[Pronunciation] = [()] * len(pieces)
        following: Pronunciation = ()
        for number in range(len(pieces) - 1, -1, -1):
            piece = pieces[number]
            if not piece.is_word:
                following = ()
                continue
            phonemes = piece.phonemes or pronouncer.override(piece.text)
            if phonemes is None:
                phonemes = (
                    _function_word(pieces, number, following)
                    or choose(tokens, number)
                    or pronouncer.word(piece.text)
                )
            spoken[number] = following = phonemes
        return spoken


def split_pieces(normalized: str) -> list[Piece]:
    """Split a normalized text into words and pauses.

    Raises `TextError` where braces hold something other than phonemes.
    """
    pieces = []
    for match in _PIECES.finditer(normalized):
        if match["word"]:
            pieces.append(Piece(match["word"], None, True))
        elif match["mark"]:
            mark = "—" if match["mark"][0] == "-" else match["mark"]
            pieces.append(Piece(_MARKS.get(mark, mark), None, False))
        else:
            phonemes = tuple(match["phonemes"].split())
            check_phonemes(phonemes, f"In {match[0]}")
            if any(map(is_phoneme, phonemes)):
                pieces.append(Piece(match[0], phonemes, True))
    return pieces


def _function_word(
    pieces: list[Piece], number: int, following: Pronunciation
) -> Pronunciation | None:
    """Return the form that "the", "to", "a" or a single letter takes before ``following``."""
    word = pieces[number].text
    lower = word.lower()
    if lower == "the":
        return ("DH", "IY0" if begins_with_vowel(following) else "AH0")
    if lower == "to" and following:
        return ("T", "UW0" if begins_with_vowel(following) else "AH0")
    if lower == "a" and (word == "a" or following) and not _beside_letter(pieces, number):
        return ("AH0",)
    if len(word) == 1:
        return letter_name(word)
    return None


def _beside_letter(pieces: list[Piece], number: int) -> bool:
    """Tell whether a neighbor is a letter's name, as in "F A Q"."""
    return any(
        0 <= other < len(pieces) and len(pieces[other].text) == 1 and pieces[other].text.isupper()
        for other in (number - 1, number + 1)
    )
