"""A text made ready to be spoken: line after line, symbols with their contour and the silence
before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from tacotron.speak.arriving import arriving_sentences
from tacotron.speak.contour import Contour, make_contour
from tacotron.speak.pieces import Piece, cut_document
from tacotron.speak.prosody import LONGEST_PAUSE, Prosody
from tacotron.text.document import Break, Document, is_ssml, read_document
from tacotron.text.frontend import (
    Encoded,
    Frontend,
    Lexicon,
    NothingToSpeakError,
    Word,
    symbol_ids,
)


@dataclass(frozen=True)
class Line:
    """What is spoken in one breath."""

    index: int  # of its piece in the text
    text: str  # as it was given
    encoded: Encoded
    ids: list[int]  # of its symbols, as the voice numbers them
    contour: Contour
    silence: float  # seconds before it
    warnings: tuple[str, ...]  # of its own
    skipped: tuple[str, ...]  # one for each piece before it that has nothing to speak


@dataclass(frozen=True)
class End:
    """Behind the last line of a text."""

    silence: float  # seconds that a break at the end asks for
    skipped: tuple[str, ...]  # as in `Line`


@dataclass(frozen=True)
class Reader:
    """Reads text for one voice, to be spoken in one way."""

    frontend: Frontend
    symbols: Sequence[str]  # the voice's; index = id
    lexicon: Lexicon | None
    prosody: Prosody
    speed: float

    def read(self, pieces: Iterable[Piece], warnings: Sequence[str] = ()) -> Iterator[Line | End]:
        """The lines that ``pieces`` become, and the end; ``warnings`` are told with the first.

        The first is read now, so that what is wrong with it is raised now: `NothingToSpeakError`
        where there is none, `TextError` where it has a symbol that the voice lacks.
        """
        lines = self._lines(pieces, warnings)
        first = next(lines)
        if isinstance(first, End):
            skipped = first.skipped or ("The text has nothing to speak: give it a word.",)
            raise NothingToSpeakError(skipped[0])
        return chain([first], lines)

    def _lines(self, pieces: Iterable[Piece], warnings: Sequence[str]) -> Iterator[Line | End]:
        skipped: list[str] = []
        told = tuple(warnings)
        index = -1
        pause, silence = 0.0, None  # since the last line: what is usual, and what was asked for
        spoke = False
        for piece in pieces:
            index += bool(piece.text)
            silence = _sum(silence, piece.before)
            try:
                encoded = self._encode(piece.text)
            except NothingToSpeakError as error:
                if piece.text:
                    skipped.append(str(error))
                if spoke:
                    pause = max(pause, piece.pause / self.speed)
                silence = _sum(silence, piece.after)
                continue
            yield Line(
                index=index,
                text=piece.text,
                encoded=encoded,
                ids=symbol_ids(encoded.symbols, self.symbols),
                contour=make_contour(
                    piece, encoded, self._words, prosody=self.prosody, speed=self.speed
                ),
                silence=pause if silence is None else min(silence, LONGEST_PAUSE),
                warnings=(*told, *encoded.warnings),
                skipped=tuple(skipped),
            )
            skipped, told, spoke = [], (), True
            pause, silence = piece.pause / self.speed, piece.after
        yield End(min(silence or 0.0, LONGEST_PAUSE), tuple(skipped))

    def _encode(self, text: str) -> Encoded:
        encoded = self.frontend.encode(text, lexicon=self.lexicon)
        # The legacy front end takes punctuation alone for words.
        if not any(character.isalnum() for word in encoded.words for character in word.text):
            raise NothingToSpeakError(
                f"The text {text[:40]!r} has nothing to speak: it needs a letter or a number."
            )
        return encoded

    def _words(self, text: str) -> Sequence[Word]:
        try:
            return self.frontend.encode(text, lexicon=self.lexicon).words
        except NothingToSpeakError:
            return ()


def arriving_ssml(parts: Iterable[str]) -> tuple[bool, Iterable[str]]:
    """Whether a text that is still being written begins as SSML does, and all of its parts."""
    parts = iter(parts)
    begun = ""
    for part in parts:
        begun += part
        if begun.strip():
            break
    return is_ssml(begun), chain([begun], parts)


def arriving_pieces(parts: Iterable[str], prosody: Prosody) -> Iterator[Piece]:
    """The pieces of a plain text that is still being written, some without text between them for
    what else there is."""
    for sentence in arriving_sentences(parts):
        if sentence is None:
            yield Piece("", (), prosody.paragraph_pause)
            continue
        document = read_document(sentence, ssml=False)
        pieces = cut_document(document, prosody)
        yield from pieces or [Piece("", (), 0.0, before=_silence(document))]


def _silence(document: Document) -> float | None:
    breaks = [item.seconds for item in document.items if isinstance(item, Break)]
    return sum(breaks) if breaks else None


def _sum(one: float | None, other: float | None) -> float | None:
    """Seconds of both breaks; None where neither is there."""
    return other if one is None else one if other is None else one + other
