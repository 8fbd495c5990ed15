"""Sentences of a text that is still being written, each as soon as it has ended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tacotron.text.sentences import split_sentences

_PARAGRAPH = re.compile(r"\n\s*\n")
# What is put behind a line to see whether its last sentence would end there.
_PROBE = " Then"


def arriving_sentences(parts: Iterable[str]) -> Iterator[str | None]:
    """Yield the sentences of a text whose ``parts``, such as its lines, come one after another.

    None stands between paragraphs. A sentence has ended where another begins behind it, at a blank
    line, and at the end of a part that ends as a sentence does. Holds no more than a paragraph.
    """
    rest = ""
    for part in parts:
        *paragraphs, rest = _PARAGRAPH.split(rest + part)
        for paragraph in paragraphs:
            yield from split_sentences(paragraph)
            yield None
        ended, rest = _ended(rest)
        yield from ended
    yield from split_sentences(rest)


def _ended(text: str) -> tuple[list[str], str]:
    """The sentences of ``text`` that have ended, and what is left."""
    stripped = text.rstrip()
    sentences = split_sentences(stripped + _PROBE)
    if not sentences or sentences[-1] != _PROBE.strip() or stripped == text:
        sentences = split_sentences(text)
    ended = sentences[:-1]
    at = 0
    for sentence in ended:
        found = text.find(sentence, at)
        if found < 0:  # joined of parts: it waits for the paragraph's end
            return [], text
        at = found + len(sentence)
    return ended, text[at:]
