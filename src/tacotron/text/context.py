"""What stands around a place in a text: the words beside it, and whether a sentence ends there."""

import re

# How far around a place its neighbors are looked for: longer than any word that matters.
_REACH = 32

# The letter A where it is spelled, told apart from the article until the end (punctuation.py).
# A private character: no text that went through characters.py holds it.
LETTER_A = "\ue001"

_BEFORE = re.compile(rf"([A-Za-z0-9'{LETTER_A}]+)[ (\"]*$")
_AFTER = re.compile(rf"[ (\"]*([A-Za-z0-9'{LETTER_A}]+)")
_END = re.compile(r"[\"')\]]*(?: ?$| +[\"'(\[]*([A-Z][A-Za-z']*))")


def word_set(words: str) -> frozenset[str]:
    """Return the words of a string, the form in which this package keeps its word lists."""
    return frozenset(words.split())


# Words that, with a capital after an abbreviation's stop, begin a sentence: "the U.S. They..."
# against "the U.S. Army".
SENTENCE_STARTERS = word_set(
    """
    A After All Although Among An And Another Any As At Because Before Both But By Can Did Do
    Does Don't During Each Either Even Every Few First For From Had Has Have He Her Here His How
    However I I'd I'll I'm I've If In Is It It's Its Just Last Later Many Maybe Meanwhile Most
    Moreover My Neither Next No Nobody Not Nothing Now On Once One Only Or Other Others Our
    Perhaps Please She Since So Some Someone Soon Still Such Than Thanks That That's The Their
    Then There There's These They This Those Though Three Through Thus To Today Together Tomorrow
    Two Under Until Was We Well Were What What's When Where Whether Which While Who Why Will With
    Without Yes Yesterday Yet You Your Mr Mrs Ms Dr Prof
    """
)
# Capitalized words that may follow "9 a.m." and don't begin a sentence.
ZONE_OR_DAY = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Eastern|Central|Pacific|Mountain|Greenwich"
    r"|[A-Z]{2,4}$"
)


def word_before(text: str, start: int) -> str:
    """Return the word directly before ``start``, with no punctuation between; "" for none."""
    match = _BEFORE.search(text[max(0, start - _REACH) : start])
    return match[1] if match else ""


def word_after(text: str, end: int) -> str:
    """Return the word directly after ``end``, with no punctuation between; "" for none."""
    match = _AFTER.match(text[end : end + _REACH])
    return match[1] if match else ""


_ARTICLE = re.compile(r"\b[Aa]n? $")
_NOUN = re.compile(
    r"[ -](?!(?:or|and|for|to|in|is|was|per|at|from|of|on|by|are|each|more|less|long|wide|tall)\b)"
    r"[a-z]"
)


def noun_follows(text: str, end: int) -> bool:
    """Whether a noun, or an adjective before one, stands directly after ``end``."""
    return _NOUN.match(text, end) is not None


def is_adjective(text: str, start: int, end: int) -> bool:
    """Whether a measure stands between an article and a noun: "a 10 km run", "a $5 bill"."""
    return _ARTICLE.search(text[max(0, start - 4) : start]) is not None and noun_follows(text, end)


def stop_after(text: str, end: int, *, any_capital: bool = False) -> str:
    """Return "." if the abbreviation whose stop ends at ``end`` also ends its sentence, else "".

    A sentence begins after it with a word that often does so, or with ``any_capital``.
    """
    window = text[end : end + _REACH]
    match = _END.match(window)
    if not match:
        return ""
    if match[1] is None:
        return "." if len(window) < _REACH else ""
    return "." if any_capital or match[1] in SENTENCE_STARTERS else ""
