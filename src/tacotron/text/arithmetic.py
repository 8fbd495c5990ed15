"""Fractions, signs and simple arithmetic as words: "2 1/2" is "two and a half"."""

import re

from tacotron.text.numbers import (
    INTEGER,
    NUMBER,
    NUMBER_START,
    cardinal,
    integer,
    number,
    ordinal,
    pairs,
)

# A number with or without a fraction behind it, or a fraction alone.
FRACTION = r"[0-9]{1,4}/[1-9][0-9]{0,3}(?![0-9/])"
QUANTITY = rf"(?:{INTEGER}[ -]{FRACTION}|{FRACTION}|{NUMBER})"

# Up to this denominator a fraction is said with an ordinal: "seven sixteenths".
_LARGEST_PART = 100

_OPERATORS = {
    "+": "plus",
    "-": "minus",
    "*": "times",
    "x": "times",
    "\u00d7": "times",
    "\u00f7": "divided by",
    "/": "divided by",
}
_OPERATOR = r" ?[-+*x/\u00d7\u00f7] ?"
_EXPRESSION = re.compile(
    rf"{NUMBER_START}{NUMBER}(?:{_OPERATOR}{NUMBER}){{1,8}}(?= ?=)"
    rf"|(?<== ){NUMBER}(?:{_OPERATOR}{NUMBER}){{1,8}}|(?<==){NUMBER}(?:{_OPERATOR}{NUMBER}){{1,8}}"
)
_EXPRESSION_PART = re.compile(rf"({NUMBER})| ?([-+*x/\u00d7\u00f7]) ?")
_DIVISION = re.compile(r"(?<=[0-9]) / (?=[0-9])| ?\u00f7 ?")
_BY = re.compile(rf"{NUMBER_START}({NUMBER})x({NUMBER})(?![A-Za-z0-9])")
_TIMES = re.compile(r"(?<=[0-9)]) x (?=[0-9(])|(?<=[0-9)]) ?[*\u00d7] ?(?=[0-9(])")
_FOLD = re.compile(rf"{NUMBER_START}({NUMBER})[xX\u00d7](?![A-Za-z0-9])")
_SCIENTIFIC = re.compile(rf"{NUMBER_START}({NUMBER})[eE]([-+]?)([0-9]{{1,3}})(?![A-Za-z0-9])")
_POWER = re.compile(r"(?<=[0-9)A-Za-z])\^([-+]?)([0-9]{1,9})")
_WORD_END = re.compile(r"[A-Za-z]{3}$")
_SIGNS = (
    (re.compile(r"(?<![A-Za-z0-9)])([$£€])-(?=\.?[0-9])"), r"minus \1"),
    (re.compile(r"(?<![A-Za-z0-9)^-])-(?=[$£€]?\.?[0-9])"), "minus "),
    (re.compile(r"(?<![A-Za-z0-9)+])\+(?=[$£€]?\.?[0-9])"), "plus "),
    (re.compile(r"± ?(?=[$£€]?\.?[0-9])"), "plus or minus "),
    (re.compile(r"~ ?(?=[$£€]?\.?[0-9])"), "about "),
    (re.compile("√ ?(?=[0-9(])"), "the square root of "),
)
_FRACTION = re.compile(rf"{NUMBER_START}(?<!/)(?:({INTEGER})[ -])?({FRACTION})")
_COMPARISONS = (
    ("!=", " is not equal to "),
    ("<=", " is less than or equal to "),
    (">=", " is greater than or equal to "),
    ("==", " equals "),
)
_COMPARISON = re.compile(r"((?<=[0-9)])|(?<=\b[A-Za-z]))? ?([<>]) ?(?=[$£€]?[-.]?[0-9])")


def fraction(written: str) -> str:
    """Return a fraction in words: "3/4" is "three quarters", "10/10" "ten out of ten"."""
    above, below = (int(part) for part in written.split("/"))
    if above == below == 50:
        return "fifty fifty"
    if above == below:
        return f"{cardinal(above)} out of {cardinal(below)}"
    if below == 1 or below > _LARGEST_PART or above > below or above == 0:
        return f"{cardinal(above)} over {cardinal(below)}"
    one, several = {2: ("half", "halves"), 4: ("quarter", "quarters")}.get(
        below, (ordinal(below), ordinal(below) + "s")
    )
    return f"{cardinal(above)} {one if above == 1 else several}"


def quantity(written: str) -> str:
    """Return a `QUANTITY` in words: "2 1/2" is "two and a half"."""
    whole, _, part = written.replace("-", " ").rpartition(" ")
    if "/" not in part:
        return number(part)
    words = fraction(part)
    if not whole:
        return words
    if part in ("1/2", "1/4"):
        words = words.replace("one", "a")
    return f"{integer(whole)} and {words}"


def takes_singular(written: str) -> bool:
    """Whether what is counted by a `QUANTITY` stands in the singular: one mile, half a mile."""
    if "/" not in written or " " in written or "-" in written:
        return written == "1"
    above, below = map(int, written.split("/"))
    return above <= below


def _replace_expression(match: re.Match[str]) -> str:
    words = (
        f" {_OPERATORS[part[2]]} " if part[2] else part[1]
        for part in _EXPRESSION_PART.finditer(match[0])
    )
    return "".join(words)


def read_expressions(text: str) -> str:
    """Replace the operators on either side of an equals sign: "5-3=2" is no range."""
    return _EXPRESSION.sub(_replace_expression, text) if "=" in text else text


def read_signs(text: str) -> str:
    """Replace the signs before numbers: "-5" is "minus 5"."""
    for pattern, word in _SIGNS:
        text = pattern.sub(word, text)
    return text


def _power(sign: str, exponent: str) -> str:
    if sign == "-":
        return f" to the minus {integer(exponent)}"
    if exponent in ("2", "3"):
        return " squared" if exponent == "2" else " cubed"
    return f" to the {ordinal(int(exponent))}"


def _replace_power(match: re.Match[str]) -> str:
    if _WORD_END.search(match.string[max(0, match.start() - 3) : match.start()]):
        return ""  # the number of a footnote behind a word
    return _power(*match.groups())


def _replace_scientific(match: re.Match[str]) -> str:
    base, sign, exponent = match.groups()
    power = f"minus {cardinal(int(exponent))}" if sign == "-" else ordinal(int(exponent))
    return f"{number(base)} times ten to the {power}"


def _replace_fraction(match: re.Match[str]) -> str:
    return quantity(f"{match[1]} {match[2]}" if match[1] else match[2])


def _replace_by(match: re.Match[str]) -> str:
    sides = match.groups()
    if all(side.isdigit() and 3 <= len(side) <= 4 for side in sides):  # a screen's pixels
        return " by ".join(map(pairs, sides))
    return " by ".join(map(number, sides))


def _replace_comparison(match: re.Match[str]) -> str:
    words = "less than" if match[2] == "<" else "greater than"
    return f" {words} " if match[1] is None else f" is {words} "


def read_arithmetic(text: str) -> str:
    """Replace fractions, and operators and relations between numbers."""
    text = _SCIENTIFIC.sub(_replace_scientific, text)
    text = _POWER.sub(_replace_power, text)
    for sign, words in _COMPARISONS:
        text = text.replace(sign, words)
    text = _COMPARISON.sub(_replace_comparison, text)
    text = _DIVISION.sub(" divided by ", text)
    text = _TIMES.sub(" times ", text)
    text = _BY.sub(_replace_by, text)
    text = _FOLD.sub(lambda match: f"{number(match[1])} times", text)
    return _FRACTION.sub(_replace_fraction, text)
