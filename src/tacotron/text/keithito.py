"""The text front end of keithito/tacotron, symbol for symbol, for voices trained with it.

It spells with letters, takes ARPAbet in braces (``{HH AH0 L OW1}``) and reads numbers and a few
abbreviations. Its published voices learned its peculiarities, so they are kept, and only here:

- "Mrs." is read "misess", "1980s" "nineteen eightys", "12:30" "twelve:thirty";
- "$5.1" is five dollars and one cent, "1,2,3" is one hundred twenty-three;
- amounts of pounds lose their sign before they are read (the sign is transliterated first);
- a character without a symbol is dropped, and so is a line break after a closing brace with all
  that follows it. `KeithitoFrontend.encode` says so in a warning; the original said nothing.

Two departures: "$,5" and numbers of more than 36 digits, on which the original stops with an
error, are read. And the original transliterates with Unidecode, which is GPL: we use anyascii and
a table of the differences in western European, Russian and typographic characters.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from tacotron.errors import TextError
from tacotron.text.frontend import Encoded, Lexicon, Word

if TYPE_CHECKING:
    import inflect

_PAD = "_"
_END = "~"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PUNCTUATION = "!'(),-.:;? "
# fmt: off
_CONSONANTS = (
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T",
    "TH", "V", "W", "Y", "Z", "ZH",
)
_VOWELS = (
    "AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW",
)
# fmt: on
_ARPABET = sorted([*_CONSONANTS, *(v + stress for v in _VOWELS for stress in ("", *"012"))])

SYMBOLS: tuple[str, ...] = (
    _PAD,
    _END,
    *_LETTERS,
    *_PUNCTUATION,
    *("@" + phoneme for phoneme in _ARPABET),  # "@" tells a phoneme from a letter
)
"""The 149 symbols; the index of each is its id."""

_SPEAKABLE = frozenset(SYMBOLS) - {_PAD, _END}

_ABBREVIATIONS = {
    "mrs": "misess",  # sic
    "mr": "mister",
    "dr": "doctor",
    "st": "saint",
    "co": "company",
    "jr": "junior",
    "maj": "major",
    "gen": "general",
    "drs": "doctors",
    "rev": "reverend",
    "lt": "lieutenant",
    "hon": "honorable",
    "sgt": "sergeant",
    "capt": "captain",
    "esq": "esquire",
    "ltd": "limited",
    "col": "colonel",
    "ft": "fort",
}
_ABBREVIATION = re.compile(rf"\b({'|'.join(_ABBREVIATIONS)})\.", re.IGNORECASE)

# What Unidecode 0.4.20 makes of a character where anyascii makes something else.
# fmt: off
_UNIDECODE = {
    "¢": "C/", "£": "PS", "¤": "$?", "¥": "Y=", "§": "SS", "·": "*", "×": "x",  # noqa: RUF001
    "©": "(c)", "®": "(r)", "™": "(tm)", "℠": "(sm)", "№": "", "℃": "", "℉": "",
    "Æ": "AE", "Œ": "OE", "Ŋ": "ng", "ŋ": "NG",
    "—": "--", "―": "--", "⁃": "--", "‧": ".", "‚": ",", "„": ",,", "‣": "*>",  # noqa: RUF001
    "\u200b": " ", "\u2028": "\n", "\u2029": "\n\n",
    "й": "i", "ю": "iu", "я": "ia", "ё": "io", "Й": "I", "Ю": "Iu", "Я": "Ia", "Ё": "Io",
}
# fmt: on
_SPACED_FRACTIONS = range(0x2150, 0x215F)  # one seventh to seven eighths, set between spaces
_EMOJI_NAME = re.compile(r":[a-z0-9_+-]+:")  # how anyascii writes an emoji; Unidecode drops it

_BRACES = re.compile(r"(.*?)\{(.+?)\}(.*)")  # no DOTALL: a line break ends the search, sic
_LEXICON_WORD = re.compile(r"[A-Za-z']+")

_COMMA_NUMBER = re.compile(r"[0-9][0-9,]+[0-9]")
_POUNDS = re.compile(r"£([0-9,]*[0-9]+)")
_DOLLARS = re.compile(r"\$([0-9.,]*[0-9]+)")
_DECIMAL = re.compile(r"([0-9]+)\.([0-9]+)")
_ORDINAL = re.compile(r"([0-9]+)(?:st|nd|rd|th)")
_NUMBER = re.compile(r"[0-9]+")
_LONGEST_NUMBER = 36  # digits; beyond decillions there is no word


# --- cleaners -------------------------------------------------------------------------------


def lowercase(text: str) -> str:
    """Return ``text`` in lower case."""
    return text.lower()


def collapse_whitespace(text: str) -> str:
    """Return ``text`` with each run of white space as one space."""
    return re.sub(r"\s+", " ", text)


def convert_to_ascii(text: str) -> str:
    """Return ``text`` transliterated to ASCII, nearly as Unidecode 0.4.20 does it."""
    return text if text.isascii() else "".join(map(_transliterate, text))


def expand_abbreviations(text: str) -> str:
    """Return ``text`` with "Mr.", "Col." and their like in full, in lower case."""
    return _ABBREVIATION.sub(lambda match: _ABBREVIATIONS[match[1].lower()], text)


def expand_numbers(text: str) -> str:
    """Return ``text`` with amounts, decimals, ordinals, years and cardinals as words."""
    text = _COMMA_NUMBER.sub(lambda match: match[0].replace(",", ""), text)
    text = _POUNDS.sub(r"\1 pounds", text)
    text = _DOLLARS.sub(lambda match: _dollars(match[1]), text)
    text = _DECIMAL.sub(r"\1 point \2", text)
    text = _ORDINAL.sub(lambda match: _ordinal(match[0], match[1]), text)
    return _NUMBER.sub(lambda match: _cardinal(match[0]), text)


def basic_cleaners(text: str) -> str:
    """Return ``text`` in lower case with single spaces: for any alphabet."""
    return collapse_whitespace(lowercase(text))


def transliteration_cleaners(text: str) -> str:
    """Return ``text`` in lower-case ASCII with single spaces: for other languages than English."""
    return collapse_whitespace(lowercase(convert_to_ascii(text)))


def english_cleaners(text: str) -> str:
    """Return ``text`` in lower-case ASCII, numbers and abbreviations as English words."""
    text = expand_numbers(lowercase(convert_to_ascii(text)))
    return collapse_whitespace(expand_abbreviations(text))


CLEANERS: dict[str, Callable[[str], str]] = {
    cleaner.__name__: cleaner
    for cleaner in (
        english_cleaners,
        transliteration_cleaners,
        basic_cleaners,
        convert_to_ascii,
        lowercase,
        expand_numbers,
        expand_abbreviations,
        collapse_whitespace,
    )
}
"""What the original's ``cleaners`` hyper-parameter may name."""


