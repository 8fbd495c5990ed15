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


class Captioner:
    """Gathers the captions of a text from its chunks, whether they are whole sentences or parts."""

    def __init__(self) -> None:
        self._captions: list[Caption] = []
        self._index: int | None = None  # of the sentence being gathered
        self._text = ""
        self._words: list[SpokenWord] = []
        self._at = 0  # in the normalized text of that sentence, behind its last word

    def add(self, chunk: Chunk) -> None:
        """Take the next chunk: its words are followed by their punctuation in the caption."""
        if chunk.index != self._index:
            self._end_sentence()
            self._index, self._text, self._at = chunk.index, chunk.text, 0
        for word in chunk.words:
            text = self._punctuated(word.text, chunk.normalized)
            start, end = chunk.start + word.start, chunk.start + word.end
            self._words.append(SpokenWord(text, start, end))

    def finish(self) -> list[Caption]:
        """Return a caption for each sentence."""
        self._end_sentence()
        return self._captions

    def _end_sentence(self) -> None:
        if self._words:
            self._captions.append(Caption(self._text, tuple(self._words)))
        self._words = []

    def _punctuated(self, word: str, normalized: str) -> str:
        """``word`` with what stands directly behind it in the ``normalized`` sentence."""
        found = normalized.find(word, self._at)
        if found < 0:  # a front end may respell a word
            return word
        self._at = found + len(word)
        return word + _MARKS_BEHIND.match(normalized, self._at)[0]


def caption(chunk: Chunk) -> Caption:
    """Return what ``chunk``, a whole sentence, says and when."""
    captioner = Captioner()
    captioner.add(chunk)
    return captioner.finish()[0]


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
