"""When each word is spoken, as SubRip, WebVTT or JSON: exact, since durations are known.

SubRip gets one cue a word. WebVTT gets cues of readable length whose words carry their own times,
so that a player can show either. JSON holds everything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from tacotron.errors import TacotronError
from tacotron.files import atomic_write
from tacotron.speak.chunks import Chunk, SpokenWord

FORMATS = (".srt", ".vtt", ".json")
LINE_CHARACTERS = 42  # of a WebVTT cue, as broadcasters' guidelines have it

_MARKS_BEHIND = re.compile(r"[^\w\s{]*")


@dataclass(frozen=True)
class Caption:
    """A spoken sentence with its times, small enough to keep all of a long text's."""

    text: str  # as it was given
    words: tuple[SpokenWord, ...]  # seconds from the beginning of the whole text; with punctuation


def caption(chunk: Chunk) -> Caption:
    """Return what ``chunk`` says and when, its words followed by their punctuation."""
    spoken = []
    for word, text in zip(chunk.words, _punctuated(chunk), strict=True):
        spoken.append(SpokenWord(text, chunk.start + word.start, chunk.start + word.end))
    return Caption(chunk.text, tuple(spoken))


def check_format(path: str | Path) -> None:
    """Raise `TacotronError` where ``path`` has none of the suffixes in `FORMATS`."""
    if Path(path).suffix.lower() not in FORMATS:
        raise TacotronError(
            f"Can't tell which timings {path} should hold: end it with {', '.join(FORMATS)}."
        )


def write_captions(path: str | Path, captions: Sequence[Caption]) -> None:
    """Write ``captions`` to ``path``, in the format its suffix names.

    Raises `TacotronError` for another suffix, and where the file can't be written.
    """
    check_format(path)
    render = {".srt": srt, ".vtt": vtt, ".json": to_json}[Path(path).suffix.lower()]
    with atomic_write(path, "w") as file:
        file.write(render(captions))


def srt(captions: Sequence[Caption]) -> str:
    """Return SubRip text: a cue for each word."""
    words = [word for sentence in captions for word in sentence.words]
    return "\n".join(
        f"{number}\n{_clock(word.start, ',')} --> {_clock(word.end, ',')}\n{word.text}\n"
        for number, word in enumerate(words, 1)
    )


def vtt(captions: Sequence[Caption]) -> str:
    """Return WebVTT text: a cue for each line of words, and a timestamp before each word."""
    parts = ["WEBVTT\n"]
    for sentence in captions:
        for line in _lines(sentence.words):
            first, *others = line
            timed = [escape(first.text, quote=False)]
            timed += [
                f"<{_clock(word.start, '.')}>{escape(word.text, quote=False)}" for word in others
            ]
            span = f"{_clock(first.start, '.')} --> {_clock(line[-1].end, '.')}"
            parts.append(f"{span}\n{' '.join(timed)}\n")
    return "\n".join(parts)


def to_json(captions: Sequence[Caption]) -> str:
    """Return JSON: ``{"sentences": [{"text", "start", "end", "words": [{...}]}]}``, in seconds."""
    sentences = [
        {
            "text": sentence.text,
            "start": round(sentence.words[0].start, 4),
            "end": round(sentence.words[-1].end, 4),
            "words": [
                {"text": word.text, "start": round(word.start, 4), "end": round(word.end, 4)}
                for word in sentence.words
            ],
        }
        for sentence in captions
    ]
    return json.dumps({"sentences": sentences}, ensure_ascii=False, indent=1) + "\n"


def _punctuated(chunk: Chunk) -> Iterator[str]:
    """The chunk's words, each with what stands directly behind it in the normalized text."""
    text, at = chunk.normalized, 0
    for word in chunk.words:
        found = text.find(word.text, at)
        if found < 0:  # a front end may respell a word
            yield word.text
            continue
        at = found + len(word.text)
        yield word.text + _MARKS_BEHIND.match(text, at)[0]


def _lines(words: Sequence[SpokenWord]) -> Iterator[list[SpokenWord]]:
    line: list[SpokenWord] = []
    length = 0
    for word in words:
        if line and length + len(word.text) > LINE_CHARACTERS:
            yield line
            line, length = [], 0
        line.append(word)
        length += len(word.text) + 1
    yield line


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"