def _transliterate(character: str) -> str:
    if character in _UNIDECODE:
        return _UNIDECODE[character]
    from anyascii import anyascii

    ascii_text = anyascii(character)
    if ord(character) in _SPACED_FRACTIONS:
        return f" {ascii_text} "
    return "" if _EMOJI_NAME.fullmatch(ascii_text) else ascii_text


@functools.cache
def _inflect() -> inflect.engine:
    import inflect  # slow to import, and most texts have no number

    return inflect.engine()


def _dollars(amount: str) -> str:
    """Return an amount such as "1.50" (digits, points, commas) as "1 dollar, 50 cents"."""
    parts = amount.split(".")
    if len(parts) > 2:
        return f"{amount} dollars"
    dollars, cents = (part.replace(",", "").lstrip("0") for part in (*parts, "")[:2])
    spoken = []
    if dollars:
        spoken.append(f"{dollars} dollar{'' if dollars == '1' else 's'}")
    if cents:
        spoken.append(f"{cents} cent{'' if cents == '1' else 's'}")
    return ", ".join(spoken) or "zero dollars"


def _ordinal(ordinal: str, digits: str) -> str:
    if len(digits) > _LONGEST_NUMBER:
        return _digit_by_digit(digits)
    return _inflect().number_to_words(ordinal)


def _cardinal(digits: str) -> str:
    if len(digits) > _LONGEST_NUMBER:
        return _digit_by_digit(digits)
    words = _inflect().number_to_words
    number = int(digits)
    if not 1000 < number < 3000:
        return words(number, andword="")
    # Between these bounds every number is read as a year.
    if number == 2000:
        return "two thousand"
    if 2000 < number < 2010:
        return f"two thousand {words(number % 100)}"
    if number % 100 == 0:
        return f"{words(number // 100)} hundred"
    return words(number, andword="", zero="oh", group=2).replace(", ", " ")


