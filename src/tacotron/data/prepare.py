"""From recordings and texts to a prepared corpus, in two steps.

The recordings come first: minutes of work on all cores, done in parts, kept in recordings.json
and mels.f16, and done again only where a recording or the settings of sound change. The texts come
second, in seconds: so a corrected transcript, another lexicon or another split costs next to
nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tacotron.data.assemble import assemble
from tacotron.data.corpus import (
    CORPUS_FILE,
    EXCLUDED_FILE,
    MELS_FILE,
    UTTERANCES_FILE,
    PreparedCorpus,
)
from tacotron.data.listing import Listing
from tacotron.data.parts import PARTS_FOLDER, Part, plan_parts, read_part
from tacotron.data.readers import read_listing
from tacotron.data.recording import SoundSettings
from tacotron.data.split import Heldout
from tacotron.data.workers import make_parts
from tacotron.errors import CorpusError
from tacotron.files import atomic_write
from tacotron.text.frontend import get_frontend

#: What was made of each listed recording, in the list's order: the first step's result.
RECORDINGS_FILE = "recordings.json"


def prepare(
    corpus: str | Path,
    out: str | Path,
    *,
    sound: SoundSettings | None = None,
    frontend: str = "english",
    lexicon: Mapping[str, Sequence[str]] | None = None,
    heldout: Heldout | None = None,
    speaker: str | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> PreparedCorpus:
    """Prepare the recordings listed in ``corpus`` for learning, into the folder ``out``.

    ``corpus`` is a folder or a list, see `tacotron.data.readers`. ``frontend`` names the text
    front end, ``lexicon`` (lower-case word -> phonemes) overrides its pronunciations. ``speaker``
    names the speaker of the utterances whose list doesn't (default: the folder's name).
    ``workers`` is the number of processes (default: one for each core). ``progress`` draws a bar
    on standard error.

    Killed at any moment, it goes on from there when called again. Raises `CorpusError` where
    ``corpus`` can't be read, where ``out`` holds something else, or where nothing is usable,
    `TextError` for an unknown front end.
    """
    sound = sound or SoundSettings()
    out = Path(out)
    reader = get_frontend(frontend)
    listing = read_listing(corpus)
    _claim(out, listing)
    _remove_leftovers(out)
    # From here to the last line the folder is no corpus: its parts may not fit one another.
    (out / CORPUS_FILE).unlink(missing_ok=True)
    recordings = _recordings(listing, out, sound, workers=workers, progress=progress)
    assembled = assemble(
        listing,
        recordings,
        out / MELS_FILE,
        sound=sound,
        frontend=reader,
        lexicon=lexicon,
        heldout=heldout or Heldout(),
        speaker=speaker or listing.folder.resolve().name or "speaker",
    )
    _write_lines(out / EXCLUDED_FILE, assembled.excluded)
    if not assembled.utterances:
        raise CorpusError(
            f"None of the {len(assembled.excluded)} utterances is usable (the first: "
            f"{assembled.excluded[0]['reason']}): {out / EXCLUDED_FILE} has the reason for each."
        )
    _write_lines(out / UTTERANCES_FILE, (item.to_dict() for item in assembled.utterances))
    with atomic_write(out / CORPUS_FILE) as file:
        file.write(_json(assembled.header, indent=1))
    return PreparedCorpus.open(out)


def _claim(out: Path, listing: Listing) -> None:
    """Make the output folder, unless it holds something that isn't ours to write into."""
    if out.is_dir() and out.resolve() == listing.folder.resolve():
        raise CorpusError(f"{out} holds the recordings: name another folder for what is prepared.")
    ours = any((out / name).exists() for name in (CORPUS_FILE, RECORDINGS_FILE, PARTS_FOLDER))
    if out.exists() and not ours and (not out.is_dir() or any(out.iterdir())):
        raise CorpusError(f"{out} exists and is no prepared corpus: name a new or empty folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CorpusError(f"{out} can't be made ({reason}): name another folder.") from error


def _remove_leftovers(out: Path) -> None:
    """Remove what a killed run was about to put in place: the mels alone may be gigabytes."""
    for name in (MELS_FILE, RECORDINGS_FILE, UTTERANCES_FILE, EXCLUDED_FILE, CORPUS_FILE):
        for path in out.glob(f".{name}.*"):
            path.unlink()


def _recordings(
    listing: Listing, out: Path, sound: SoundSettings, *, workers: int | None, progress: bool
) -> list[dict[str, Any]]:
    """Return what was made of each listed recording; make it where that isn't done."""
    # What is left out in any case needs no work.
    taken = [("" if entry.problem else entry.audio, entry.span) for entry in listing.entries]
    parts = plan_parts(taken, sound)
    joined = "".join(part.fingerprint for part in parts)
    fingerprint = hashlib.sha256(joined.encode()).hexdigest()
    kept = _read_recordings(out / RECORDINGS_FILE, fingerprint)
    if kept is None:
        (out / RECORDINGS_FILE).unlink(missing_ok=True)
        (out / PARTS_FOLDER).mkdir(exist_ok=True)
        (out / "audio").mkdir(exist_ok=True)
        make_parts(parts, out, sound, workers=workers, progress=progress)
        kept = _join(parts, out)
        with atomic_write(out / RECORDINGS_FILE) as file:
            file.write(_json({"fingerprint": fingerprint, "recordings": kept}))
        _remove_strangers(out / "audio", kept)
    shutil.rmtree(out / PARTS_FOLDER, ignore_errors=True)
    return kept


def _read_recordings(path: Path, fingerprint: str) -> list[dict[str, Any]] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return content["recordings"] if content["fingerprint"] == fingerprint else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _join(parts: Sequence[Part], out: Path) -> list[dict[str, Any]]:
    """Write the mels of all parts into one file; return their records, with offsets into it."""
    recordings: list[dict[str, Any]] = []
    offset = 0
    with atomic_write(out / MELS_FILE) as file:
        for part in parts:
            records = read_part(part, out)
            if records is None:
                raise CorpusError(f"{out} changed meanwhile: let one command at a time work there.")
            file.write(part.mels(out).read_bytes())
            for record in records:
                if "frames" in record:
                    record["offset"] = offset
                    offset += record["frames"]
                recordings.append(record)
    return recordings


def _remove_strangers(folder: Path, recordings: Iterable[Mapping[str, Any]]) -> None:
    """Remove recordings that an earlier list left behind."""
    ours = {Path(record["audio"]).name for record in recordings if "audio" in record}
    for path in folder.glob("*.flac"):
        if path.name not in ours:
            path.unlink()


def _write_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    with atomic_write(path) as file:
        file.writelines(_json(record) + b"\n" for record in records)


def _json(value: Mapping[str, Any], indent: int | None = None) -> bytes:
    """Return legible JSON; where a path or text isn't Unicode, with JSON's own escapes."""
    return json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8", "backslashreplace")
