"""Clock times as words: "7:05 pm" is "seven oh five P M", "12:00" "twelve o'clock"."""

import re

from tacotron.text.acronyms import spell
from tacotron.text.context import SENTENCE_STARTERS, ZONE_OR_DAY, word_after, word_before
from tacotron.text.numbers import NUMBER_START, RANGE, cardinal, digits, number, oh_pair

_HALF = r"(?: ?([AaPp])(?:[Mm](?![A-Za-z0-9])|\. ?[Mm](?![A-Za-z0-9])(\.)?))"
_CLOCK = re.compile(
    rf"{NUMBER_START}(?<!:)([0-9]{{1,2}}):([0-5][0-9])(?::([0-5][0-9]))?(?![0-9:]|\.[0-9])"
    rf"(?: ?h\b)?{_HALF}?"
)
_HOUR = re.compile(rf"{NUMBER_START}(1[0-2]|0?[1-9]){_HALF}")
# What a race took: minutes, seconds and a fraction of one.
_LAP = re.compile(
    rf"{NUMBER_START}(?<!:)(?:([0-9]{{1,2}}):)?([0-9]{{1,2}}):([0-5][0-9])\.([0-9]{{1,3}})(?![0-9:.])"
)
# What took hours or minutes: there "m" is no meter.
_DURATION = re.compile(
    r"(?<![A-Za-z0-9.])(?:([0-9]{1,3})h ?)?([0-9]{1,2})m(?: ?([0-9]{1,2})s)?(?![A-Za-z0-9])"
)
# The British "7.30pm".
_POINTED = re.compile(r"(?<=[0-9])\.(?=[0-5][0-9] ?[AaPp](?:m|\.m\.)(?![A-Za-z]))")
_FROM_TO = re.compile(
    r"(?<=[0-9MmAaPp.])-(?=[0-9]{1,2}(?::[0-5][0-9]| ?[AaPp]\.?[Mm](?![A-Za-z])))"
)
_PART = r"([0-9]{1,4}(?:\.[0-9]{1,3})?)"
_RATIO = re.compile(rf"{NUMBER_START}(?<!:){_PART}:{_PART}(?![0-9:])")


def _half(match: re.Match[str], letter: str | None, stop: str | None) -> str:
    """Return "A M" or "P M", with the sentence's stop where the abbreviation ends it."""
    if not letter:
        return ""
    rest = match.string[match.end() : match.end() + 24]
    following = word_after(rest, 0)
    begins = rest[:1] == " " and following[:1].isupper() and not ZONE_OR_DAY.match(following)
    ends = stop and (begins or not rest.strip(" \"')"))
    return f" {spell(letter + 'M')}{'.' if ends else ''}"


def _replace_clock(match: re.Match[str]) -> str:
    hour, minute, second, letter, stop = match.groups()
    words = cardinal(int(hour))
    if int(hour) % 24 == 0 and minute == "00" and not (second or letter):
        return "midnight"
    if second and second != "00":
        words += f" {oh_pair(minute)} {oh_pair(second)}"
    elif minute != "00":
        words += " " + oh_pair(minute)
    elif not letter:
        words += " o'clock" if 1 <= int(hour) <= 12 else " hundred"
    return words + _half(match, letter, stop)


def _replace_lap(match: re.Match[str]) -> str:
    hours, minutes, seconds, fraction = match.groups()
    words = f"{cardinal(int(hours))} {oh_pair(minutes)}" if hours else cardinal(int(minutes))
    return f"{words} {oh_pair(seconds)} point {digits(fraction)}"


def _spread_duration(match: re.Match[str]) -> str:
    hours, minutes, seconds = match.groups()
    if not (hours or seconds):
        return match[0]
    spread = (hours and hours + " hr", minutes + " min", seconds and seconds + " sec")
    return " ".join(part for part in spread if part)


def _replace_hour(match: re.Match[str]) -> str:
    return cardinal(int(match[1])) + _half(match, match[2], match[3])


def _replace_ratio(match: re.Match[str]) -> str:
    """Read "3:1" as a ratio, but behind a name ("John 3:5") as chapter and verse."""
    before = word_before(match.string, match.start())
    verse = before[:1].isupper() and before not in SENTENCE_STARTERS
    return f"{number(match[1])} {'' if verse else 'to '}{number(match[2])}"


def read_times(text: str) -> str:
    """Replace times with minutes, hours with a.m. or p.m., and ratios."""
    text = _POINTED.sub(":", text)
    text = _FROM_TO.sub(RANGE, text)
    text = _DURATION.sub(_spread_duration, text)
    text = _LAP.sub(_replace_lap, text)
    text = _CLOCK.sub(_replace_clock, text)
    text = _HOUR.sub(_replace_hour, text)
    return _RATIO.sub(_replace_ratio, text)
