"""What every front end gives: symbols to speak, and which of them speak which word."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tacotron.errors import TextError

Lexicon = Mapping[str, Sequence[str]]
"""Lower-case word -> its phonemes, as `tacotron.text.lexicon.read_lexicon` returns it."""


class NothingToSpeakError(TextError):
    """A text without a letter or a number, such as "..." or an emoji alone."""


@dataclass(frozen=True)
class Word:
    """A spoken word and where its symbols lie."""

    text: str  # as it stands in the normalized text
    start: int  # index of its first symbol in Encoded.symbols
    stop: int  # one past its last symbol


@dataclass(frozen=True)
class Encoded:
    """A text as symbols."""

    normalized: str  # the text with numbers, abbreviations and the like spelled out
    symbols: tuple[str, ...]  # what a voice reads, boundaries included
    words: tuple[Word, ...]  # in spoken order, never overlapping
    warnings: tuple[str, ...]  # one sentence for each thing that was dropped or guessed


@runtime_checkable
class Frontend(Protocol):
    """Turns text of one language and symbol set into symbols."""

    @property
    def name(self) -> str:
        """What a corpus or a voice calls it."""
        ...

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol it may give; index = default id, and symbols[0] is the padding."""
        ...

    def encode(self, text: str, *, lexicon: Lexicon | None = None) -> Encoded:
        """Return ``text`` as symbols; ``lexicon`` overrides how its words are pronounced.

        Raises `TextError` for phonemes in braces that are none, and its subclass
        `NothingToSpeakError` where nothing in ``text`` can be spoken.
        """
        ...


@dataclass(frozen=True)
class WithLexicon:
    """A front end with a voice's own lexicon; one given to `encode` goes before it."""

    frontend: Frontend
    lexicon: Lexicon  # lower-case word -> phonemes

    @property
    def name(self) -> str:
        """Name of the front end behind."""
        return self.frontend.name

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols of the front end behind."""
        return self.frontend.symbols

    def encode(self, text: str, *, lexicon: Lexicon | None = None) -> Encoded:
        """Return ``text`` as symbols: see `Frontend.encode`."""
        both = ChainMap(dict(lexicon), dict(self.lexicon)) if lexicon else self.lexicon
        return self.frontend.encode(text, lexicon=both)


def get_frontend(name: str, lexicon: Lexicon | None = None) -> Frontend:
    """Return the front end called ``name``, with a voice's own ``lexicon`` where it has one.

    Names are ``english``, ``keithito`` and ``keithito:CLEANERS`` (such as
    ``keithito:basic_cleaners``). Raises `TextError` for any other.
    """
    frontend = _frontend(name)
    return WithLexicon(frontend, lexicon) if lexicon else frontend


def _frontend(name: str) -> Frontend:
    kind, _, variant = name.partition(":")
    if kind == "english" and not variant:
        from tacotron.text.english import EnglishFrontend

        return EnglishFrontend()
    if kind == "keithito":
        from tacotron.text.keithito import KeithitoFrontend

        return KeithitoFrontend(variant) if variant else KeithitoFrontend()
    raise TextError(
        f"There is no text front end {name!r}: choose english, keithito or keithito:CLEANERS."
    )


def symbol_ids(symbols: Iterable[str], table: Sequence[str]) -> list[int]:
    """Return the index of each of ``symbols`` in ``table``, a voice's list of symbols.

    Raises `TextError` naming every symbol that ``table`` lacks.
    """
    index = {symbol: number for number, symbol in enumerate(table)}
    symbols = list(symbols)
    unknown = sorted({symbol for symbol in symbols if symbol not in index})
    if unknown:
        names = ", ".join(repr(symbol) for symbol in unknown)
        raise TextError(
            f"The voice has no symbol {names}: use a voice trained with them, or another text."
        )
    return [index[symbol] for symbol in symbols]
