"""Any Unicode text as the few characters that the normalizer knows.

What comes out is printable ASCII, line breaks, and the signs in `KEPT`. Typography becomes what a
typewriter writes, accents are dropped, emoji are named, other scripts are transliterated
(anyascii), and what is left is dropped; the last two are told in a warning.
"""

import re
import unicodedata

# Signs that later stages read: a dash, currencies, degrees, arithmetic and the micro prefix.
KEPT = "\u2014£€¥¢₹₽₩₿°\u00d7÷±√µ"

# A comma where a word follows and no other punctuation stands: what parts an emoji's name from
# its sentence. A private character, so that no text can hold it.
SOFT_COMMA = "\ue002"

_TYPOGRAPHY = {
    "'": "\u2018\u2019\u201a\u201b\u2032\u02b9\u02bb\u02bc\u02bd\u00b4\u2039\u203a\uff07",
    '"': "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u300c\u300d\u300e\u300f\uff02",
    "-": "\u2010\u2011\u2012\u2013\u2043\u2212\u02d7",
    "\u2014": "\u2015\u2e3a\u2e3b",
    "...": "\u2026",
    "..": "\u2025",
    ". ": "\u3002\u0964\u0965\u06d4\uff61",
    ", ": "\u3001\u060c\uff64",
    "? ": "\u061f",
    "; ": "\u061b",
    "/": "\u2044\u2215",
    " - ": "\u2022\u2023\u25e6\u25aa\u25cf\u25cb\u00b7",
    " to ": "\u2192\u21d2\u27f6\u279c\u2794",
    " infinity ": "\u221e",
    " approximately ": "\u2248\u2245",
    " is not equal to ": "\u2260",
    " is less than or equal to ": "\u2264",
    " is greater than or equal to ": "\u2265",
    " per mille": "\u2030",
    " section ": "\u00a7",
    " copyright ": "\u00a9",
    "No. ": "\u2116",
    "°C": "\u2103",
    "°F": "\u2109",
    "°": "\u00ba\u02da",
    "": "\u00ae\u2122\u2120\u00b6\u2020\u2021\u00bf\u00a1\u00aa\u2669\u266a\u266b\u266c\u20e3",
}
_FIXED = {ord(char): text for text, chars in _TYPOGRAPHY.items() for char in chars}

_OTHER = re.compile(rf"[^\x00-\x7f{KEPT}{SOFT_COMMA}]+")
_SUPERSCRIPT = re.compile("[\u2070\u00b9\u00b2\u00b3\u2074-\u2079\u207a\u207b]+")
_OHMS = re.compile("(?<=[0-9])( ?)([kM]?)[\u2126\u03a9]")
# The prefix of a unit, as in "5 µg", is written with the micro sign or the Greek letter.
_MICRO = re.compile("(?<=[0-9])( ?)\u03bc(?=[gmsLlFAVW])")

