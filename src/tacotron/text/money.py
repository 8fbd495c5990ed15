"""Sums of money as words: "$3.50" is "three dollars and fifty cents"."""

import re

from tacotron.text.context import is_adjective
from tacotron.text.numbers import INTEGER, NUMBER_START, RANGE, cardinal, integer, number

# symbol: (one unit, several, a hundredth, several)
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "US$": ("U S dollar", "U S dollars", "cent", "cents"),
    "C$": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "A$": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₽": ("ruble", "rubles", "kopeck", "kopecks"),
    "₩": ("won", "won", "jeon", "jeon"),
    "₿": ("bitcoin", "bitcoins", "", ""),
    "USD": ("U S dollar", "U S dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "JPY": ("yen", "yen", "sen", "sen"),
}
_SCALES = {
    "k": "thousand",
    "m": "million",
    "mn": "million",
    "b": "billion",
    "bn": "billion",
    "t": "trillion",
    "tn": "trillion",
}
_PER = {
    "hr": "hour",
    "h": "hour",
    "hour": "hour",
    "day": "day",
    "night": "night",
    "wk": "week",
    "week": "week",
    "mo": "month",
    "month": "month",
    "yr": "year",
    "year": "year",
    "person": "person",
    "share": "share",
    "lb": "pound",
    "kg": "kilogram",
    "oz": "ounce",
    "gal": "gallon",
    "mile": "mile",
    "min": "minute",
}
_SYMBOL = r"(US\$|C\$|A\$|\$|£|€|¥|₹|₽|₩|₿)"
_CODE = r"(USD|EUR|GBP|JPY)"
_AMOUNT = rf"((?:{INTEGER}|(?=\.[0-9]))(?:\.[0-9]++)?)"
_SCALE = (
    r"(?:[ -]?(hundred|thousand|million|billion|trillion)\b|((?i:k|mn?|bn?|tn?))(?![A-Za-z0-9])|)"
)
_RATE = rf"(?: ?/ ?({'|'.join(_PER)})\b(?:\.(?=[,;:]))?)?"

_BEFORE = re.compile(
    rf"(?<![A-Za-z])(?:{_SYMBOL}|{_CODE}) ?(?:{_AMOUNT}{RANGE}[$£€]?)?(?<![0-9])"
    rf"{_AMOUNT}{_SCALE}{_RATE}"
)
_AFTER = re.compile(rf"{NUMBER_START}{_AMOUNT}{_SCALE} ?(?:([£€¥₹₽₩₿])|{_CODE}\b){_RATE}")
_CENTS = re.compile(rf"{NUMBER_START}([0-9]{{1,3}}) ?¢")
_LONE = re.compile(r"[$£€¥₹₽₩₿¢]+")


def _say(currency: str, amount: str, scale: str) -> str:
    one, several, cent, cents = _CURRENCIES[currency]
    whole, point, fraction = amount.partition(".")
    whole = whole or "0"
    if scale:
        return f"{number(amount)} {scale} {several}"
    if not point or not fraction.strip("0"):
        return f"{integer(whole)} {one if whole == '1' else several}"
    if len(fraction) != 2 or not cent:
        return f"{number(amount)} {several}"
    value = int(fraction)
    small = f"{cardinal(value)} {cent if value == 1 else cents}"
    if not whole.strip("0"):
        return small
    return f"{integer(whole)} {one if whole == '1' else several} and {small}"


def _scale(word: str | None, letters: str | None) -> str:
    return word or (_SCALES[letters.lower()] if letters else "")


def _rate(unit: str | None) -> str:
    return f" per {_PER[unit]}" if unit else ""


def _replace_before(match: re.Match[str]) -> str:
    symbol, code, first, amount, word, letters, unit = match.groups()
    currency, scale = symbol or code, _scale(word, letters)
    words = _say(currency, amount, scale)
    if first:
        with_cents = "." in first and not scale
        words = f"{_say(currency, first, '') if with_cents else number(first)} to {words}"
    elif not _rate(unit) and is_adjective(match.string, *match.span()):
        one, several, *_ = _CURRENCIES[currency]
        words = words.removesuffix(several) + one if words.endswith(several) else words
    return words + _rate(unit)


def _replace_after(match: re.Match[str]) -> str:
    amount, word, letters, symbol, code, unit = match.groups()
    return _say(symbol or code, amount, _scale(word, letters)) + _rate(unit)


def _replace_cents(match: re.Match[str]) -> str:
    return f"{integer(match[1])} cent{'' if match[1] == '1' else 's'}"


def _replace_lone(match: re.Match[str]) -> str:
    return f" {_CURRENCIES[match[0][0]][0]} " if match[0][0] in _CURRENCIES else " cent "


def read_money(text: str) -> str:
    """Replace sums of money, then currency signs that stand alone."""
    text = _BEFORE.sub(_replace_before, text)
    text = _AFTER.sub(_replace_after, text)
    text = _CENTS.sub(_replace_cents, text)
    return _LONE.sub(_replace_lone, text)
