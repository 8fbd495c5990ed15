"""Work in pieces that survive a kill: each part is whole or absent, and knows what it was made of.

A part is ``00012.f16`` (the mels of its recordings, one after the other) and ``00012.json`` (the
fingerprint of all that decided it, and what was made of each recording), written in this order:
where the second exists, the part is finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tacotron.data.listing import WHOLE, Span
from tacotron.data.recording import SoundSettings, Unusable, prepare_recording
from tacotron.files import atomic_write

#: The folder of the parts in a corpus that isn't finished.
PARTS_FOLDER = ".parts"

#: Recordings in a part: seconds of work, so little is lost to a kill and little to bookkeeping.
PART_SIZE = 32

#: Raise it when the same recordings and settings begin to give other results.
RECIPE_VERSION = 1


@dataclass(frozen=True)
class Part:
    """A run of recordings that one process prepares at a time."""

    number: int
    first: int  # index of its first recording in the listing
    recordings: tuple[tuple[str, Span], ...]  # paths, and what to take of each
    fingerprint: str

    def mels(self, out: Path) -> Path:
        """Return where its mels lie within the corpus folder ``out``."""
        return out / PARTS_FOLDER / f"{self.number:05}.f16"

    def record(self, out: Path) -> Path:
        """Return where the rest of it lies within the corpus folder ``out``."""
        return out / PARTS_FOLDER / f"{self.number:05}.json"


def plan_parts(recordings: Sequence[tuple[str, Span]], settings: SoundSettings) -> list[Part]:
    """Cut a list of recordings into parts, fingerprinted with the settings and the files' states.

    ``recordings`` are paths, and what to take of each; a path is empty where the list named none.
    """
    basis = {
        "version": RECIPE_VERSION,
        "convention": settings.convention.to_dict(),
        "level_dbfs": settings.level_dbfs,
        "margin_seconds": settings.margin_seconds,
    }
    parts = []
    for number, first in enumerate(range(0, len(recordings), PART_SIZE)):
        chunk = tuple(recordings[first : first + PART_SIZE])
        states = [_state(path, span) for path, span in chunk]
        content = json.dumps([basis, states], sort_keys=True)
        fingerprint = hashlib.sha256(content.encode()).hexdigest()
        parts.append(Part(number, first, chunk, fingerprint))
    return parts


def _state(path: str, span: Span) -> tuple[Any, ...] | None:
    """Return what changes with a recording's content, but not where its folder moves."""
    try:
        state = Path(path).stat()
    except (OSError, ValueError):
        return None
    taken = () if span == WHOLE else (span.start, span.stop)
    return Path(path).name, state.st_size, state.st_mtime_ns, *taken


def make_part(part: Part, out: Path, settings: SoundSettings) -> None:
    """Prepare the recordings of ``part`` into the corpus folder ``out``."""
    records: list[dict[str, Any]] = []
    size = 0
    with atomic_write(part.mels(out)) as file:
        for index, (path, span) in enumerate(part.recordings, start=part.first):
            # A name of our own: an id may hold slashes, dots, or what no file system takes.
            flac = out / "audio" / f"{index:06}.flac"
            result = prepare_recording(path, flac, settings, span=span)
            if isinstance(result, Unusable):
                records.append({"reason": result.reason})
            else:
                records.append(result.record)
                size += file.write(result.mel.astype("<f2").tobytes())
    content = {"fingerprint": part.fingerprint, "bytes": size, "recordings": records}
    with atomic_write(part.record(out), "w") as file:
        json.dump(content, file)


def read_part(part: Part, out: Path) -> list[dict[str, Any]] | None:
    """Return what a finished part made of its recordings, None where it must be made (again)."""
    try:
        content = json.loads(part.record(out).read_text(encoding="utf-8"))
        same = content["fingerprint"] == part.fingerprint
        whole = part.mels(out).stat().st_size == content["bytes"]
        return content["recordings"] if same and whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
