"""Clock times as words: "7:05 pm" is "seven oh five P M", "12:00" "twelve o'clock"."""

import re

from tacotron.text.numbers import NUMBER_START, cardinal, oh_pair

_HALF = r"(?: ?([AaPp])\.?[Mm](?:\b(?!\.)|(\.)))"
_CLOCK = re.compile(
    NUMBER_START + r"(?<!:)([0-9]{1,2}):([0-5][0-9])(?::([0-5][0-9]))?(?![0-9:]|\.[0-9])"
    rf"{_HALF}?"
)
_HOUR = re.compile(NUMBER_START + rf"(1[0-2]|0?[1-9]){_HALF}")
# Words that follow "9 a.m." with a capital and don't begin a sentence.
_GOES_ON = re.compile(
    r" (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day| (?:Eastern|Central|Pacific|Mountain|Greenwich)"
    r"| [A-Z]{2,4}\b"
)


def _half(match: re.Match[str], letter: str | None, stop: str | None) -> str:
    """Return "A M" or "P M", with the sentence's stop where the abbreviation ends it."""
    if not letter:
        return ""
    after = match.string[match.end() : match.end() + 12]
    ends = stop and (
        not after.strip()
        or (after[:1] == " " and after[1:2].isupper() and not _GOES_ON.match(after))
    )
    return f" {letter.upper()} M{'.' if ends else ''}"


def _replace_clock(match: re.Match[str]) -> str:
    hour, minute, second, letter, stop = match.groups()
    value = int(hour)
    words = cardinal(value)
    half = _half(match, letter, stop)
    if minute != "00" or second:
        words += " " + ("hundred" if minute == "00" else oh_pair(minute))
        if second:
            words += f" {'and zero' if second == '00' else 'and ' + cardinal(int(second))} seconds"
    elif not half:
        words += " o'clock" if 1 <= value <= 12 else " hundred"
    return words + half


def _replace_hour(match: re.Match[str]) -> str:
    return cardinal(int(match[1])) + _half(match, match[2], match[3])


def read_times(text: str) -> str:
    """Replace times with minutes, and hours with a.m. or p.m."""
    return _HOUR.sub(_replace_hour, _CLOCK.sub(_replace_clock, text))
