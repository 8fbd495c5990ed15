"""The part of SSML that people use, read into a document to be spoken.

SSML is the W3C's Speech Synthesis Markup Language (https://www.w3.org/TR/speech-synthesis11/). Read
are ``speak``, ``p``, ``s``, ``break``, ``prosody`` (rate, volume and pitch), ``phoneme``, ``sub``
and ``say-as`` (characters and digits). What any other element holds is spoken as if its tags
weren't there, and one warning names them all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NoReturn
from xml.parsers import expat

from tacotron.errors import TextError
from tacotron.text.document import (
    PLAIN,
    SILENT,
    Break,
    Document,
    End,
    Run,
    Style,
    break_seconds,
)
from tacotron.text.ipa import ipa_to_arpabet
from tacotron.text.lexicon import check_phonemes

# What the words for values mean; the standard leaves that open.
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "fast": 1.25, "x-fast": 1.6}
_VOLUMES = {
    "silent": SILENT,
    "x-soft": -12.0,
    "soft": -6.0,
    "medium": 0.0,
    "loud": 4.0,
    "x-loud": 8.0,
}
_PITCHES = {"x-low": -5.0, "low": -2.5, "medium": 0.0, "high": 2.5, "x-high": 5.0}

_NUMBER = r"[0-9]*\.?[0-9]+"
_FACTOR = re.compile(rf"({_NUMBER})(%?)")
_CHANGE = re.compile(rf"([+-]{_NUMBER})%")
_DECIBELS = re.compile(rf"([+-]?{_NUMBER})dB", re.IGNORECASE)
_SEMITONES = re.compile(rf"([+-]?{_NUMBER})st")
_HERTZ = re.compile(rf"[+-]?{_NUMBER}Hz", re.IGNORECASE)

_ARPABET = ("x-cmu", "cmu-arpabet", "x-arpabet")
_CHARACTERS = ("characters", "spell-out", "verbatim")
_HIDDEN = ("metadata", "desc")  # tell about the document, and are not part of it

_SIGNS = {
    "-": "dash",
    "_": "underscore",
    ".": "dot",
    ",": "comma",
    ":": "colon",
    "'": "apostrophe",
    "!": "exclamation mark",
    "?": "question mark",
    "@": "at",
    "/": "slash",
    "\\": "backslash",
    "#": "hash",
    "*": "star",
    "+": "plus",
    "=": "equals",
    "&": "and",
    "%": "percent",
}
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def parse_ssml(text: str) -> Document:
    """Read a whole SSML document.

    Raises `TextError` with line and column where it is malformed or has a value that can't be
    meant. Entities that it declares for itself are refused: a few lines of them can stand for
    gigabytes.
    """
    return _Reader(text).read()


@dataclass(frozen=True)
class _Element:
    """An element that is open."""

    style: Style = PLAIN  # of the text in it
    spell: Callable[[str], str] | None = None  # what makes its text what is said
    is_heard: bool = True  # otherwise its text is dropped: something else is said for it


class _Reader:
    """Reads one document, element by element."""

    def __init__(self, text: str) -> None:
        # White space must not stand before an XML declaration, but often does.
        self._body = text.lstrip("\ufeff \t\r\n")
        self._before = text[: len(text) - len(self._body)]
        self._items: list[Run | Break | End] = []
        self._open: list[_Element] = []
        self._unread: dict[str, None] = {}  # what is read through, in order of appearance
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = self._refuse_entity
        self._parser.SkippedEntityHandler = self._refuse_skipped

    def read(self) -> Document:
        if not self._body.startswith("<"):
            self._fail("it must begin with <speak>")
        try:
            self._parser.Parse(self._body, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            self._fail(
                f"it is malformed ({reason}): close every tag, and write & as &amp; and < as &lt;"
            )
        except UnicodeEncodeError as error:
            raise TextError("The SSML has half a character (a surrogate): mend it.") from error
        warnings = ()
        if self._unread:
            warnings = (
                f"The SSML was read as if it had no {', '.join(self._unread)}: "
                "this version doesn't speak by them.",
            )
        return Document(tuple(self._items), warnings)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open:
            if name != "speak":
                self._fail(f"it must begin with <speak>, not <{name:.40}>")
            self._open.append(_Element())
            return
        element = self._open[-1]
        try:
            if name == "p":
                self._items.append(End(is_paragraph=True))
            elif name == "s":
                self._items.append(End())
            elif name == "break":
                self._add(Break(break_seconds(attributes)))
            elif name == "prosody":
                style = self._style(attributes).within(element.style)
                element = replace(element, style=style)
            elif name == "phoneme":
                self._add(Run(_phonemes(attributes), element.style))
                element = replace(element, is_heard=False)
            elif name == "sub":
                self._add(Run(_required(attributes, "sub", "alias"), element.style))
                element = replace(element, is_heard=False)
            elif name == "say-as":
                element = replace(element, spell=self._spelling(attributes) or element.spell)
            elif name in _HIDDEN:
                element = replace(element, is_heard=False)
            else:
                self._unread[f"<{name:.40}>"] = None
        except ValueError as error:
            self._fail(str(error))
        self._open.append(element)

    def _end(self, name: str) -> None:
        self._open.pop()
        if name == "p":
            self._items.append(End(is_paragraph=True))
        elif name == "s":
            self._items.append(End(is_sentence=True))

    def _text(self, text: str) -> None:
        element = self._open[-1]
        self._add(Run(element.spell(text) if element.spell else text, element.style))

    def _add(self, item: Run | Break) -> None:
        if not self._open[-1].is_heard:
            return
        last = self._items[-1] if self._items else None
        if isinstance(item, Run) and isinstance(last, Run) and item.style == last.style:
            item = Run(last.text + item.text, item.style)
            self._items.pop()
        self._items.append(item)

    def _style(self, attributes: Mapping[str, str]) -> Style:
        style = PLAIN
        for name, value in attributes.items():
            value = value.strip()
            if value == "default":
                continue
            if name == "rate":
                style = replace(style, rate=_rate(value))
            elif name == "volume":
                style = replace(style, volume=_volume(value))
            elif name == "pitch" and not _HERTZ.fullmatch(value):
                style = replace(style, pitch=_pitch(value))
            else:
                told = f" {value}" if name == "pitch" else ""
                self._unread[f"prosody {name:.40}{told:.40}"] = None
        return style

    def _spelling(self, attributes: Mapping[str, str]) -> Callable[[str], str] | None:
        kind = _required(attributes, "say-as", "interpret-as")
        if kind in _CHARACTERS:
            return _spell_characters
        if kind == "digits":
            return _spell_digits
        self._unread[f"say-as {kind:.40}"] = None
        return None

    def _refuse_entity(self, name: str, *_: object) -> NoReturn:
        self._fail(f"it declares the entity {name:.40}, which is not allowed: write the text out")

    def _refuse_skipped(self, name: str, *_: object) -> NoReturn:
        self._fail(f"&{name:.40}; is no entity: write the character itself")

    def _fail(self, what: str) -> NoReturn:
        line = self._parser.CurrentLineNumber
        column = self._parser.CurrentColumnNumber + 1
        if line == 1:
            column += len(self._before) - self._before.rfind("\n") - 1
        line += self._before.count("\n")
        raise TextError(f"The SSML can't be read at line {line}, column {column}: {what}.")


def _required(attributes: Mapping[str, str], element: str, name: str) -> str:
    value = attributes.get(name, "").strip()
    if not value:
        raise ValueError(f"a {element} element needs its {name}")
    return value


def _phonemes(attributes: Mapping[str, str]) -> str:
    """The phonemes of a ``phoneme`` element in braces, as the front ends read them."""
    alphabet = attributes.get("alphabet", "ipa").strip().lower()
    spelled = _required(attributes, "phoneme", "ph")
    try:
        if alphabet in _ARPABET:
            words = [spelled.upper().split()]
            check_phonemes(words[0], "a phoneme element's ph is ARPAbet")
        elif alphabet == "ipa":
            words = [ipa_to_arpabet(word) for word in spelled.split()]
        else:
            known = ", ".join(("ipa", *_ARPABET))
            raise ValueError(f"a phoneme element's alphabet is one of {known}, not {alphabet:.40}")
    except TextError as error:
        raise ValueError(str(error).removesuffix(".")) from error
    return " ".join(f"{{{' '.join(word)}}}" for word in words)


def _rate(value: str) -> float:
    """The factor that a ``rate`` means: a word, a number, 120% or +20%."""
    if value in _RATES:
        return _RATES[value]
    factor = _factor(value)
    if not factor > 0:
        raise ValueError(
            f"a prosody rate is a number or a percentage above 0, or one of {', '.join(_RATES)}, "
            f"not {value!r:.40}"
        )
    return factor


def _volume(value: str) -> float:
    """The dB that a ``volume`` means: a word, +6dB, -10%, or 0 to 100 as in SSML 1.0."""
    if value in _VOLUMES:
        return _VOLUMES[value]
    if match := _DECIBELS.fullmatch(value):
        return float(match[1])
    factor = _factor(value)
    if _FACTOR.fullmatch(value) and not value.endswith("%"):
        factor /= 100
    if not factor >= 0:
        raise ValueError(
            f"a prosody volume is a change in dB, a percentage, a number from 0 to 100, or one of "
            f"{', '.join(_VOLUMES)}, not {value!r:.40}"
        )
    return 20 * math.log10(factor) if factor else SILENT


def _pitch(value: str) -> float:
    """The semitones that a ``pitch`` means: a word, +2st or -10%."""
    if value in _PITCHES:
        return _PITCHES[value]
    if match := _SEMITONES.fullmatch(value):
        return float(match[1])
    factor = _factor(value) if value.endswith("%") else math.nan
    if not factor > 0:
        raise ValueError(
            f"a prosody pitch is a change in semitones (+2st) or percent (-10%), or one of "
            f"{', '.join(_PITCHES)}, not {value!r:.40}"
        )
    return 12 * math.log2(factor)


def _factor(value: str) -> float:
    """What 1.2, 120% and +20% multiply by; NaN for anything else."""
    if match := _CHANGE.fullmatch(value):
        return 1 + float(match[1]) / 100
    if match := _FACTOR.fullmatch(value):
        return float(match[1]) / (100 if match[2] else 1)
    return math.nan


def _spell_characters(text: str) -> str:
    """``text`` with each character as a word of its own, as the normalizer leaves such words."""
    if text.strip() in ("a", "A"):
        return text.replace(text.strip(), "{EY1}")  # alone, it would be taken for the article
    spelled = (f" {_SIGNS.get(character) or character.upper()} " for character in text)
    return _spell_digits("".join(spelled))


def _spell_digits(text: str) -> str:
    """``text`` with each digit as a word of its own."""
    return re.sub("[0-9]", lambda match: f" {_DIGITS[int(match[0])]} ", text)