_NAME_FRONT = frozenset({"white", "black", "heavy"})
_NAME_END = frozenset({"sign", "symbol", "emoji"})
# Skin tones and the halves of flags say nothing by themselves.
_MODIFIERS = re.compile("[\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_EMOJI = re.compile("[\u231a-\u23fa\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff]")


def clean_characters(text: str) -> tuple[str, list[str]]:
    """Return the text in printable ASCII, line breaks and `KEPT`, and warnings, at most two."""
    if text.isascii() and text.isprintable():
        return text, []
    text = _SUPERSCRIPT.sub(lambda match: "^" + unicodedata.normalize("NFKD", match[0]), text)
    text = text.replace("\u207b", "-").replace("\u207a", "+")
    text = _OHMS.sub(r"\1\2ohms ", text)
    text = _MICRO.sub(r"\1µ", text)
    silent: set[str] = set()
    table = {ord(char): _simple(char, silent) for char in set(text)}
    dropped = [char for char in text if char in silent]
    text = text.translate(table)
    foreign: list[str] = []
    text = _OTHER.sub(lambda match: _read_run(match[0], foreign, dropped), text)
    warnings = []
    if foreign:
        warnings.append(
            f"The text has words of a script that the voice can't read, such as {foreign[0]!r}: "
            "they were transliterated."
        )
    if dropped:
        several = "s" if len(dropped) > 1 else ""
        warnings.append(
            f"The text has {len(dropped)} character{several} that can't be spoken, such as "
            f"U+{ord(dropped[0]):04X}: dropped."
        )
    return text, warnings


def _simple(char: str, silent: set[str]) -> str:
    """Return what a single character stands for; itself where its neighbors matter."""
    if char in KEPT or char == "\n" or " " <= char <= "~":
        return char
    fixed = _FIXED.get(ord(char))
    if fixed is not None:
        return fixed
    if char.isspace():
        return "\n" if char in "\r\v\f\x85\u2028\u2029" else " "
    category = unicodedata.category(char)
    name = unicodedata.name(char, "")
    if category == "Cf" or name.startswith(("COMBINING", "VARIATION")):
        return ""
    if category in ("Cc", "Cs", "Co") or char == "\ufffd":
        silent.add(char)
        return ""
    plain = _without_accents(char)
    if plain.isascii():
        if category == "No":  # a fraction or a circled number is a number of its own
            return f" {plain} "
        return plain
    if category == "Nd":
        return str(unicodedata.digit(char))
    if name.startswith("LATIN"):
        return _to_ascii(char)
    return char


def _without_accents(char: str) -> str:
    """Return the character's compatibility form without accents: "e" for "é", "fi" for "ﬁ"."""
    parts = unicodedata.normalize("NFKD", char)
    return "".join(part for part in parts if not unicodedata.combining(part)).translate(_FIXED)


def _to_ascii(text: str) -> str:
    # Its tables are read from a package of a few hundred files, which plain English never needs.
    from anyascii import anyascii

    return anyascii(text)


def _read_run(run: str, foreign: list[str], dropped: list[str]) -> str:
    """Return what neighboring characters beyond ASCII stand for: emoji, words, or nothing."""
    words: list[str] = []
    run = _FLAG.sub("\U0001f3f4", _MODIFIERS.sub("", run))
    for kind, part in _split_kinds(run):
        if kind == "emoji":
            words.append(f"{SOFT_COMMA} {_emoji_name(part)} {SOFT_COMMA}")
        elif kind == "word":
            if len(part) == 1 and unicodedata.name(part, "").startswith("GREEK"):
                words.append(
                    " " + unicodedata.name(part).split(" WITH")[0].split()[-1].lower() + " "
                )
                continue
            plain = _transliterate(part)
            (foreign if plain.strip() else dropped).append(part if plain.strip() else part[0])
            words.append(plain)
        else:
            mark = _to_ascii(part).strip()
            if mark in {",", ".", "?", "!", ";", ":", "-"}:
                words.append(mark + " ")
            else:
                dropped.append(part)
                words.append(" ")
    return "".join(words)


def _split_kinds(run: str) -> list[tuple[str, str]]:
    """Split a run into words, single emoji (a repeated one once) and single other characters."""
    parts: list[tuple[str, str]] = []
    start = 0
    for end, char in enumerate(run):
        if unicodedata.category(char)[0] in "LM":
            continue
        if start < end:
            parts.append(("word", run[start:end]))
        start = end + 1
        kind = "emoji" if _EMOJI.match(char) else "other"
        if kind == "other" or not parts or parts[-1] != (kind, char):
            parts.append((kind, char))
    if start < len(run):
        parts.append(("word", run[start:]))
    return parts


def _emoji_name(char: str) -> str:
    if char == "\U0001f3f4":
        return "flag"
    # Unicode's names are words; anyascii's are the shorthands of chats, but know newer emoji.
    name = unicodedata.name(char, "").lower() or _to_ascii(char)
    words = re.findall("[a-z]+", name)
    while len(words) > 1 and words[0] in _NAME_FRONT:
        words.pop(0)
    while len(words) > 1 and words[-1] in _NAME_END:
        words.pop()
    return " ".join(words)


def _transliterate(word: str) -> str:
    """Return a word of another script in lower-case Latin letters, Chinese a syllable a word."""
    parts = []
    for char in word:
        plain = re.sub("[^a-z' ]", "", _to_ascii(char).lower())
        wide = unicodedata.name(char, "").startswith("CJK")
        parts.append(f" {plain} " if wide else plain)
    return "".join(parts)
