"""What the subcommands are given: recordings in files and folders, conventions by any handle."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tacotron.audio.convention import ALIASES, CONVENTIONS, DEFAULT_CONVENTION
from tacotron.errors import AudioError, CorpusError

if TYPE_CHECKING:
    import numpy as np

    from tacotron.audio.definition import MelConvention

# Where a folder says which convention its features are in, and the key it lies under there (None:
# the file is the convention itself).
_DESCRIPTIONS = (
    ("corpus.json", "convention"),
    ("run.json", "convention"),
    ("convention.json", None),
)


def add_convention(parser: argparse.ArgumentParser) -> None:
    """Declare --convention."""
    parser.add_argument(
        "--convention",
        default=DEFAULT_CONVENTION,
        metavar="NAME|FILE",
        help=f"{', '.join(CONVENTIONS)}, or a .json file (default: %(default)s)",
    )


def find_convention(handle: str) -> MelConvention:
    """The convention meant by a name, a .json file, a voice, or a folder of features.

    Raises `AudioError` where nothing of that name says what convention it is in.
    """
    from tacotron.audio.convention import get_convention
    from tacotron.audio.definition import MelConvention

    if handle in CONVENTIONS or handle in ALIASES or handle.endswith(".json"):
        return get_convention(handle)
    path = Path(handle)
    if path.is_dir():
        for name, key in _DESCRIPTIONS:
            if (path / name).is_file():
                return MelConvention.from_dict(_described(path / name, key))
        raise AudioError(
            f"{path} doesn't say which convention its mels are in (no corpus.json, run.json or "
            "convention.json): name the convention; `tacotron mel inspect` of one guesses it."
        )
    voice = find_voice(handle)
    if voice is not None:
        return voice[1]
    return get_convention(handle)  # which knows how to complain


def find_voice(handle: str) -> tuple[str, MelConvention, dict] | None:
    """Name, convention and measured mel of the voice meant by ``handle``; None for no voice.

    Raises `VoiceError` where there is such a voice and it can't be read.
    """
    from tacotron.voice.bundle import Bundle
    from tacotron.voice.registry import find_voices, is_path, locate

    if Path(handle).is_dir() or not (is_path(handle) or handle in find_voices()):
        return None
    path = locate(handle)
    if not path.is_file():
        return None
    if path.suffix != ".voice":
        return None
    manifest = Bundle.open(path).manifest
    return manifest.name, manifest.convention, dict(manifest.statistics.get("mel", {}))


def find_recordings(inputs: Sequence[Path], limit: int | None = None) -> list[Path]:
    """The recordings among ``inputs``: files as they are, of folders all beneath, sorted.

    ``limit`` takes that many of them, evenly spread. Raises `AudioError` where there are none.
    """
    from tacotron.data.readers import AUDIO_SUFFIXES

    found: list[Path] = []
    for item in inputs:
        if item.is_dir():
            inside = sorted(p for p in item.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES)
            if not inside:
                raise AudioError(
                    f"{item} holds no recordings ({', '.join(AUDIO_SUFFIXES)}): name their folder."
                )
            found += inside
        else:
            found.append(item)
    if limit is not None and limit < len(found):
        if limit < 1:
            raise AudioError(f"{limit} recordings tell nothing: give --limit 1 or more.")
        found = [found[round(n * (len(found) - 1) / max(1, limit - 1))] for n in range(limit)]
    return found


def read_waves(paths: Sequence[Path], sample_rate: int) -> Iterator[np.ndarray]:
    """The recordings one by one, resampled: float32 [samples]. Raises as `read_audio` does."""
    from tacotron.audio import read_audio, resample

    for path in paths:
        audio = read_audio(path)
        yield resample(audio.wave, audio.sample_rate, sample_rate)


def _described(path: Path, key: str | None) -> dict:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = content if key is None else content[key]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{path} is damaged ({error}): make its folder again.") from error
    if not isinstance(found, dict):
        raise CorpusError(f"{path} holds no mel convention: make its folder again.")
    return found
