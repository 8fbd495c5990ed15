"""Raw text cut into sentences, and overlong sentences at their clauses.

Text is cut before it is normalized, so that what is spoken can be traced to what was written; the
stops of abbreviations, initials, numbers and addresses are therefore told apart here as well.
"""

import re

from tacotron.text.context import SENTENCE_STARTERS, ZONE_OR_DAY, word_set
from tacotron.text.normalize import normalize

# A blank line ends a paragraph, and a list's item or a heading begins one.
_PARAGRAPH = re.compile(
    r"\n[ \t\r\f\v]*\n\s*|\u2029|\n(?=[ \t]{0,8}(?:[-*+\u2022] |#{1,6} |[0-9]{1,3}[.)] ))"
)
_HEADING = re.compile(r"^[ \t]{0,3}#{1,6} [^\n]*\n", re.MULTILINE)

# What may end a sentence: stops, with what closes quotations and parentheses behind them. Western
# ones need a space behind them, Chinese, Japanese and Indic ones do not.
_CLOSERS = "\"'\u201d\u2019\u00bb)\\]*_"
_STOP = re.compile(
    rf"(?<![.?!\u2026])([.?!\u2026]++)([{_CLOSERS}]{{0,8}})(?=\s)"
    rf"|([\u3002\uff01\uff1f\u0964\u061f]++)([{_CLOSERS}\u300d\u300f]{{0,8}})"
)
_NEXT = re.compile(r"\s*[\"'\u201c\u2018\u00ab(\[*_]*([A-Za-z0-9']*)")
_LAST_TOKEN = re.compile(r"[\"'(\[\u201c\u2018]*([^\s\"'(\[\u201c\u2018]{1,40})$")
_REACH = 48

# Never the last word of a sentence: titles and what introduces.
_GOES_ON = word_set(
    """
    mr mrs ms mx messrs dr drs prof rev hon gen col maj capt cmdr lt sgt cpl pvt adm gov sen sens
    rep reps pres supt mt ft st e.g i.e cf viz approx ca vs v incl
    """
)
# Abbreviations before a number; at a sentence's end they are words.
_BEFORE_NUMBER = word_set(
    "no nos vol vols ch chap p pp fig figs sec art eq op rm c jan feb mar apr jun jul aug sep sept"
    " oct nov dec"
)
# May end a sentence, if the next word looks like the beginning of one.
_MAY_END = word_set(
    """
    inc ltd co cos corp jr sr esq bros dept depts univ assn govt intl natl mfg mgr est misc max min
    avg tel ext ed eds apt bldg hwy pkwy blvd rd ave ln ct pl sq jan feb mar apr jun jul aug sep
    sept oct nov dec mon tue tues wed thu thur thurs fri sat sun al ft in oz lb lbs hr hrs sec yd
    mi
    """
)
_DOTTED_LETTERS = re.compile(r"(?:[A-Za-z]\.){1,8}[A-Za-z]$|ph\.?d$", re.IGNORECASE)
_ENUMERATOR = re.compile(r"[(\[]?(?:[0-9]{1,3}|[A-Za-z]|[ivx]{1,5})[.)]$")
_PLAIN = re.compile("[A-Za-z0-9]")
_SILENT = re.compile(r"[\s.?!,;:\u2026\u3002\uff01\uff1f\u0964\"'()\[\]*_\u2013\u2014-]*")
_BEFORE_CAPITAL_INITIAL = re.compile(
    r"[A-Z][A-Za-z]*\.?,?\s$|^\s?$|\b(?:by|of|and|to|with|from)\s$"
)

# Where an overlong sentence is cut, the best first: at clauses, then at any space.
_CUTS = (
    re.compile(r"[;:\u2014][\"'\u201d\u2019)]*(?=\s)|\s[-\u2013](?=\s)"),
    re.compile(r",[\"'\u201d\u2019)]*(?=\s)"),
)
_SPACE = re.compile(r"\s")


def split_sentences(text: str) -> list[str]:
    """Return the sentences of ``text`` in order, as written but for the white space around them.

    Paragraphs, list items and headings always end one. What holds neither letter nor digit stays
    with the sentence before it; text without any gives an empty list.
    """
    sentences: list[str] = []
    for paragraph in _PARAGRAPH.split(_HEADING.sub(lambda match: match[0] + "\n", text)):
        sentences += _split_paragraph(paragraph)
    return sentences


