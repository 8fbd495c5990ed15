"""Reading what people have: a list of recordings and their texts, in one of these layouts.

    LJSpeech        a folder with metadata.csv (id|text, id|text|normalized text, or
                    id|speaker|text) and the recordings in wavs/ as id.wav, .flac, .ogg, ...
    list            lines of path|text or path|speaker|text
    JSON lines      one object a line: "audio", "text", and optionally "speaker" and "id"
    Blizzard 2012   audiobooks: see `tacotron.data.blizzard`

The layout is found from the file itself. Lines that can't be used are kept as entries with a
`problem`, so that whoever counts them loses none.
"""

from __future__ import annotations

import codecs
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from tacotron.data.blizzard import is_blizzard, read_blizzard
from tacotron.data.listing import Entry, Listing
from tacotron.errors import CorpusError

#: What libsndfile reads, most likely first: the order in which an id's recording is looked for.
AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".oga", ".aiff", ".aif", ".au", ".w64")

#: Folders beside the list in which an id's recording is looked for.
AUDIO_FOLDERS = ("wavs", "wav", "audio", "clips", "")

#: The names under which a list is looked for in a folder, first come, first served.
LIST_NAMES = (
    "metadata.csv",
    "metadata.jsonl",
    "manifest.jsonl",
    "metadata.txt",
    "manifest.json",
    "filelist.txt",
    "transcripts.txt",
)

#: Other files in a folder that may be a list, if there is exactly one that looks like it.
LIST_SUFFIXES = (".csv", ".psv", ".txt", ".jsonl")

#: First cells by which a line of column names is told from an utterance.
HEADER_CELLS = frozenset({"id", "file", "file_name", "filename", "path", "audio", "wav", "name"})

#: A second column whose values recur this often, against the third's, names speakers.
SPEAKER_RECURRENCE = 4


def read_listing(corpus: str | Path) -> Listing:
    """Read the list of a corpus: a folder, or the list itself.

    Raises `CorpusError` where there is none, where it can't be read, or where none of the
    recordings that it names exist.
    """
    corpus = Path(os.path.abspath(corpus))
    if is_blizzard(corpus) and not any((corpus / name).is_file() for name in LIST_NAMES):
        listing = read_blizzard(corpus)
        entries = _unique(list(listing.entries))
        if any(not entry.problem for entry in entries):
            _demand_recordings(listing.source, entries)
        return replace(listing, entries=tuple(entries))
    source = corpus if corpus.is_file() else _find_list(corpus)
    text, notes = _decode(source)
    lines = [
        (number, line.rstrip("\n"))
        for number, line in enumerate(io.StringIO(text, newline=None), start=1)
        if line.strip()
    ]
    if not lines:
        raise CorpusError(f"{source} is empty: give it one line for each recording.")
    if lines[0][1].lstrip().startswith("{"):
        layout, entries = _read_json_lines(source, lines)
    else:
        layout, entries = _read_columns(source, lines, notes)
    entries = _unique(entries)
    _demand_recordings(source, entries)
    return Listing(source, layout, tuple(entries), tuple(notes))


def _find_list(folder: Path) -> Path:
    if not folder.exists():
        raise CorpusError(
            f"{folder} does not exist: name a folder of recordings or a list of them."
        )
    if (folder / "corpus.json").is_file():
        raise CorpusError(f"{folder} is prepared already: name the folder of the recordings.")
    for name in LIST_NAMES:
        if (folder / name).is_file():
            return folder / name
    candidates = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in LIST_SUFFIXES and path.is_file() and _looks_like_list(path)
    )
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        names = ", ".join(path.name for path in candidates[:5])
        raise CorpusError(f"{folder} has several lists ({names}): name the one to prepare.")
    raise CorpusError(
        f"{folder} has no list of its recordings: put a metadata.csv there, with a line "
        "'id|text' for each file wavs/id.wav."
    )


