"""Abbreviations as words, by their place: "St. James St." is "Saint James Street"."""

import re

# Titles, which stand before a name; their stop never ends a sentence.
TITLES = {
    "Mr": "Mister",
    "Mrs": "Missus",
    "Ms": "Miz",
    "Messrs": "Messers",
    "Dr": "Doctor",
    "Drs": "Doctors",
    "Prof": "Professor",
    "Rev": "Reverend",
    "Hon": "Honorable",
    "Gen": "General",
    "Col": "Colonel",
    "Maj": "Major",
    "Capt": "Captain",
    "Lt": "Lieutenant",
    "Sgt": "Sergeant",
    "Gov": "Governor",
    "Sen": "Senator",
    "Rep": "Representative",
    "Pres": "President",
    "Mt": "Mount",
    "Ft": "Fort",
    "St": "Saint",
}
# Abbreviations read the same anywhere; those in SENTENCE_ENDING may also end a sentence.
_WORDS = {
    "vs": "versus",
    "etc": "et cetera",
    "e.g": "for example",
    "i.e": "that is",
    "approx": "approximately",
    "dept": "department",
    "Dept": "Department",
    "Inc": "Incorporated",
    "Ltd": "Limited",
    "Co": "Company",
    "Corp": "Corporation",
    "Jr": "Junior",
    "Sr": "Senior",
    "Ave": "Avenue",
    "Blvd": "Boulevard",
    "Rd": "Road",
    "St": "Street",
    "Dr": "Drive",
}
_TITLE = re.compile(r"\b(" + "|".join(sorted(TITLES, key=len, reverse=True)) + r")\b\.?(?= ?[A-Z])")
_WORD = re.compile(
    r"\b(" + "|".join(re.escape(word) for word in sorted(_WORDS, key=len, reverse=True)) + r")\."
    r"(?=(,|;|:|\)|'|\"|$| ))( [A-Z]|$)?"
)
_NUMBER_SIGN = re.compile(r"(?:\b[Nn]o\. ?|#)(?=[0-9])")


def read_abbreviations(text: str) -> str:
    """Replace abbreviations."""
    text = _NUMBER_SIGN.sub("number ", text)
    text = _TITLE.sub(lambda match: TITLES[match[1]], text)
    return _WORD.sub(
        lambda match: _WORDS[match[1]] + ("." if match[3] is not None else "") + (match[3] or ""),
        text,
    )
