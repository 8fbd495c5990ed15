"""Lone years, ranges of years, eras and decades as words: "1914-18", "44 BC", "the 1980s".

A number of four digits without a comma is a year unless its neighbors speak against it: "1984
apples" are counted, "in 1984" and "the 1984 election" are not.
"""

import re

from tacotron.text.numbers import NUMBER_START, cardinal, integer, oh_pair, plural, year

_ERA = re.compile(
    NUMBER_START + r"([0-9]{1,4}) ?(B\.?C\.?E\.?|B\.?C\.?|A\.?D\.?|C\.?E\.?)(?![A-Za-z0-9])"
)
_ERA_FIRST = re.compile(r"\b(A\.?D\.?) ?([0-9]{1,4})(?![0-9A-Za-z]|[.,][0-9])")
_RANGE = re.compile(
    NUMBER_START + r"(1[1-9][0-9]{2}|20[0-9]{2}) ?[-–] ?(1[1-9][0-9]{2}|20[0-9]{2}|[0-9]{2})"
    r"(?![0-9A-Za-z/-]|[.,:][0-9])"
)
_DECADE = re.compile(
    NUMBER_START + r"(?<![A-Za-z$£€])(?:'?([2-9]0)|(1[1-9][0-9]0|20[0-9]0))'?s(?![A-Za-z0-9])"
)
_YEAR = re.compile(NUMBER_START + r"([1-9][0-9]{3})(?![0-9A-Za-z%/-]|[.,:][0-9])")

_WORD_BEFORE = re.compile(r"([A-Za-z]+)[,.]?[ (]*$")
_WORD_AFTER = re.compile(r" ([a-z]+)")
# How far around a number its neighbors are looked for.
_REACH = 32

# A number after one of these is a year, whatever follows.
_BEFORE_YEAR = frozenset(
    "in since until till during circa year early late mid spring summer fall autumn winter "
    "season election copyright".split()
)
# A number before one of these is counted, and so it is before a plural.
_COUNTED = frozenset(
    "people men women children feet percent million thousand more fewer other of and-a-half "
    "cattle sheep fish aircraft different small large new".split()
)
# Words that end in s and are no plurals.
_NOT_PLURAL = frozenset(
    "was has does is as this thus its his hers us always sometimes perhaps besides towards "
    "afterwards plus minus unless across various versus yes series less ours theirs".split()
)


def _is_plural(word: str) -> bool:
    return word.endswith("s") and not word.endswith("ss") and word not in _NOT_PLURAL


def _replace_era(match: re.Match[str]) -> str:
    letters = " ".join(match[2].replace(".", ""))
    return f"{year(int(match[1]))} {letters}{_stop(match)}"


def _stop(match: re.Match[str]) -> str:
    """Return the sentence's stop, where an abbreviation's last stop is also that."""
    after = match.string[match.end() : match.end() + 2]
    return "." if match[0].endswith(".") and (not after or after[1:].isupper()) else ""


def _replace_era_first(match: re.Match[str]) -> str:
    return f"{' '.join(match[1].replace('.', ''))} {year(int(match[2]))}"


def _replace_range(match: re.Match[str]) -> str:
    first, last = match.groups()
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
    text, written = match.string, match[1]
    value = int(written)
    before = _WORD_BEFORE.search(text[max(0, match.start() - _REACH) : match.start()])
    after = _WORD_AFTER.match(text[match.end() : match.end() + _REACH])
    word_before = before[1].lower() if before else ""
    word_after = after[1] if after else ""
    counted = word_after in _COUNTED or _is_plural(word_after)
    if word_before in _BEFORE_YEAR:
        # "in 1500 cases" counts, but "in 1984 apples were cheap" hardly
        is_year = not (counted and word_before == "in" and value % 100 == 0)
    else:
        is_year = 1100 <= value <= 2099 and not counted
    return year(value) if is_year else integer(written)


def read_years(text: str) -> str:
    """Replace years, ranges of years, years with an era, and decades."""
    text = _ERA_FIRST.sub(_replace_era_first, text)
    text = _ERA.sub(_replace_era, text)
    text = _DECADE.sub(_replace_decade, text)
    text = _RANGE.sub(_replace_range, text)
    return _YEAR.sub(_replace_year, text)