def _looks_like_list(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.readline(4096).strip()
    return start.startswith(b"{") or b"|" in start


def _decode(source: Path) -> tuple[str, list[str]]:
    """Return the text of a list, and notes on what had to be tolerated."""
    try:
        data = source.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CorpusError(f"{source} can't be read ({reason}): check its permissions.") from error
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        if encoding == "cp1252":
            return text, [f"{source.name} is not UTF-8; it was read as Windows-1252."]
        return text, []
    raise CorpusError(f"{source} is no text in UTF-8: save the list as UTF-8.")


def _read_json_lines(source: Path, lines: list[tuple[int, str]]) -> tuple[str, list[Entry]]:
    entries = [_json_entry(source, number, line) for number, line in lines]
    if all(entry.problem for entry in entries):
        raise CorpusError(
            f"{source} holds no usable line ({entries[0].problem}): "
            'each must be an object like {"audio": "a.wav", "text": "Hello."}.'
        )
    return "JSON lines", entries


def _json_entry(source: Path, number: int, line: str) -> Entry:
    def bad(reason: str) -> Entry:
        name = f"line {number}"
        return Entry(name, "", line[:200], "", number, f"line {number} {reason}")

    try:
        item = json.loads(line)
    except (ValueError, RecursionError):
        return bad("is not JSON")
    if not isinstance(item, dict):
        return bad("is not a JSON object")
    # "audio_filepath" is what NeMo's manifests call it.
    audio = item.get("audio", item.get("audio_filepath"))
    text = item.get("text")
    if not isinstance(audio, str) or not audio:
        return bad('has no "audio"')
    if not isinstance(text, str):
        return bad('has no "text"')
    speaker, name = item.get("speaker"), item.get("id")
    return Entry(
        id=audio if name is None else str(name),
        audio=_find_recording(source.parent, audio, listed_as_path=True),
        text=text.strip(),
        speaker="" if speaker is None else str(speaker),
        line=number,
    )


def _read_columns(
    source: Path, lines: list[tuple[int, str]], notes: list[str]
) -> tuple[str, list[Entry]]:
    rows = [(number, [cell.strip() for cell in line.split("|")]) for number, line in lines]
    if len(rows) > 1 and rows[0][1][0].lower() in HEADER_CELLS:
        notes.append(f"The first line of {source.name} names the columns; it was passed over.")
        del rows[0]
    usable = [cells for _, cells in rows if len(cells) in (2, 3)]
    if not usable:
        raise CorpusError(
            f"{source} has {len(rows[0][1])} columns in line {rows[0][0]}: "
            "each line must be 'id|text', 'path|text' or 'path|speaker|text'."
        )
    paths = sum(cells[0].lower().endswith(AUDIO_SUFFIXES) for cells in usable) * 2 > len(usable)
    triples = [cells for cells in usable if len(cells) == 3]
    pick: Callable[[list[str]], tuple[str, str]]
    if paths:
        layout = "list (path|speaker|text)" if triples else "list (path|text)"
        pick = _speaker_and_text
    elif _second_names_speakers(triples):
        layout, pick = "LJSpeech layout (id|speaker|text)", _speaker_and_text
    else:
        layout = (
            "LJSpeech layout (id|text|normalized text)" if triples else "LJSpeech layout (id|text)"
        )
        pick = _no_speaker_and_raw_text
    entries = []
    for number, cells in rows:
        if len(cells) not in (2, 3):
            count = "1 column" if len(cells) == 1 else f"{len(cells)} columns"
            problem = f"line {number} has {count} where 2 or 3 belong"
            entries.append(Entry(cells[0], "", "|".join(cells[1:]), "", number, problem))
            continue
        speaker, text = pick(cells)
        audio = _find_recording(source.parent, cells[0], listed_as_path=paths)
        entries.append(Entry(cells[0], audio, text, speaker, number))
    return layout, entries


def _speaker_and_text(cells: list[str]) -> tuple[str, str]:
    return (cells[1] if len(cells) == 3 else ""), cells[-1]


def _no_speaker_and_raw_text(cells: list[str]) -> tuple[str, str]:
    # The text as written comes first: our normalizer knows more than most corpora's own.
    return "", next((cell for cell in cells[1:] if cell), "")


def _second_names_speakers(triples: list[list[str]]) -> bool:
    """Tell id|speaker|text from id|text|normalized text: names recur, texts seldom do."""
    names = {cells[1] for cells in triples}
    texts = {cells[2] for cells in triples}
    return "" not in names and 0 < len(names) * SPEAKER_RECURRENCE <= len(texts)


def _find_recording(folder: Path, name: str, *, listed_as_path: bool) -> str:
    """Return where the recording lies, or where it was looked for first."""
    suffixes = ("",) if listed_as_path else AUDIO_SUFFIXES
    subfolders = ("", *AUDIO_FOLDERS[:-1]) if listed_as_path else AUDIO_FOLDERS
    candidates = [
        os.path.join(folder, subfolder, spelling + suffix)
        # A list made on Windows may part folders by backslashes.
        for spelling in dict.fromkeys((name, name.replace("\\", "/")))
        for subfolder in subfolders
        for suffix in suffixes
    ]
    # os.path.isfile, unlike open, is untroubled by names no file system would take.
    return next((path for path in candidates if os.path.isfile(path)), candidates[0])


def _unique(entries: list[Entry]) -> list[Entry]:
    """Give every entry an id of its own; set aside what is the same recording listed again."""
    return list(_unique_entries(entries))


def _unique_entries(entries: list[Entry]) -> Iterator[Entry]:
    first: dict[str, Entry] = {}
    for entry in entries:
        earlier = first.get(entry.id)
        if earlier is None:
            first[entry.id] = entry
            yield entry
            continue
        number = 2
        while (renamed := f"{entry.id}#{number}") in first:
            number += 1
        flag = f"duplicate id: line {earlier.line} has {entry.id!r} too"
        entry = replace(entry, id=renamed, flags=(flag,))
        if not entry.problem and (entry.audio, entry.text) == (earlier.audio, earlier.text):
            entry = replace(entry, problem=f"listed twice: line {earlier.line} is the same")
        first[renamed] = entry
        yield entry


def _demand_recordings(source: Path, entries: list[Entry]) -> None:
    listed = [entry for entry in entries if not entry.problem]
    if not any(os.path.isfile(entry.audio) for entry in listed):
        example = f" (not {listed[0].audio}, for one)" if listed else ""
        raise CorpusError(
            f"None of the {len(entries)} recordings that {source} lists exists{example}: "
            "put them in a folder wavs beside the list, or mend the paths."
        )
