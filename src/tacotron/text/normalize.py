"""Written English to words: the one entry of the normalizer, and its order of stages."""

import re
from dataclasses import dataclass

from tacotron.text.abbreviations import read_abbreviations
from tacotron.text.dates import read_dates
from tacotron.text.money import read_money
from tacotron.text.numbers import read_numbers
from tacotron.text.times import read_times
from tacotron.text.units import read_units
from tacotron.text.years import read_years


@dataclass(frozen=True)
class Normalized:
    """A text as it is spoken."""

    text: str  # words with punctuation, single spaces between them
    warnings: tuple[str, ...] = ()  # what could not be read as written, a sentence each


_SPACES = re.compile(r"\s+")
_DROPPED = re.compile(r"[^A-Za-z',.?!;:—() {}0-9]+")
_SPACE_BEFORE = re.compile(r" +([,.?!;:)])")


def normalize(text: str) -> Normalized:
    """Return the text as it is spoken."""
    text = _SPACES.sub(" ", text.replace("\u2019", "'").replace(" - ", " — ")).strip()
    if re.search("[0-9$£€]", text):
        for stage in (read_dates, read_times, read_money, read_units, read_years):
            text = stage(text)
    text = read_abbreviations(text)
    text = read_numbers(text).replace("&", " and ")
    text = _DROPPED.sub(" ", text)
    text = _SPACES.sub(" ", text).strip()
    return Normalized(_SPACE_BEFORE.sub(r"\1", text))
