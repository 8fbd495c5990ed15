"""Sums of money as words: "$3.50" is "three dollars and fifty cents"."""

import re

from tacotron.text.numbers import INTEGER, integer, is_one, number

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
_SYMBOL = r"(US\$|C\$|A\$|\$|£|€|¥|₹|₽|₩|₿)"
_CODE = r"(USD|EUR|GBP|JPY)"
_AMOUNT = rf"({INTEGER}|(?=\.[0-9]))(?:\.([0-9]++))?"
_SCALE = (
    r"(?:[ -]?(hundred|thousand|million|billion|trillion)\b|((?i:k|mn?|bn?|tn?))(?![A-Za-z0-9])|)"
)

_BEFORE = re.compile(rf"(?<![A-Za-z])(?:{_SYMBOL}|{_CODE}) ?(?<![0-9]){_AMOUNT}{_SCALE}")
_AFTER = re.compile(rf"(?<![0-9])(?<![0-9][.,]){_AMOUNT}{_SCALE} ?(?:([£€¥₹₽₩₿])|{_CODE}\b)")
_CENTS = re.compile(r"(?<![0-9])(?<![0-9][.,])([0-9]{1,3}) ?¢")
_LONE = re.compile(r"[$£€¥₹₽₩₿¢]")


def _say(currency: str, whole: str, fraction: str | None, scale: str) -> str:
    one, several, cent, cents = _CURRENCIES[currency]
    whole = whole or "0"
    if scale:
        return f" {number(whole + ('.' + fraction if fraction else ''))} {scale} {several} "
    if fraction is None or (len(fraction) <= 2 and not int(fraction)):
        return f" {integer(whole)} {one if is_one(whole) else several} "
    if len(fraction) != 2 or not cent:
        return f" {number(whole + '.' + fraction)} {several} "
    value = int(fraction)
    small = f"{integer(str(value))} {cent if value == 1 else cents}"
    if not whole.strip("0"):
        return f" {small} "
    return f" {integer(whole)} {one if is_one(whole) else several} and {small} "


def _scale(word: str | None, letters: str | None) -> str:
    return word or (_SCALES[letters.lower()] if letters else "")


def _replace_before(match: re.Match[str]) -> str:
    symbol, code, whole, fraction, word, letters = match.groups()
    return _say(symbol or code, whole, fraction, _scale(word, letters))


def _replace_after(match: re.Match[str]) -> str:
    whole, fraction, word, letters, symbol, code = match.groups()
    return _say(symbol or code, whole, fraction, _scale(word, letters))


def _replace_cents(match: re.Match[str]) -> str:
    return f"{integer(match[1])} cent{'' if is_one(match[1]) else 's'} "


def read_money(text: str) -> str:
    """Replace sums of money, then currency signs that stand alone."""
    text = _BEFORE.sub(_replace_before, text)
    text = _AFTER.sub(_replace_after, text)
    text = _CENTS.sub(_replace_cents, text)
    return _LONE.sub(lambda match: f" {_CURRENCIES.get(match[0], ('cent',))[0]} ", text)
