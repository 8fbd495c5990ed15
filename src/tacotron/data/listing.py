"""What a list of recordings holds, whatever its layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Span:
    """The part of a recording that an utterance is."""

    start: float = 0.0  # seconds
    stop: float | None = None  # seconds; None: up to the recording's end


WHOLE = Span()


@dataclass(frozen=True)
class Entry:
    """One listed utterance, before its recording is opened."""

    id: str  # as listed, unique within the listing; may hold any character
    audio: str  # path of the recording, or where it was expected
    text: str  # as the reader was given it
    speaker: str  # "" where the list names none
    line: int  # of the list, from 1
    problem: str = ""  # why nothing can be made of it, in plain words
    flags: tuple[str, ...] = ()  # what looks odd about the listing itself
    span: Span = WHOLE  # of the recording


@dataclass(frozen=True)
class Listing:
    """All that a list holds, in its order."""

    source: Path  # the list itself, or the folder that holds several
    layout: str  # how it was understood, in plain words
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()  # what was tolerated on the way

    @property
    def folder(self) -> Path:
        """Where the recordings are at home."""
        return self.source if self.source.is_dir() else self.source.parent
