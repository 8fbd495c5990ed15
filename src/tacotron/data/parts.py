"""Work in pieces that survive a kill: each part is whole or absent, and knows what it was made of.

A part is ``00012.f16`` (the mels of its utterances, one after the other) and ``00012.json`` (the
fingerprint of all that decided it, what was prepared, what was excluded), written in this order:
where the second exists, the part is finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tacotron.data.readers import Entry
from tacotron.data.utterance import Prepared, Settings, Unusable, prepare_utterance
from tacotron.files import atomic_write
from tacotron.text.frontend import Frontend

#: The folder of the parts in a corpus that isn't finished.
PARTS_FOLDER = ".parts"

#: Utterances in a part: seconds of work, so little is lost to a kill and little to bookkeeping.
PART_SIZE = 32

#: Raise it when the same recordings and settings begin to give other results.
RECIPE_VERSION = 1


@dataclass(frozen=True)
class Part:
    """A run of utterances that one process prepares at a time."""

    number: int
    first: int  # index of its first entry in the listing
    entries: tuple[Entry, ...]
    fingerprint: str

    def mels(self, folder: Path) -> Path:
        """Return where its mels lie within the parts' ``folder``."""
        return folder / f"{self.number:05}.f16"

    def record(self, folder: Path) -> Path:
        """Return where the rest of it lies within the parts' ``folder``."""
        return folder / f"{self.number:05}.json"


def plan_parts(entries: Sequence[Entry], settings: Settings) -> list[Part]:
    """Cut a listing into parts, each fingerprinted with the settings, its texts and its files."""
    basis = json.dumps(
        {
            "version": RECIPE_VERSION,
            "convention": settings.convention.to_dict(),
            "frontend": settings.frontend,
            "lexicon": settings.lexicon and {k: list(v) for k, v in settings.lexicon.items()},
            "level_dbfs": settings.level_dbfs,
            "margin_seconds": settings.margin_seconds,
        },
        sort_keys=True,
    )
    parts = []
    for number, first in enumerate(range(0, len(entries), PART_SIZE)):
        chunk = tuple(entries[first : first + PART_SIZE])
        stated = [(asdict(entry), _file_state(entry.audio)) for entry in chunk]
        content = basis + json.dumps(stated, sort_keys=True)
        fingerprint = hashlib.sha256(content.encode()).hexdigest()
        parts.append(Part(number, first, chunk, fingerprint))
    return parts


def _file_state(path: str) -> tuple[int, int] | None:
    try:
        state = Path(path).stat()
    except (OSError, ValueError):
        return None
    return state.st_size, state.st_mtime_ns


def make_part(part: Part, out: Path, *, settings: Settings, frontend: Frontend) -> None:
    """Prepare the utterances of ``part`` into the corpus folder ``out``."""
    folder = out / PARTS_FOLDER
    utterances, excluded = [], []
    mels: list[NDArray[np.float16]] = []
    for index, entry in enumerate(part.entries, start=part.first):
        # A name of our own: an id may hold slashes, dots, or what no file system takes.
        flac = out / "audio" / f"{index:06}.flac"
        result = prepare_utterance(entry, flac, settings=settings, frontend=frontend)
        if isinstance(result, Prepared):
            utterances.append(result.record)
            mels.append(result.mel)
        elif isinstance(result, Unusable):
            excluded.append(
                {"id": entry.id, "audio": entry.audio, "text": entry.text, "reason": result.reason}
            )
    with atomic_write(part.mels(folder)) as file:
        for mel in mels:
            file.write(mel.astype("<f2").tobytes())
    record = {
        "fingerprint": part.fingerprint,
        "bytes": sum(mel.nbytes for mel in mels),
        "utterances": utterances,
        "excluded": excluded,
    }
    with atomic_write(part.record(folder), "w") as file:
        json.dump(record, file)


def read_part(part: Part, folder: Path) -> dict[str, Any] | None:
    """Return the record of a finished part, None where it must be made (again)."""
    try:
        record = json.loads(part.record(folder).read_text(encoding="utf-8"))
        same = record["fingerprint"] == part.fingerprint
        whole = part.mels(folder).stat().st_size == record["bytes"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record if same and whole else None
