"""The English front end: normalize, find the words, pronounce them, join them with punctuation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tacotron.text.frontend import Encoded, Lexicon, NothingToSpeakError, Word
from tacotron.text.heteronyms import choose
from tacotron.text.lexicon import Pronunciation, check_phonemes
from tacotron.text.normalize import normalize
from tacotron.text.pronounce import Pronouncer, without_quotes
from tacotron.text.symbols import END, ENGLISH_SYMBOLS, START, STRENGTH, WORD_BOUNDARY
from tacotron.text.weak_forms import weak_form

# What a normalized text is made of: phonemes in braces, words, and what is spoken as a pause. A
# hyphen parts the halves of a compound; all else (quotes) is silent.
_PIECES = re.compile(
    r"\{(?P<phonemes>[^{}]*)\}"
    r"|(?P<word>'?[A-Za-z]+(?:'[A-Za-z]+)*'?)"
    r"|(?P<mark>[,.?!;:—\u2013…()\[\]]|(?<=\s)-+(?=\s)|--+)"
)
_MARKS = {"\u2013": "—", "…": ".", "(": ",", ")": ",", "[": ",", "]": ","}

# Braces whose every word could be meant for a phoneme; other braces are text like any other.
_BRACES = re.compile(r"\{ *[A-Z]{1,3}[0-9]?(?: +[A-Z]{1,3}[0-9]?)* *\}")
_WRITTEN = re.compile(r"\{[^{}]*\}|[^\s{}]+")  # what spaces part, and braces
_AROUND = "\"'\u2018\u2019\u201c\u201d.,;:!?()[]"  # what may stand around a word of the lexicon


@dataclass(frozen=True)
class Piece:
    """A word to be spoken, or a pause."""

    text: str  # the word as it stands in the normalized text, or the punctuation symbol
    is_word: bool
    phonemes: Pronunciation | None = None  # what braces demand


class EnglishFrontend:
    """Speaks English text."""

    name = "english"
    symbols = ENGLISH_SYMBOLS

    def encode(self, text: str, *, lexicon: Lexicon | None = None) -> Encoded:
        """Return ``text`` as symbols: ``^``, words parted by a space or a punctuation mark, ``$``.

        A word is spoken as braces say ({HH AH0 L OW1} in its place), else as ``lexicon`` says
        (lower-case word -> phonemes), else as the CMU dictionary does, else as its letters
        suggest. Raises `TextError` for braces that hold something else than phonemes, and
        `NothingToSpeakError` where there is no word in ``text``.
        """
        for braces in _BRACES.findall(text):
            check_phonemes(braces[1:-1].split(), f"In {braces}")
        lexicon = lexicon or {}
        normalized = normalize(_protect(text, lexicon), known=lexicon)
        pieces = split_pieces(normalized.text)
        pronouncer = Pronouncer(lexicon)
        symbols: list[str] = [START]
        words: list[Word] = []
        pause = ""
        for piece, phonemes in zip(pieces, _pronounced(pieces, pronouncer), strict=True):
            if not piece.is_word:
                if words and STRENGTH[piece.text] > STRENGTH.get(pause, 0):
                    pause = piece.text
                continue
            if words:
                symbols.append(pause or WORD_BOUNDARY)
            pause = ""
            start = len(symbols)
            symbols.extend(phonemes)
            words.append(Word(piece.text, start, len(symbols)))
        if not words:
            raise NothingToSpeakError(
                f"The text {text[:40]!r} has nothing to speak: it needs a letter or a number."
            )
        if pause:
            symbols.append(pause)
        symbols.append(END)
        return Encoded(normalized.text, tuple(symbols), tuple(words), tuple(normalized.warnings))


def _protect(text: str, lexicon: Lexicon) -> str:
    """Return ``text`` with braces in place of words of ``lexicon`` that don't survive normalizing.

    So "C++" in a lexicon is said as that demands and not as "C plus plus". Other words stay, for
    the normalizer judges a word by its neighbors.
    """

    def protect(match: re.Match[str]) -> str:
        word = match[0].strip(_AROUND)
        if word.lower() not in lexicon or normalize(word, known=lexicon).text == word:
            return match[0]
        phonemes = lexicon[word.lower()]
        check_phonemes(phonemes, f"In the lexicon, {word!r}")
        return match[0].replace(word, f"{{{' '.join(phonemes)}}}", 1)

    return _WRITTEN.sub(protect, text) if lexicon else text


def split_pieces(normalized: str) -> list[Piece]:
    """Split a normalized text into words and pauses."""
    pieces = []
    for match in _PIECES.finditer(normalized):
        if word := match["word"]:
            pieces.append(Piece(without_quotes(word), True))
        elif mark := match["mark"]:
            mark = "—" if mark[0] == "-" else mark
            pieces.append(Piece(_MARKS.get(mark, mark), False))
        elif phonemes := tuple(match["phonemes"].split()):
            check_phonemes(phonemes, f"In {match[0]}")
            pieces.append(Piece(match[0], True, phonemes))
    return pieces


def _pronounced(pieces: list[Piece], pronouncer: Pronouncer) -> list[Pronunciation]:
    """Return the phonemes of each of ``pieces``, none for a pause.

    Goes from the last to the first, for small words depend on the sound that follows.
    """
    tokens = [piece.text for piece in pieces]
    spoken: list[Pronunciation] = [()] * len(pieces)
    following: Pronunciation = ()
    for place in range(len(pieces) - 1, -1, -1):
        piece = pieces[place]
        if piece.is_word:
            spoken[place] = (
                piece.phonemes
                or pronouncer.override(piece.text)
                or weak_form(tokens, place, following)
                or choose(tokens, place)
                or pronouncer.word(piece.text)
            )
        following = spoken[place]
    return spoken
