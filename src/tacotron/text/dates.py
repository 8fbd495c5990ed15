"""Dates as words: "May 4, 2024" is "May fourth, twenty twenty four". Lone years: years.py."""

import re

from tacotron.text.numbers import NUMBER_START, ordinal, year

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONTH_OF = {month[:3].lower(): month for month in MONTHS}

# A month in full or abbreviated, its stop optional: always beside a day or a year.
MONTH = (
    r"\b(Jan(?:uary|\b\.?)|Feb(?:ruary|\b\.?)|Mar(?:ch|\b\.?)|Apr(?:il|\b\.?)|May\b"
    r"|June?\b\.?|July?\b\.?|Aug(?:ust|\b\.?)|Sep(?:tember|t\b\.?|\b\.?)|Oct(?:ober|\b\.?)"
    r"|Nov(?:ember|\b\.?)|Dec(?:ember|\b\.?))"
)
_DAY = r"(0?[1-9]|[12][0-9]|3[01])"
_SUFFIX = r"(st|nd|rd|th)?"
_YEAR = r"([12][0-9]{3})"
# What may not follow a number that is to be a day or a year.
_STOP = r"(?![0-9A-Za-z]|[.,:/][0-9])"

_ISO = re.compile(
    NUMBER_START + _YEAR + r"([-/])(0?[1-9]|1[0-2])\2(0?[1-9]|[12][0-9]|3[01])"
    r"T?(?![0-9/-])"
)
_SLASHED = re.compile(
    NUMBER_START
    + r"(?<!/)([0-9]{1,2})([/.-])([0-9]{1,2})\2([12][0-9]{3}|[0-9]{2})(?![0-9/]|\.[0-9])"
)
# Two numbers with a slash are a date only where a word says so.
_DUE = re.compile(
    r"\b((?i:on|by|until|since|before|after|due) )(0?[1-9]|1[0-2])/(0?[1-9]|[12][0-9]|3[01])"
    r"(?![0-9/]|\.[0-9])"
)
_WEEKDAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
_WEEKDAY = r"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\b\.?"
_WEEKDAY_DATE = re.compile(rf"{_WEEKDAY}(?=,? (?:[0-9]|{MONTH} [0-9]))")
_MONTH_DAY = re.compile(
    rf"{MONTH} {_DAY}{_SUFFIX}(?: ?- ?{_DAY}{_SUFFIX})?{_STOP}(?:(,?) {_YEAR}{_STOP})?"
)
_DAY_MONTH = re.compile(
    rf"(\b[Tt]he )?{NUMBER_START}(?:{_DAY}{_SUFFIX} ?- ?)?{_DAY}{_SUFFIX}(?: of)?[ -]"
    rf"{MONTH}(?![A-Za-z])"
    rf"(?:(,?)[ -]{_YEAR}{_STOP})?"
)
_MONTH_YEAR = re.compile(rf"{MONTH}(,?) {_YEAR}{_STOP}")


def _month(written: str) -> str:
    return _MONTH_OF[written[:3].lower()]


def _century(written: str) -> int:
    """Return a year that may be written in two digits: 24 is 2024, 84 is 1984."""
    value = int(written)
    if len(written) == 4:
        return value
    return value + (2000 if value < 50 else 1900)


def _full(month: int, day: int, written_year: str) -> str:
    return f"{MONTHS[month - 1]} {ordinal(day)}, {year(_century(written_year))} "


def _replace_iso(match: re.Match[str]) -> str:
    return _full(int(match[3]), int(match[4]), match[1])


def _replace_slashed(match: re.Match[str]) -> str:
    first, second = int(match[1]), int(match[3])
    if match[2] == "." or first > 12:  # the day comes first: 4.5.2024, 31/12/2024
        first, second = second, first
    if match[2] != "/" and len(match[4]) == 2:  # 1.2.24 is rather a version, 1-2-24 a score
        return match[0]
    if not (1 <= first <= 12 and 1 <= second <= 31):
        return match[0]
    return _full(first, second, match[4])


def _replace_month_day(match: re.Match[str]) -> str:
    month, day, _, last_day, _, comma, written_year = match.groups()
    words = f"{_month(month)} {ordinal(int(day))}"
    if last_day:
        words += f" to {ordinal(int(last_day))}"
    return f"{words}{comma} {year(int(written_year))}" if written_year else words


def _replace_day_month(match: re.Match[str]) -> str:
    the, first, first_suffix, day, suffix, month, comma, written_year = match.groups()
    # "4 May" is said "the fourth of May", but "14th June" as it is written
    words = ordinal(int(day))
    if first:
        words = f"{ordinal(int(first))} to {words}"
    if suffix or first_suffix:
        words = f"{the or ''}{words} {'of ' if ' of ' in match[0] else ''}{_month(month)}"
    else:
        words = f"{the or 'the '}{words} of {_month(month)}"
    return f"{words}{comma} {year(int(written_year))}" if written_year else words


def _replace_month_year(match: re.Match[str]) -> str:
    return f"{_month(match[1])}{match[2]} {year(int(match[3]))}"


def _replace_due(match: re.Match[str]) -> str:
    return f"{match[1]}{MONTHS[int(match[2]) - 1]} {ordinal(int(match[3]))}"


def _weekday(written: str) -> str:
    return _WEEKDAYS[written[:3].lower()]


def read_weekdays(text: str) -> str:
    """Replace abbreviated days of the week beside a date."""
    return _WEEKDAY_DATE.sub(lambda match: _weekday(match[1]), text)


def read_dates(text: str) -> str:
    """Replace dates that name a day, or a month and a year."""
    text = _DUE.sub(_replace_due, text)
    text = _ISO.sub(_replace_iso, text)
    text = _SLASHED.sub(_replace_slashed, text)
    text = _DAY_MONTH.sub(_replace_day_month, text)
    text = _MONTH_DAY.sub(_replace_month_day, text)
    return _MONTH_YEAR.sub(_replace_month_year, text)
