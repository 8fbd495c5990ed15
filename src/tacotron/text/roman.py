"""Roman numerals where they number something: "Henry VIII", "Chapter IV", "World War II"."""

import re

from tacotron.text.context import SENTENCE_STARTERS, word_before, word_set
from tacotron.text.numbers import cardinal, ordinal, year

_NUMERALS = {
    1000: "M",
    900: "CM",
    500: "D",
    400: "CD",
    100: "C",
    90: "XC",
    50: "L",
    40: "XL",
    10: "X",
    9: "IX",
    5: "V",
    4: "IV",
    1: "I",
}

# Names of rulers and popes: their numerals are ordinals.
_RULERS = word_set(
    """
    Albert Alexander Alfonso Alphonse Baldwin Benedict Boniface Callixtus Carl Catherine Celestine
    Charles Christian Clement Constantine Cyrus Darius David Edward Elizabeth Eric Eugene Ferdinand
    Francis Frederick George Gregory Gustav Haakon Harald Harold Henri Henry Honorius Innocent Ivan
    James Jan John Juan Justinian Karl Leo Leopold Louis Ludwig Margaret Margrethe Mary Maximilian
    Mehmed Mohammed Murad Napoleon Nicholas Olaf Oscar Otto Paul Pedro Peter Philip Pius Ptolemy
    Rainier Ramesses Ramses Richard Robert Rudolf Selim Sixtus Stephen Suleiman Theodosius Thomas
    Thutmose Urban Victor Vittorio Wilhelm William Xerxes
    """
)
_RULER_TITLES = word_set("King Queen Pope Emperor Empress Tsar Czar Kaiser Prince Duke Sultan")
# What is numbered by cardinals; even by "I", "V" and "X", which elsewhere are letters.
_NUMBERED_BY_LETTER = word_set(
    """
    act article book canto chapter episode lesson mark opus part phase psalm scene section stage
    symphony title tome vol volume war
    """
)
_NUMBERED = _NUMBERED_BY_LETTER | word_set(
    """
    appendix bowl chapters class division exhibit figure grade group level mission number page
    pages parts plate round series step table tier type unit vatican volumes wars world
    """
)
# What may follow "Part I" in lower case; otherwise "I" is the pronoun, and X belongs to a ray.
_AFTER_LETTER = word_set(
    "of and or was is to in has had began begins ended ends scene line verse page by at on"
)
# Largest number of a ruler, a film, a rocket; beyond, the letters are rather an acronym.
_LARGEST = 39

_AFTER_NAME = re.compile(
    r"\b([A-Za-z]{2,20}) ([IVXLCDM]{1,15}|[ivxl]{2,8})\b(?!'[a-rt-z]|-[A-Za-z])"
)
# A first name or an initial before a surname: its numeral tells father from son.
_HEIR = re.compile(rf"(?:\b[A-Z]\.? |\b(?:{'|'.join(sorted(_RULERS))}) )$")
_CENTURY = re.compile(
    r"\b([IVX]{1,5})(?:( and | or | to |, |-|\u2013)([IVX]{1,5}))?(?= [Cc]entur(?:y|ies)\b)"
)
_ORDINAL = re.compile(r"\b([IVXLC]{2,8})(?:st|nd|rd|th)\b")
# By themselves these can only be numerals; IV, VI, XI and others may be letters.
_ALONE = re.compile(r"\b(III?|VIII?|XI{2,3}|XI?V|XVI{1,3}|XXI{0,3})\b(?!')")
_YEAR = re.compile(r"\b(M[MDCLXVI]{4,14})\b")
_ITEM = re.compile(r"\(([ivx]{2,5}|[iv])\)")
_SPELLED_ON = re.compile(r" [A-Z](?![A-Za-z'])")
_NEXT_WORD = re.compile(r" ([a-z]+)")


def value_of(numeral: str) -> int | None:
    """Return the value of a Roman numeral of either case, None if it is not a well-formed one."""
    rest, value = numeral.upper(), 0
    for worth, letters in _NUMERALS.items():
        repeats = 3 if len(letters) == 1 and letters in "IXCM" else 1
        for _ in range(repeats):
            if rest.startswith(letters):
                rest = rest.removeprefix(letters)
                value += worth
    return value if value and not rest and _write(value) == numeral.upper() else None


def _write(value: int) -> str:
    letters = []
    for worth, numeral in _NUMERALS.items():
        count, value = divmod(value, worth)
        letters.append(numeral * count)
    return "".join(letters)


def _replace_after_name(match: re.Match[str]) -> str:
    name, numeral = match.groups()
    value = value_of(numeral)
    if value is None or _SPELLED_ON.match(match.string, match.end()):
        return match[0]
    numbered = name.lower() in _NUMBERED
    if len(numeral) == 1:
        if numeral not in "IVX":
            return match[0]
        numbered = name.lower() in _NUMBERED_BY_LETTER and (name[0].isupper() or name == "war")
        numbered = numbered and _is_number(match)
    if numbered:
        return f"{name} {cardinal(value)}"
    if numeral.islower() or not name[0].isupper() or value > _LARGEST:
        return match[0]
    if name in _RULERS and (numeral != "I" or _is_ruler(match)):
        return f"{name} the {ordinal(value)}"
    if len(numeral) == 1 or name in SENTENCE_STARTERS or name.isupper():
        return match[0]
    if value <= 5 and _HEIR.search(match.string[max(0, match.start() - 16) : match.start()]):
        return f"{name} the {ordinal(value)}"
    return f"{name} {cardinal(value)}"


def _is_number(match: re.Match[str]) -> bool:
    """Whether the I of "Part I", "world war I" is a number rather than the pronoun or a letter."""
    following = _NEXT_WORD.match(match.string, match.end())
    return not following or following[1] in _AFTER_LETTER


def _is_ruler(match: re.Match[str]) -> bool:
    """Whether the I of "King James I" is a number rather than the pronoun."""
    if word_before(match.string, match.start()) in _RULER_TITLES:
        return True
    following = match.string[match.end() : match.end() + 5]
    if following.strip("\"')")[:1] in ("", *".,;:!?"):  # the pronoun goes on with a verb
        return True
    return following.startswith("'s") or re.match(" of [A-Z]", following) is not None


def _replace_ordinal(match: re.Match[str]) -> str:
    value = value_of(match[1])
    return match[0] if value is None else ordinal(value)


def _replace_century(match: re.Match[str]) -> str:
    first, between, last = match.groups()
    values = [value_of(numeral) for numeral in (first, last) if numeral]
    if None in values:
        return match[0]
    between = " to " if between in ("-", "\u2013") else between
    return (between or "").join(ordinal(value) for value in values if value)


def _replace_year(match: re.Match[str]) -> str:
    value = value_of(match[1])
    return year(value) if value and value <= 2100 else match[0]


def _replace_item(match: re.Match[str]) -> str:
    value = value_of(match[1])
    return match[0] if value is None else f"({cardinal(value)})"


def read_roman(text: str) -> str:
    """Replace Roman numerals after a name or a noun that is numbered, as ordinals, and years."""
    text = _CENTURY.sub(_replace_century, text)
    text = _AFTER_NAME.sub(_replace_after_name, text)
    text = _ORDINAL.sub(_replace_ordinal, text)
    text = _YEAR.sub(_replace_year, text)
    text = _ALONE.sub(lambda match: cardinal(value_of(match[1]) or 0), text)
    return _ITEM.sub(_replace_item, text)
