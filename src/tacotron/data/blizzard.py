"""The Blizzard Challenge 2012's corpus of audiobooks, by the rules of keithito/tacotron.

Each book is a folder of ``sentence_index.txt`` (eight columns parted by tabs: an id, two figures,
the confidence in the transcript, a figure, the text, and two more), ``wav/ID.wav`` and
``lab/ID.lab``. A label is a line ``time code name``, and its time is when it ends. Of a recording,
what lies between the first silence and shortly after the last sound is kept, where it is not too
long and its transcript is likely to be right. The rules are those of datasets/blizzard.py in
https://github.com/keithito/tacotron.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tacotron.data.listing import WHOLE, Entry, Listing, Span
from tacotron.errors import CorpusError

INDEX = "sentence_index.txt"
LAYOUT = "Blizzard Challenge 2012 (sentence_index.txt, wav, lab)"

#: The books that sound better than the others; only these are read of a folder that holds them.
PREFERRED_BOOKS = ("ATrampAbroad", "TheManThatCorruptedHadleyburg")

#: Transcripts were aligned automatically; up to this confidence (of 100) too many are wrong.
LOWEST_CONFIDENCE = 90.0

#: 700 frames of 12.5 ms: longer sentences cost memory, and attention.
LONGEST_SECONDS = 8.75

#: Kept behind the last sound, whose label tends to end early.
END_SECONDS = 0.05

_COLUMNS = 8
_ID, _CONFIDENCE, _TEXT = 0, 3, 5
_SILENCE = "sil"


def is_blizzard(corpus: Path) -> bool:
    """Tell whether ``corpus`` is such a book's index, a book, or a folder of books."""
    return corpus.name == INDEX or bool(_books(corpus))


def read_blizzard(corpus: Path) -> Listing:
    """List the sentences of a book or of a folder of books.

    Every sentence is an entry: those that the rules leave out have a `problem` that says why.
    Raises `CorpusError` where an index can't be read.
    """
    folder = corpus.parent if corpus.name == INDEX else corpus
    books, notes = _books(folder), []
    names = [book.name for book in books]
    preferred = [book for book in books if book.name in PREFERRED_BOOKS]
    if preferred and len(preferred) < len(books):
        left = ", ".join(name for name in names if name not in PREFERRED_BOOKS)
        notes.append(f"Books that sound worse were left out ({left}): name one to prepare it.")
        books = preferred
    entries = [entry for book in books for entry in _read_book(book, alone=book == folder)]
    source = folder / INDEX if books == [folder] else folder
    return Listing(source, LAYOUT, tuple(entries), tuple(notes))


def _books(folder: Path) -> list[Path]:
    if (folder / INDEX).is_file():
        return [folder]
    try:
        return sorted(path.parent for path in folder.glob(f"*/{INDEX}"))
    except OSError:
        return []


def _read_book(book: Path, *, alone: bool) -> list[Entry]:
    index = book / INDEX
    try:
        text = index.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CorpusError(f"{index} can't be read ({reason}): get the corpus again.") from error
    return [
        _entry(book, "" if alone else f"{book.name}/", number, line)
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip() and not line.startswith("#")
    ]


def _entry(book: Path, prefix: str, number: int, line: str) -> Entry:
    cells = [cell.strip() for cell in line.split("\t")]
    name = f"{prefix}{cells[_ID]}"
    if len(cells) != _COLUMNS:
        problem = f"line {number} has {len(cells)} columns where {_COLUMNS} belong"
        return Entry(name, "", line.strip()[:200], "", number, problem)
    audio, span, problem, flags = book / "wav" / f"{cells[_ID]}.wav", WHOLE, "", ()
    try:
        confidence = float(cells[_CONFIDENCE])
    except ValueError:
        problem = f"its confidence is no number: {cells[_CONFIDENCE]!r:.40}"
    else:
        if not confidence > LOWEST_CONFIDENCE:
            problem = f"uncertain transcript: confidence {confidence:g}, not above 90"
    if not problem:
        labels = _read_labels(book / "lab" / f"{cells[_ID]}.lab")
        if labels is None:
            flags = ("no labels: its silence was measured instead",)
        else:
            span = speech_span(labels)
            problem = _length_problem(str(audio), span)
    return Entry(name, str(audio), cells[_TEXT], "", number, problem, flags, span)


def _read_labels(path: Path) -> list[tuple[float, str]] | None:
    """The labels of a file: when each ends, in seconds, and its name; None where there are none."""
    labels = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            cells = line.split(maxsplit=2)
            if len(cells) == 3:
                labels.append((float(cells[0]), cells[2].strip()))
    except (OSError, ValueError):
        return None
    return labels or None


def speech_span(labels: Sequence[tuple[float, str]]) -> Span:
    """What to keep of a recording with ``labels`` (when each ends, and its name; at least one).

    Silence at either end goes, but for `END_SECONDS` behind the last sound. Of a recording that is
    labelled silent as a whole, nothing is left.
    """
    start, stop = 0.0, None
    if labels[0][1] == _SILENCE:
        start = labels[0][0]
    if labels[-1][1] == _SILENCE:
        stop = labels[-2][0] + END_SECONDS if len(labels) > 1 else start
    return Span(start, stop)


def _length_problem(audio: str, span: Span) -> str:
    stop = span.stop
    if stop is None:
        import soundfile

        try:
            stop = soundfile.info(audio).duration
        except (OSError, soundfile.SoundFileError):
            return ""  # whoever opens it says what is wrong
    seconds = stop - span.start
    if seconds <= 0:
        return "labelled as silence from end to end"
    if seconds > LONGEST_SECONDS:
        return f"too long: {seconds:.2f} seconds, more than {LONGEST_SECONDS:g}"
    return ""
