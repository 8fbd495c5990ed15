"""A text, cut into the pieces that are spoken one after another, and the pauses between them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tacotron.text.sentences import split_long, split_sentences

LONGEST = 250  # characters; sentences beyond this are rarely in a corpus, and delay first audio

# Silence added after a piece, seconds at speed 1. Speech itself keeps a little at its edges.
CLAUSE_PAUSE = 0.12  # where a long sentence was cut
SENTENCE_PAUSE = 0.35
PARAGRAPH_PAUSE = 0.7

_PARAGRAPHS = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class Piece:
    """What is spoken in one breath: a sentence, or part of a long one."""

    text: str  # as the user wrote it
    pause: float  # seconds of silence after it at speed 1


def split_pieces(text: str) -> list[Piece]:
    """Cut ``text`` into sentences, and those longer than `LONGEST` characters at clauses."""
    pieces: list[Piece] = []
    for paragraph in _PARAGRAPHS.split(text):
        # Sentences to themselves first: which of them is the paragraph's last decides the pause.
        sentences = [split_long(sentence, LONGEST) for sentence in split_sentences(paragraph)]
        for number, parts in enumerate(sentences, 1):
            last = PARAGRAPH_PAUSE if number == len(sentences) else SENTENCE_PAUSE
            pieces += [Piece(part, CLAUSE_PAUSE) for part in parts[:-1]]
            pieces += [Piece(part, last) for part in parts[-1:]]
    return pieces
