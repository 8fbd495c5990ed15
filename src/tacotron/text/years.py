"""Lone years, ranges of years, eras and decades as words: "1914-18", "44 BC", "the 1980s".

A number of four digits without a comma is a year unless its neighbors speak against it: "1984
apples" are counted, "in 1984" and "the 1984 election" are not.
"""

import re

from tacotron.text.acronyms import spell
from tacotron.text.context import stop_after, word_after, word_before, word_set
from tacotron.text.numbers import NUMBER_START, RANGE, cardinal, integer, oh_pair, plural, year

_ERA = re.compile(
    NUMBER_START + r"([0-9]{1,4}) ?(B\.?C\.?E\.?|B\.?C\.?|A\.?D\.?|C\.?E\.?)(?![A-Za-z0-9])"
)
_ERA_FIRST = re.compile(r"\b(A\.?D\.?) ?([0-9]{1,4})(?![0-9A-Za-z]|[.,][0-9])")
_RANGE = re.compile(
    NUMBER_START
    + rf"(1[1-9][0-9]{{2}}|20[0-9]{{2}})({RANGE}| - |/)(1[1-9][0-9]{{2}}|20[0-9]{{2}}|[0-9]{{2}})"
    r"(?![0-9A-Za-z/-]|[.,:][0-9])"
)
_DECADE = re.compile(
    NUMBER_START + r"(?<![A-Za-z$£€])(?:'?([2-9]0)|(1[1-9][0-9]0|20[0-9]0))'?s(?![A-Za-z0-9])"
)
_YEAR = re.compile(NUMBER_START + r"([1-9][0-9]{3})(?![0-9A-Za-z%/-]|[.,:][0-9])")

# A number after one of these is a year, whatever follows.
_BEFORE_YEAR = word_set(
    "in since until till during circa year early late mid spring summer fall autumn winter "
    "season election copyright"
)
# A number before one of these is counted, and so it is before a plural.
_COUNTED = word_set(
    "people men women children feet percent million thousand more fewer other of "
    "cattle sheep fish aircraft different small large new"
)
# Words that end in s and are no plurals.
_NOT_PLURAL = word_set(
    "was has does is as this thus its his hers us always sometimes perhaps besides towards "
    "afterwards plus minus unless across various versus yes series less ours theirs"
)


def _is_plural(word: str) -> bool:
    return (
        word.islower()
        and word.endswith("s")
        and not word.endswith("ss")
        and word not in _NOT_PLURAL
    )


def _replace_era(match: re.Match[str]) -> str:
    stop = stop_after(match.string, match.end()) if match[2].endswith(".") else ""
    return f"{year(int(match[1]))} {spell(match[2].replace('.', ''))}{stop}"


def _replace_era_first(match: re.Match[str]) -> str:
    return f"{spell(match[1].replace('.', ''))} {year(int(match[2]))}"


def _replace_range(match: re.Match[str]) -> str:
    first, sign, last = match.groups()
    if sign == "/" and int(last) % 100 != (int(first) + 1) % 100:  # a season: 2019/20
        return match[0]
    if len(last) == 4:
        end = year(int(last))
    elif int(last) <= int(first[2:]):
        return match[0]
    elif first.startswith("20") and int(last) < 10:  # 2001-02
        end = year(int(first[:2] + last))
    else:
        end = oh_pair(last)
    return f"{year(int(first))} to {end}"


def _replace_decade(match: re.Match[str]) -> str:
    short, full = match.groups()
    return plural(cardinal(int(short)) if short else year(int(full)))


def _replace_year(match: re.Match[str]) -> str:
    written = match[1]
    value = int(written)
    word_before_it = word_before(match.string, match.start()).lower()
    word_after_it = word_after(match.string, match.end())
    counted = word_after_it in _COUNTED or _is_plural(word_after_it)
    if word_before_it in _BEFORE_YEAR:
        # "in 1500 cases" counts, but "in 1984 apples were cheap" hardly
        is_year = not (counted and word_before_it == "in" and value % 100 == 0)
    else:
        is_year = 1100 <= value <= 2099 and not counted
    return year(value) if is_year else integer(written)


def read_periods(text: str) -> str:
    """Replace years with an era, decades, and ranges of years."""
    text = _ERA_FIRST.sub(_replace_era_first, text)
    text = _ERA.sub(_replace_era, text)
    text = _DECADE.sub(_replace_decade, text)
    return _RANGE.sub(_replace_range, text)


def read_years(text: str) -> str:
    """Replace numbers of four digits: years by what stands beside them, or counts."""
    return _YEAR.sub(_replace_year, text)
