"""The voice file: one zip that holds a voice, read with suspicion and written whole.

Its parts are stored, not compressed (weights don't shrink), under fixed names: ``voice.json`` (see
`tacotron.voice.manifest`), the ONNX graphs, and where the voice has them its training weights, its
corpus' aligner, a lexicon and its model card. Nothing in it is code, nothing is unpacked to disk,
and every part is checked against its sha256 when it is read.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tacotron.errors import VoiceError
from tacotron.files import atomic_write
from tacotron.voice.manifest import KINDS, VOCODER, Manifest

MANIFEST = "voice.json"
WEIGHTS = "weights.safetensors"  # half precision; what training goes on from, not needed to speak
VOCODER_WEIGHTS = "vocoder.safetensors"  # half precision; what a vocoder's training goes on from
ALIGNER = "aligner.safetensors"  # half precision; what aligning another corpus begins from
LEXICON = "lexicon.txt"  # pronunciations of the voice's own
MODEL_CARD = "MODEL_CARD.md"

_MEBIBYTE = 1 << 20
_GRAPHS = sorted({graph for graphs in KINDS.values() for graph in graphs} | {VOCODER})

# Every part that a voice may hold, in the order they are written, and the largest each may be.
PART_LIMITS: Mapping[str, int] = {
    MANIFEST: 4 * _MEBIBYTE,
    MODEL_CARD: 1 * _MEBIBYTE,
    LEXICON: 16 * _MEBIBYTE,
    **dict.fromkeys(_GRAPHS, 512 * _MEBIBYTE),
    ALIGNER: 64 * _MEBIBYTE,
    VOCODER_WEIGHTS: 512 * _MEBIBYTE,
    WEIGHTS: 1024 * _MEBIBYTE,
}

# What the zip reader raises for torn and foreign files, depending on where they are torn.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
)


class Bundle:
    """A voice file, opened: its manifest, and its parts as bytes when they are asked for."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest

    @classmethod
    def open(cls, path: str | Path) -> Bundle:
        """Open the voice file at ``path``, reading no more than its list of parts and manifest.

        Raises `VoiceError` where it is missing, torn, or something other than a voice.
        """
        path = Path(path)
        with _reading(path), zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if MANIFEST not in names:
                raise VoiceError(f"{path} is no voice: it holds no {MANIFEST}.")
            for info in infos:
                _check_part(path, info)
            if len(set(names)) < len(names):
                raise VoiceError(f"{path} is no voice: a part occurs twice in it.")
            manifest = Manifest.from_json(archive.read(MANIFEST), source=str(path))
        _check_parts(str(path), manifest, set(names) - {MANIFEST})
        return cls(path, manifest)

    def __contains__(self, part: object) -> bool:
        return part in self.manifest.parts

    def read(self, part: str) -> bytes:
        """Return the bytes of ``part``, such as ``"weights.safetensors"``.

        Raises `VoiceError` where the voice lacks it or its bytes are not those that were written.
        """
        if part not in self:
            raise VoiceError(f"The voice {self.path} holds no {part}.")
        with _reading(self.path), zipfile.ZipFile(self.path) as archive:
            info = archive.getinfo(part) if part in archive.namelist() else None
            if info is None:
                raise VoiceError(f"The voice {self.path} lost its {part}: get the file again.")
            _check_part(self.path, info)
            data = archive.read(info)
        if hashlib.sha256(data).hexdigest() != self.manifest.parts[part]:
            raise VoiceError(
                f"The voice {self.path} is damaged: {part} is not what was written; "
                "get the file again."
            )
        return data

    def read_text(self, part: str) -> str:
        """Return ``part`` as text. Raises `VoiceError` as `read` does, and where it isn't UTF-8."""
        try:
            return self.read(part).decode("utf-8")
        except UnicodeDecodeError as error:
            raise VoiceError(f"The {part} of voice {self.path} is not UTF-8 text.") from error

    def verify(self) -> None:
        """Read every part. Raises `VoiceError` naming the first that is damaged."""
        for part in self.manifest.parts:
            self.read(part)


def write_bundle(path: str | Path, manifest: Manifest, parts: Mapping[str, bytes]) -> Manifest:
    """Write the voice file ``path`` and return ``manifest`` with the sha256 of each of ``parts``.

    The same manifest and parts give the same bytes. Raises `VoiceError` where a part is missing,
    unknown or too large, and `TacotronError` where the file can't be written.
    """
    hashes = {
        part: hashlib.sha256(parts[part]).hexdigest() for part in PART_LIMITS if part in parts
    }
    manifest = replace(manifest, parts=hashes)
    _check_parts(str(path), manifest, set(parts))
    text = manifest.to_json().encode("utf-8")
    # What can't be read back must not be written.
    Manifest.from_json(text, source=str(path))
    contents = {MANIFEST: text} | {part: parts[part] for part in hashes}
    for part, data in contents.items():
        if len(data) > PART_LIMITS[part]:
            raise VoiceError(f"{part} is too large for a voice: {len(data):,} bytes.")
    with atomic_write(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for part, data in contents.items():
            # A fixed date (the zip format's first): a voice is known by its content.
            archive.writestr(zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0)), data)
    return manifest


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn whatever reading a broken file at ``path`` raises into one `VoiceError`."""
    try:
        yield
    except FileNotFoundError as error:
        raise VoiceError(f"There is no voice file {path}.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise VoiceError(f"Could not read the voice {path} ({reason}).") from error
    except _ZIP_ERRORS as error:
        raise VoiceError(f"{path} is no voice, or only part of one: get the file again.") from error


def _check_part(path: Path, info: zipfile.ZipInfo) -> None:
    """Refuse what no voice holds before a byte of it is read: foreign names, zip bombs."""
    limit = PART_LIMITS.get(info.filename)
    if limit is None:
        raise VoiceError(f"{path} is no voice of this version: it holds {info.filename!r:.60}.")
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > limit:
        raise VoiceError(f"{path} is no voice: its {info.filename} is compressed or too large.")


def _check_parts(source: str, manifest: Manifest, present: set[str]) -> None:
    unknown = present - set(PART_LIMITS) | present & {MANIFEST}
    if unknown:
        raise VoiceError(f"{source}: a voice has no part {min(unknown)!r}.")
    different = present ^ set(manifest.parts)
    if different:
        raise VoiceError(
            f"{source} is damaged: {min(different)} is in its list of parts or in the file, "
            "not in both."
        )
    missing = [part for part in KINDS[manifest.kind] if part not in present]
    if missing:
        raise VoiceError(f"{source} can't speak: a {manifest.kind} voice needs {missing[0]}.")
    if (manifest.vocoder is None) == (VOCODER in present):
        raise VoiceError(
            f"{source} can't speak: a {VOCODER} needs a 'vocoder' in its {MANIFEST}, "
            "and that needs the graph."
        )
