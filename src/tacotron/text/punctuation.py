"""The last stage: signs as words, quotes dropped, and punctuation in its one canonical form."""

import re

from tacotron.text.characters import SOFT_COMMA
from tacotron.text.context import LETTER_A, word_set

# What stands for phonemes in braces while the text is worked on.
BRACES = "\ue000"

_MARKS = ",.?!;:\u2014"
# Where several meet, the strongest is kept; of a kind, the first.
_STRENGTH = {",": 0, "\u2014": 1, ":": 1, ";": 1, ".": 2, "!": 3, "?": 4}

_ORNAMENT = re.compile(r"([=+#~*_|<>^\\/&@%-])\1{2,}|(?<![^ ])[:;=]-?[()DPpO/|](?![A-Za-z0-9])")
_DASH = re.compile(r" ?--+ ?|(?<= )-(?= )")
_ELLIPSIS = re.compile(r"\.{2,}")
_OR_SLASH = re.compile(r"(?<=[A-Za-z])/(?=[A-Za-z])")
_BACKSLASH = re.compile(r"(?<=[A-Za-z0-9])\\(?=[A-Za-z0-9])")
_SIGNS = (
    ("&", " and "),
    ("@", " at "),
    ("%", " percent "),
    ("+", " plus "),
    ("=", " equals "),
    ("/", " slash "),
    ("°", " degrees "),
    ("\u00d7", " times "),
    ("\u00f7", " divided by "),
    ("±", " plus or minus "),
    ("√", " square root of "),
    ("µ", " micro "),
    ("[", "("),
    ("]", ")"),
    ("|", ","),
)
_TOKEN = re.compile(
    rf"'?[A-Za-z]++(?:'[A-Za-z]++)*+'?|{LETTER_A}(?:'s)?|[{BRACES}{SOFT_COMMA}{_MARKS}()]"
)
_QUOTE = re.compile(r"(?<![A-Za-z])'([A-Za-z]{0,7})(?![A-Za-z])|(?<![A-Za-z])'|'(?![A-Za-z])")
_DROPPED_G = re.compile("[A-Za-z]{2}in$")
# Words that begin with an apostrophe, which is no quote.
_ELISIONS = word_set("tis twas twere twill em til bout cause cuse round course gain kay")

# A word of these behind it tells that "A" is a letter, not the article; so does any punctuation.
_AFTER_LETTER = word_set(
    """
    is was has and or to of in for on at by as than with from that which are were will would can
    through plus minus equals times over but who where sharp flat slash dot dash underscore colon
    """
)


def _drop_quotes(text: str) -> str:
    """Return the text without quotes, apostrophes kept."""
    text = text.replace('"', " ")
    opened = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal opened
        before = text[max(0, match.start() - 5) : match.start()]
        if not before[-1:].isalpha():
            if match[1] and match[1].lower() in _ELISIONS:
                return match[0]
            opened += text[match.start() + 1 : match.start() + 2].isalpha()
            return " " + (match[1] or "")
        # nothin', somethin', unless the apostrophe closes a quotation
        if not opened and _DROPPED_G.search(before):
            return "'"
        opened = max(0, opened - 1)
        return " "

    return _QUOTE.sub(replace, text)


def _read_signs(text: str) -> str:
    text = _ORNAMENT.sub(" ", text)
    text = _DASH.sub(" \u2014 ", text)
    text = _ELLIPSIS.sub(". ", text)
    text = _OR_SLASH.sub(" ", text)
    text = _BACKSLASH.sub(" backslash ", text)
    for sign, word in _SIGNS:
        if sign in text:
            text = text.replace(sign, word)
    return text


def _arrange(tokens: list[str]) -> list[str]:
    """Return words and punctuation without what is doubled, unmatched or leads the text."""
    arranged: list[str] = []
    depth = 0
    closing = tokens.count(")")
    soft = False
    for token in tokens:
        if token == SOFT_COMMA:
            soft = True
            continue
        mark = token
        if token == ")":
            closing -= 1
            if not depth:
                mark = ","
        elif token == "(" and depth >= closing:
            mark = ","
        last = arranged[-1] if arranged else "("
        if mark == "(":
            depth += 1
            arranged.append(mark)
        elif mark == ")":
            depth -= 1
            if last == "(":
                arranged.pop()
            else:
                arranged.append(mark)
        elif mark in _MARKS:
            if last in _STRENGTH:
                if _STRENGTH[mark] > _STRENGTH[last]:
                    arranged[-1] = mark
            elif last != "(":
                arranged.append(mark)
        else:
            if soft and last not in _STRENGTH and last != "(":
                arranged.append(",")
            arranged.append(mark)
        soft = False
    return arranged


def _settle_letters(tokens: list[str]) -> None:
    """Write single letters in upper case and the article "a" in lower case, in place."""
    articles = []
    for number, token in enumerate(tokens):
        letter, apostrophe, rest = token.partition("'")
        if (
            len(letter) != 1
            or not (letter.isalpha() or letter == LETTER_A)
            or rest not in ("", "s")
        ):
            continue
        if letter in ("A", "a", LETTER_A):
            if apostrophe:
                tokens[number] = "A's"
            else:
                articles.append(number)
        else:
            tokens[number] = letter.upper() + apostrophe + rest
    for number in articles:
        is_letter = _is_letter_name(tokens, number)
        if is_letter or tokens[number] != LETTER_A:  # a letter like an article stays marked
            tokens[number] = "A" if is_letter else "a"


def _is_letter_name(tokens: list[str], number: int) -> bool:
    """Whether a lone "A" is the letter rather than the article, by what stands beside it."""
    following = tokens[number + 1] if number + 1 < len(tokens) else "."
    previous = tokens[number - 1] if number else "."
    if following in _STRENGTH or following == ")" or following in _AFTER_LETTER:
        return True
    if tokens[number] == "a":
        return _is_single(previous) and _is_single(following)
    # a capital inside a sentence: "James A Garfield", "Vitamin A tablets"
    return _is_single(following) or (previous not in _STRENGTH and previous != "(")


def _is_single(token: str) -> bool:
    """Whether a token is a spelled letter, with a plural's "'s" or not."""
    letter = token.partition("'")[0]
    return len(letter) == 1 and (letter == LETTER_A or letter.isupper())


def _join(tokens: list[str]) -> str:
    words: list[str] = []
    for token in tokens:
        if words and (token in ",.?!;:)" or words[-1].endswith("(")):
            words[-1] += token
        else:
            words.append(token)
    return " ".join(words)


def arrange_punctuation(text: str) -> str:
    """Return the text as words parted by single spaces, with punctuation where it is spoken."""
    text = _drop_quotes(_read_signs(text))
    tokens = _arrange(_TOKEN.findall(text))
    _settle_letters(tokens)
    return _join(tokens)
