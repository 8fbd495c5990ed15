"""Written English to words: the one entry of the normalizer, and its order of stages.

What it returns consists of

- words of letters and apostrophes, parted by single spaces;
- letters that are spelled, each an upper-case word of its own ("F B I", "C D's");
- the marks , . ? ! ; : ( ) behind or before a word, and dashes between spaces;
- phonemes in braces, as they were ("{HH AH0 L OW1}").

Normalizing it again changes nothing. Every stage takes the whole text, in time linear in its
length: no pattern repeats without bound over what a later start would scan again.
"""

import re
from collections.abc import Container
from dataclasses import dataclass

from tacotron.text.abbreviations import read_abbreviations
from tacotron.text.acronyms import read_acronyms
from tacotron.text.characters import clean_characters
from tacotron.text.context import LETTER_A
from tacotron.text.markup import drop_markup
from tacotron.text.punctuation import BRACES, arrange_punctuation
from tacotron.text.roman import read_roman
from tacotron.text.symbols import is_phoneme
from tacotron.text.web import read_web


@dataclass(frozen=True)
class Normalized:
    """A text as it is spoken."""

    text: str  # words and punctuation; empty if nothing of the text can be spoken
    warnings: tuple[str, ...] = ()  # what could not be read as written, a sentence each


_BRACES = re.compile(r"\{([A-Z0-9 ]{1,400})\}")
# The first pass reads nearly everything. What was glued to something else ("Co.Inc.") only a later
# one can see; the last finds nothing to do, so that reading twice is reading once.
_MOST_PASSES = 4
_HAS_NUMBERS = re.compile("[0-9$£€¥₹₽₩₿¢]")


def _read_digits(text: str) -> str:
    """Replace all that has digits, the most particular forms first."""
    # These modules compile some fifty patterns, which a text without digits does not need.
    from tacotron.text.arithmetic import read_arithmetic, read_expressions, read_signs
    from tacotron.text.codes import read_codes, read_mixed
    from tacotron.text.dates import read_dates, read_weekdays
    from tacotron.text.money import read_money
    from tacotron.text.numbers import mark_ranges, read_numbers, read_ordinals
    from tacotron.text.times import read_times
    from tacotron.text.units import read_units
    from tacotron.text.years import read_periods, read_years

    stages = (
        read_expressions,
        read_weekdays,
        read_times,
        read_dates,
        read_codes,
        mark_ranges,
        read_signs,
        read_periods,
        read_money,
        read_units,
        read_arithmetic,
        read_ordinals,
        read_mixed,
        read_years,
        read_numbers,
    )
    for stage in stages:
        text = stage(text)
    return text


def _read_words(text: str, known: Container[str]) -> str:
    text = read_abbreviations(text)
    if _HAS_NUMBERS.search(text):
        text = _read_digits(text)
    return arrange_punctuation(read_acronyms(read_roman(text), known))


def normalize(text: str, *, known: Container[str] = ()) -> Normalized:
    """Return ``text`` as it is spoken, words spelled out.

    Words in capitals or mixed case whose lower-case form is in ``known`` (a lexicon has them)
    stay as they are. Never raises, whatever the text.
    """
    text, warnings = clean_characters(text)
    text = read_web(drop_markup(text))
    phonemes: list[str] = []

    def protect(match: re.Match[str]) -> str:
        inside = match[1].split()
        if not inside or not all(map(is_phoneme, inside)):
            warnings.append(
                f"{match[0]} holds something other than ARPAbet phonemes and was read as text; "
                "phonemes look like {HH AH0 L OW1}."
            )
            return match[1]
        phonemes.append(match[0])
        return f" {BRACES} "

    text = _BRACES.sub(protect, text)
    for _ in range(_MOST_PASSES):
        before = text
        text = _read_words(text, known)
        if text == before:
            break
    # Nothing beside it would tell this letter from the article: its phoneme does.
    text = text.replace(LETTER_A, "{EY1}")
    if phonemes:
        rest = iter(phonemes)
        text = re.sub(BRACES, lambda match: next(rest), text)
    return Normalized(text, tuple(warnings))