def _split_paragraph(paragraph: str) -> list[str]:
    sentences: list[str] = []
    start = 0
    for match in _STOP.finditer(paragraph):
        if not match[3] and not _ends_sentence(paragraph, start, match):
            continue
        start = _add(sentences, paragraph[start : match.end()], match.end())
    _add(sentences, paragraph[start:], len(paragraph))
    return sentences


def _add(sentences: list[str], piece: str, end: int) -> int:
    piece = piece.strip()
    if _is_speakable(piece):
        sentences.append(piece)
    elif piece and sentences:
        sentences[-1] += " " + piece
    return end


def _is_speakable(piece: str) -> bool:
    if _PLAIN.search(piece):
        return True
    return not _SILENT.fullmatch(piece) and bool(normalize(piece).text)


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a stop with a space behind it ends the sentence that begins at ``start``."""
    stop, closers = match[1], match[2]
    following = _NEXT.match(text, match.end())
    after = following[1] if following else ""
    goes_on_small = after[:1].islower()
    if stop[0] in "?!" or "?" in stop or "!" in stop:
        return not (goes_on_small and closers)
    if goes_on_small and (closers or len(stop) > 1 or "\u2026" in stop):
        return False
    if len(stop) > 1 or stop == "\u2026":
        return True
    if _ENUMERATOR.fullmatch(
        text[start : match.end(1)].strip() if match.end() - start < 16 else ""
    ):
        return False
    token = _last_token(text, match.start())
    return not token or _token_ends(text, match.start(), token, after)


def _last_token(text: str, end: int) -> str:
    found = _LAST_TOKEN.search(text[max(0, end - _REACH) : end])
    return found[1] if found else ""


def _token_ends(text: str, end: int, token: str, after: str) -> bool:
    """Whether the stop at ``end`` between ``token`` and the word ``after`` ends a sentence."""
    key = token.lower()
    begins = after in SENTENCE_STARTERS
    if key in ("st", "dr") and token[0].isupper():
        # a street or drive ends a sentence, a saint or doctor none
        before = _last_token(text, end - len(token) - 1)
        return begins and before[:1].isupper() and before not in SENTENCE_STARTERS
    if key in _GOES_ON:
        return False
    if key in _BEFORE_NUMBER and after[:1].isdigit():
        return False
    if len(token) == 1 and token.isupper():
        return begins or not _is_initial(text, end - 1, token)
    if key in ("a.m", "p.m"):
        return after[:1].isupper() and not ZONE_OR_DAY.match(after)
    if key in _MAY_END or _DOTTED_LETTERS.match(token):
        return begins or (bool(after) and after[0].isdigit() and key not in _BEFORE_NUMBER)
    return True


def _is_initial(text: str, start: int, letter: str) -> bool:
    """Whether a letter with a stop is the initial of a name."""
    before = text[max(0, start - _REACH) : start]
    return bool(_BEFORE_CAPITAL_INITIAL.search(before)) and letter != "I"


def split_long(text: str, limit: int) -> list[str]:
    """Return ``text`` in pieces of at most ``limit`` characters, cut where one may pause.

    It is cut behind the last semicolon, colon or dash that ``limit`` allows, else behind the last
    comma, else at the last space; a first piece of less than a quarter of ``limit`` is avoided. A
    word, and phonemes in braces, are never cut, even where they are longer than ``limit``.
    """
    pieces = []
    rest = text.strip()
    while len(rest) > limit:
        cut = _cut(rest, limit)
        if not cut:
            break
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest else pieces


def _cut(text: str, limit: int) -> int:
    """Return where to cut: the end of the first piece, 0 if it has no place for that."""
    window = text[: limit + 1]
    closed = _closed_length(window)
    for pattern in _CUTS:
        ends = [match.end() for match in pattern.finditer(window) if match.end() <= closed]
        if ends and limit // 4 <= ends[-1] <= limit:
            return ends[-1]
    spaces = [match.start() for match in _SPACE.finditer(window) if 0 < match.start() <= closed]
    if spaces:
        return spaces[-1]
    # The first word is too long by itself: up to the space behind it.
    end = text.find("}", closed) + 1 if closed < len(window) else limit
    space = _SPACE.search(text, max(end, 1))
    return space.start() if space else 0


def _closed_length(window: str) -> int:
    """Return the length before a brace that opens phonemes and is not closed in the window."""
    opened = window.rfind("{")
    return opened if opened > window.rfind("}") else len(window)
