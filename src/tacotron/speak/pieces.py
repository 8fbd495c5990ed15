"""A text, cut into the pieces that are spoken one after another, and the pauses between them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tacotron.speak.prosody import NEUTRAL, Prosody
from tacotron.text.document import PLAIN, Break, Document, End, Run, Style
from tacotron.text.sentences import split_long, split_sentences

LONGEST = 250  # characters; sentences beyond this are rarely in a corpus, and delay first audio

_PARAGRAPHS = re.compile(r"\n\s*\n")
_MARK_AT_END = re.compile(r"[,.;:?!\u2026\u2013\u2014-][\"'\u2019\u201d)\]]*$")


@dataclass(frozen=True)
class Stretch:
    """Part of a piece: all its text is of one style."""

    text: str
    style: Style = PLAIN
    silence: float | None = None  # seconds of a break behind it; None where there is none


@dataclass(frozen=True)
class Piece:
    """What is spoken in one breath: a sentence, or part of a long one."""

    text: str  # as the user wrote it
    stretches: tuple[Stretch, ...]  # their texts together are `text`
    pause: float  # seconds of silence after it at speed 1
    after: float | None = None  # seconds of a break instead of `pause`, whatever the speed
    before: float | None = None  # seconds of a break before it, whatever the speed


def split_pieces(text: str) -> list[Piece]:
    """Cut plain ``text`` as `cut_document` does."""
    return cut_document(Document((Run(text),)))


def cut_document(document: Document, prosody: Prosody = NEUTRAL) -> list[Piece]:
    """Cut ``document`` into sentences, and those longer than `LONGEST` characters at clauses.

    A break within a sentence is spoken as a comma where no mark is; one at its end takes the place
    of the pause there.
    """
    pieces: list[Piece] = []
    before: float | None = None
    for items, end in _passages(document.items):
        silence, made = _cut_passage(items, end, prosody)
        if silence is not None and pieces:
            pieces[-1] = replace(pieces[-1], after=(pieces[-1].after or 0.0) + silence)
        elif silence is not None:
            before = (before or 0.0) + silence
        if made and not pieces:
            made[0] = replace(made[0], before=before)
        elif end.is_paragraph and pieces and not made:
            pieces[-1] = replace(pieces[-1], pause=prosody.paragraph_pause)
        pieces += made
    return pieces


def _passages(items: Iterable[Run | Break | End]) -> Iterator[tuple[list[Run | Break], End]]:
    """Yield what ends together, and how."""
    passage: list[Run | Break] = []
    for item in items:
        if isinstance(item, End):
            yield passage, item
            passage = []
        else:
            passage.append(item)
    yield passage, End()


def _cut_passage(
    items: Sequence[Run | Break], end: End, prosody: Prosody
) -> tuple[float | None, list[Piece]]:
    """The seconds of breaks before the first word (None where there are none), and the pieces."""
    styles: list[tuple[int, Style]] = []  # from which character on
    breaks: list[tuple[int, float]] = []  # before which character, and seconds
    parts: list[str] = []
    length = 0
    for item in _with_commas(items):
        if isinstance(item, Break):
            breaks.append((length, item.seconds))
        else:
            styles.append((length, item.style))
            parts.append(item.text)
            length += len(item.text)
    text = "".join(parts)
    cut = _cut_text(text, end, prosody)
    if not breaks and len({style for _, style in styles}) <= 1:  # nearly always
        style = styles[0][1] if styles else PLAIN
        return None, [Piece(part, (Stretch(part, style),), pause) for part, pause in cut]
    places = _locate(text, [part for part, _ in cut])
    # A break belongs to what was said before it.
    firsts = [*(where[0] for where in places), length]
    owned = [[b for b in breaks if low < b[0] <= high] for low, high in pairwise([-1, *firsts])]
    pieces: list[Piece] = []
    for (part, pause), where, own in zip(cut, places, owned[1:], strict=True):
        stretches, after = _stretches(part, where, styles, own)
        pieces.append(Piece(part, stretches, pause, after))
    return sum(seconds for _, seconds in owned[0]) if owned[0] else None, pieces


def _with_commas(items: Sequence[Run | Break]) -> list[Run | Break]:
    """``items`` with a comma before each break that parts words, and a space in any case."""
    result: list[Run | Break] = []
    last: int | None = None  # place of the text before the breaks
    silence: float | None = None
    for item in items:
        if isinstance(item, Break):
            silence = (silence or 0.0) + item.seconds
        elif item.text.strip():
            if silence is not None and last is not None:
                run = result[last]
                spoken = run.text.rstrip()
                comma = "" if _MARK_AT_END.search(spoken) or not silence else ","
                result[last] = replace(run, text=f"{spoken}{comma}{run.text[len(spoken) :] or ' '}")
            last, silence = len(result), None
        result.append(item)
    return result


def _cut_text(text: str, end: End, prosody: Prosody) -> list[tuple[str, float]]:
    """The pieces of a passage, and the seconds of silence after each at speed 1."""
    cut: list[tuple[str, float]] = []
    paragraphs = [text] if end.is_sentence else _PARAGRAPHS.split(text)
    for paragraph in paragraphs:
        # Sentences to themselves first: which of them is the paragraph's last decides the pause.
        whole = [paragraph.strip()] if end.is_sentence else split_sentences(paragraph)
        sentences = [split_long(sentence, LONGEST) for sentence in whole]
        for number, parts in enumerate(sentences, 1):
            is_last = number == len(sentences)
            ends = is_last and (end.is_paragraph or paragraph is not paragraphs[-1])
            last = prosody.paragraph_pause if ends else prosody.sentence_pause
            cut += [(part, prosody.clause_pause) for part in parts[:-1]]
            cut += [(part, last) for part in parts[-1:]]
    return cut


def _locate(text: str, parts: Sequence[str]) -> list[list[int]]:
    """For each of ``parts``, where in ``text`` its characters stand, a space with the one before.

    Parts are in order, and ``text`` may have white space and marks that they lack.
    """
    places: list[list[int]] = []
    place = -1
    for part in parts:
        found = []
        for character in part:
            if not character.isspace():
                place = text.index(character, place + 1)
            found.append(place)
        places.append(found)
    return places


def _stretches(
    part: str,
    places: Sequence[int],
    styles: Sequence[tuple[int, Style]],
    breaks: Sequence[tuple[int, float]],
) -> tuple[tuple[Stretch, ...], float | None]:
    """``part`` cut where its style changes and where breaks are, and the break behind it all."""
    stretches: list[Stretch] = []
    starts = [start for start, _ in styles]
    start, passed = 0, 0
    style = styles[bisect_right(starts, places[0]) - 1][1]
    for i, place in enumerate(places):
        now = styles[bisect_right(starts, place) - 1][1]
        silences = []
        while passed < len(breaks) and breaks[passed][0] <= place:
            silences.append(breaks[passed][1])
            passed += 1
        if now != style or silences:
            stretches.append(Stretch(part[start:i], style, sum(silences) if silences else None))
            start, style = i, now
    stretches.append(Stretch(part[start:], style))
    silences = [seconds for _, seconds in breaks[passed:]]
    return tuple(stretches), sum(silences) if silences else None
