"""Numbers as words, American style: 2310 is "two thousand three hundred ten".

The functions take and return plain values, so that every other module of the normalizer (dates,
money, units...) says its numbers through this one. Importing a library for this (inflect) costs
over a second, more than speaking a sentence; these few lines cost nothing.
"""

import re

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = (
    *("", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion"),
    *("sextillion", "septillion", "octillion", "nonillion", "decillion"),
)

# Beyond the largest scale a number is read digit by digit.
MAX_DIGITS = 3 * len(_SCALES)

_IRREGULAR_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}

# An integer with or without thousands separators. The repetition is bounded, so that a search
# over a long text of digits and commas stays linear.
INTEGER = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,12}(?![0-9])|[0-9]++)"
NUMBER = rf"(?:{INTEGER}(?:\.[0-9]++)?|(?<![A-Za-z0-9])\.[0-9]++)"
# Where a number may begin: not in the middle of another one.
NUMBER_START = r"(?<![0-9])(?<![0-9][.,])"
# Between the numbers of a range, once `mark_ranges` has told its hyphen from others.
RANGE = "\u2013"


def _below_thousand(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    words = [_ONES[hundreds], "hundred"] if hundreds else []
    if rest >= 20:
        words.append(_TENS[rest // 10])
        rest %= 10
    if rest or not words:
        words.append(_ONES[rest])
    return " ".join(words)


def cardinal(value: int) -> str:
    """Return an integer in words, such as "minus forty five"; huge ones digit by digit."""
    if value < 0:
        return "minus " + cardinal(-value)
    if value >= 10**MAX_DIGITS:
        return digits(str(value))
    if value < 1000:
        return _below_thousand(value)
    groups = []
    for scale in _SCALES:
        value, group = divmod(value, 1000)
        if group:
            groups.append(f"{_below_thousand(group)} {scale}".rstrip())
    return " ".join(reversed(groups))


def to_ordinal(words: str) -> str:
    """Return the ordinal of a number in words: "twenty two" is "twenty second"."""
    head, _, last = words.rpartition(" ")
    if last in _IRREGULAR_ORDINALS:
        last = _IRREGULAR_ORDINALS[last]
    elif last.endswith("y"):
        last = last[:-1] + "ieth"
    else:
        last += "th"
    return f"{head} {last}" if head else last


def ordinal(value: int) -> str:
    """Return an integer's ordinal in words, such as "twenty second"."""
    return to_ordinal(cardinal(value))


def plural(word: str) -> str:
    """Return the plural of a number's last word: "sixty" is "sixties", "six" is "sixes"."""
    if word.endswith("y"):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith("x") else "s")


def digits(text: str) -> str:
    """Return a string's digits one by one: "007" is "zero zero seven"; all else is skipped."""
    return " ".join(_ONES[int(digit)] for digit in text if digit in "0123456789")


def pairs(text: str) -> str:
    """Return up to four digits as one says a room or a flight: "1205" is "twelve oh five"."""
    head, tail = text[:-2], text[-2:]
    if not head or text.startswith("0") or len(text) > 4:
        return integer(text)
    if tail == "00":
        # 1200 is twelve hundred, but 2000 two thousand.
        return cardinal(int(text)) if head.endswith("0") else cardinal(int(head)) + " hundred"
    return cardinal(int(head)) + " " + oh_pair(tail)


def oh_pair(text: str) -> str:
    """Return two digits as a clock's minutes or a year's end: "05" is "oh five"."""
    return ("oh " if text.startswith("0") else "") + cardinal(int(text))


def year(value: int) -> str:
    """Return a year: 1905 is "nineteen oh five", 2005 "two thousand five", 1066 "ten sixty six"."""
    if not 100 <= value <= 9999 or 2000 <= value <= 2009 or 1000 <= value <= 1009:
        return cardinal(value)
    return pairs(str(value))


def integer(text: str) -> str:
    """Return an integer as written: commas dropped, leading zeros and overlong ones by digits."""
    text = text.replace(",", "")
    if len(text) > MAX_DIGITS or (len(text) > 1 and text.startswith("0")):
        return digits(text)
    return cardinal(int(text))


def number(text: str) -> str:
    """Return an integer or decimal as written: "3.14" is "three point one four"."""
    whole, point, fraction = text.partition(".")
    if not point:
        return integer(whole)
    return f"{integer(whole or '0')} point {digits(fraction)}"


_RANGE_HYPHEN = re.compile(rf"(?<![A-Za-z0-9.])({NUMBER}[%°]?)-(?=[$£€]?\.?[0-9])")
_EQUAL_PARTS = re.compile(rf"{NUMBER_START}([0-9]{{1,3}})-\1(?![0-9.,-])")
_ORDINAL = re.compile(rf"{NUMBER_START}({INTEGER})(?:st|nd|rd|th|ST|ND|RD|TH)(?![A-Za-z0-9])")
_PLURAL = re.compile(rf"{NUMBER_START}(?<![A-Za-z])([0-9]{{1,4}})'?s(?![A-Za-z0-9])")
_PLAIN = re.compile(rf"(?<![0-9]){NUMBER}")


def mark_ranges(text: str) -> str:
    """Replace the hyphen of each range such as "5-10" by `RANGE`; "50-50" is "50 50"."""
    return _RANGE_HYPHEN.sub(rf"\1{RANGE}", _EQUAL_PARTS.sub(r"\1 \1", text))


def read_ordinals(text: str) -> str:
    """Replace ordinals such as "22nd", and plurals such as "747s"."""
    text = _ORDINAL.sub(lambda match: to_ordinal(integer(match[1])), text)
    return _PLURAL.sub(lambda match: plural(pairs(match[1])).removeprefix("one "), text)


def read_numbers(text: str) -> str:
    """Replace every number that is left."""
    return _PLAIN.sub(lambda match: f" {number(match[0])} ", text).replace(RANGE, " to ")