def _digit_by_digit(digits: str) -> str:
    return " ".join(_inflect().number_to_words(digit) for digit in digits)


# --- symbols --------------------------------------------------------------------------------


def sequence_to_text(ids: Iterable[int]) -> str:
    """Return what ``ids`` spell, phonemes in braces; ids that are no symbol's are left out."""
    return _spell(SYMBOLS[number] for number in ids if 0 <= number < len(SYMBOLS))


def _spell(symbols: Iterable[str]) -> str:
    text = "".join(f"{{{s[1:]}}}" if s.startswith("@") else s for s in symbols)
    return text.replace("}{", " ")


class KeithitoFrontend:
    """keithito/tacotron's ``text_to_sequence`` as a front end.

    Args:
        cleaners: ``english_cleaners``, ``transliteration_cleaners``, ``basic_cleaners``, or
            several names of `CLEANERS` joined by commas, applied in that order; ``none`` for
            text that is clean.

    Raises:
        TextError: if ``cleaners`` names one that doesn't exist.
    """

    def __init__(self, cleaners: str = "english_cleaners") -> None:
        names = [] if cleaners == "none" else [name.strip() for name in cleaners.split(",")]
        for name in names:
            if name not in CLEANERS:
                raise TextError(
                    f"keithito's front end has no cleaner {name!r}: "
                    f"choose among {', '.join(CLEANERS)}, or none."
                )
        self.name = "keithito" if cleaners == "english_cleaners" else f"keithito:{cleaners}"
        self.symbols = SYMBOLS
        self._cleaners = [CLEANERS[name] for name in names]

    def clean(self, text: str) -> str:
        """Return ``text``, which holds no braces, as the cleaners leave it."""
        for cleaner in self._cleaners:
            text = cleaner(text)
        return text

    def encode(self, text: str, *, lexicon: Lexicon | None = None) -> Encoded:
        """Return the symbols of ``text``, the end symbol last.

        Runs of symbols between spaces are its words. A text without a speakable character is the
        end symbol alone, as in the original: no error is raised. Words in ``lexicon`` are
        written as the phonemes given there.
        """
        normalized: list[str] = []
        symbols: list[str] = []
        dropped: dict[str, None] = {}  # in order of appearance

        def add_letters(piece: str) -> None:
            cleaned = self.clean(piece)
            normalized.append(cleaned)
            for part, phonemes in _pronounced(cleaned, lexicon):
                add(("@" + p for p in phonemes) if phonemes else part)

        def add_phonemes(piece: str) -> None:
            normalized.append(f"{{{piece}}}")
            add("@" + phoneme for phoneme in piece.split())

        def add(candidates: Iterable[str]) -> None:
            for symbol in candidates:
                if symbol in _SPEAKABLE:
                    symbols.append(symbol)
                elif not symbol.isspace():
                    dropped[symbol.removeprefix("@") or symbol] = None

        warnings = []
        rest = text
        while rest:
            match = _BRACES.match(rest)
            if match is None:
                add_letters(rest)
                break
            add_letters(match[1])
            add_phonemes(match[2])
            if rest[match.end() :].strip():
                warnings.append("What follows the line break after a closing brace was dropped.")
            rest = match[3]
        if dropped:
            names = ", ".join(map(repr, dropped))
            warnings.insert(0, f"Dropped what has no symbol in keithito's front end: {names}.")
        words = tuple(_words(symbols))
        return Encoded("".join(normalized), (*symbols, _END), words, tuple(warnings))


def _pronounced(text: str, lexicon: Lexicon | None) -> Iterable[tuple[str, Sequence[str]]]:
    """Yield pieces of ``text`` in order, each with its phonemes where ``lexicon`` has it."""
    start = 0
    for match in _LEXICON_WORD.finditer(text) if lexicon else ():
        phonemes = lexicon.get(match[0].lower())
        if phonemes:
            yield text[start : match.start()], ()
            yield match[0], phonemes
            start = match.end()
    yield text[start:], ()


def _words(symbols: Sequence[str]) -> Iterable[Word]:
    """Yield the runs of ``symbols`` between spaces."""
    start = 0
    for stop in range(len(symbols) + 1):
        if stop == len(symbols) or symbols[stop] == " ":
            if stop > start:
                yield Word(_spell(symbols[start:stop]), start, stop)
            start = stop + 1
