"""A text with what its markup says: stretches of a style, breaks, ends of sentences and paragraphs.

Plain text may hold ``<break time="500ms"/>``; SSML (`tacotron.text.ssml`) may hold more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tacotron.errors import TextError

SILENT = -math.inf  # dB

LONGEST_BREAK = 60.0  # seconds: a longer one was hardly meant

# Seconds; the standard leaves open what these mean.
_STRENGTHS = {
    "none": 0.0,
    "x-weak": 0.1,
    "weak": 0.2,
    "medium": 0.35,
    "strong": 0.7,
    "x-strong": 1.2,
}
_TIME = re.compile(r"\+?([0-9]*\.?[0-9]+)(ms|s)")

_SPEAK = re.compile(r"\s*(?:<\?xml\s|<!DOCTYPE\s+speak\s|<speak[\s>/])")
_BREAK = re.compile(r"""<break(?:\s++[a-z]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'))*\s*/>""")
_ATTRIBUTE = re.compile(r"""([a-z]+)\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')""")


@dataclass(frozen=True)
class Style:
    """How a stretch of text is spoken, relative to how the whole is."""

    rate: float = 1.0  # times as fast
    volume: float = 0.0  # dB louder; minus infinity is silent
    pitch: float = 0.0  # semitones higher

    def within(self, outer: Style) -> Style:
        """This style where everything around it is spoken in the style ``outer``."""
        return Style(outer.rate * self.rate, outer.volume + self.volume, outer.pitch + self.pitch)


PLAIN = Style()


@dataclass(frozen=True)
class Run:
    """Text of one style."""

    text: str
    style: Style = PLAIN


@dataclass(frozen=True)
class Break:
    """A pause that was asked for; it takes the place of the one that would be there."""

    seconds: float


@dataclass(frozen=True)
class End:
    """The end of what came since the last `End`."""

    is_sentence: bool = False  # that was one sentence, and not several, whatever stops it has
    is_paragraph: bool = False  # a paragraph ends here too


@dataclass(frozen=True)
class Document:
    """A text with what its markup says."""

    items: tuple[Run | Break | End, ...]  # in spoken order
    warnings: tuple[str, ...] = ()  # one sentence for each thing that was not read as written

    @property
    def moves_pitch(self) -> bool:
        """Whether any of it is to be spoken higher or lower."""
        return any(isinstance(item, Run) and item.style.pitch != 0.0 for item in self.items)


def is_ssml(text: str) -> bool:
    """Whether ``text`` begins as SSML does."""
    return _SPEAK.match(text) is not None


def read_document(text: str, *, ssml: bool | None = None) -> Document:
    """Return what ``text`` says.

    It is SSML where ``ssml`` is true, and where that is None and it begins with ``<speak``. In any
    other text, ``<break time="500ms"/>`` is a break and all else is as it stands. Raises
    `TextError` where SSML is malformed (with line and column) or a break can't be meant.
    """
    if is_ssml(text) if ssml is None else ssml:
        from tacotron.text.ssml import parse_ssml

        return parse_ssml(text)
    items: list[Run | Break | End] = []
    start = 0
    for match in _BREAK.finditer(text):
        values = {name: double or single for name, double, single in _ATTRIBUTE.findall(match[0])}
        try:
            silence = Break(break_seconds(values))
        except ValueError as error:
            raise TextError(f"Can't read {match[0]:.80}: {error}.") from error
        items += [Run(text[start : match.start()]), silence]
        start = match.end()
    items.append(Run(text[start:]))
    return Document(tuple(item for item in items if item != Run("")))


def break_seconds(attributes: Mapping[str, str]) -> float:
    """Return how long a ``break`` element with these ``attributes`` lasts, in seconds.

    Its ``time`` goes before its ``strength``; without either it is of medium strength. Raises
    `ValueError`, saying what is wrong, for a value that can't be meant.
    """
    if "time" in attributes:
        match = _TIME.fullmatch(attributes["time"].strip())
        if match is None:
            raise ValueError(
                f'a break\'s time is a number with s or ms, such as "500ms", '
                f"not {attributes['time']!r:.40}"
            )
        seconds = float(match[1]) / (1000 if match[2] == "ms" else 1)
        if not seconds <= LONGEST_BREAK:
            raise ValueError(
                f"a break lasts {LONGEST_BREAK:g} s at most, not {attributes['time']:.40}"
            )
        return seconds
    strength = attributes.get("strength", "medium").strip()
    if strength not in _STRENGTHS:
        raise ValueError(
            f"a break's strength is one of {', '.join(_STRENGTHS)}, not {strength!r:.40}"
        )
    return _STRENGTHS[strength]
