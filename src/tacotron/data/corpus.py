"""A prepared corpus: what `tacotron prepare` wrote, opened for learning from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tacotron.audio.convention import MelConvention
from tacotron.audio.files import read_audio
from tacotron.errors import AudioError, CorpusError
from tacotron.text.frontend import Word

FORMAT = 1

#: The files of a prepared corpus, beside the folder `audio`.
CORPUS_FILE, UTTERANCES_FILE, EXCLUDED_FILE = "corpus.json", "utterances.jsonl", "excluded.jsonl"
MELS_FILE, REPORT_FILE = "mels.f16", "report.html"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One recording with its text, trimmed and levelled."""

    id: str  # as the source lists it: never part of a path
    speaker: int  # index into `PreparedCorpus.speakers`
    text: str  # as written
    normalized: str  # as spoken, in words
    symbols: tuple[str, ...]
    words: tuple[Word, ...]  # symbols[word.start:word.stop] speak the word
    audio: str  # path within the prepared corpus
    samples: int
    seconds: float
    frames: int
    offset: int  # of its first frame in mels.f16
    split: str  # "train" or "heldout"
    flags: tuple[str, ...]  # what looks wrong, "code: reason"
    levels: Mapping[str, float]  # of its source: see tacotron.data.recording

    def to_dict(self) -> dict[str, Any]:
        """Return the line of utterances.jsonl."""
        record = {name: getattr(self, name) for name in self.__slots__}
        return record | {"words": [[word.text, word.start, word.stop] for word in self.words]}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Utterance:
        """Return the utterance of a line of utterances.jsonl."""
        return cls(
            **{name: record[name] for name in cls.__slots__}
            | {
                "symbols": tuple(record["symbols"]),
                "words": tuple(Word(*word) for word in record["words"]),
                "flags": tuple(record["flags"]),
            }
        )


class PreparedCorpus:
    """A prepared corpus, its mels mapped into memory.

    Cheap to pickle: a copy in another process opens the files again.
    """

    def __init__(
        self, folder: Path, header: Mapping[str, Any], utterances: tuple[Utterance, ...]
    ) -> None:
        self.folder = folder
        self.header = header
        self.utterances = utterances
        self.convention = MelConvention.from_dict(header["convention"])
        self.frontend: str = header["frontend"]
        self.symbols: tuple[str, ...] = tuple(header["symbols"])
        self.lexicon: dict[str, list[str]] = header["lexicon"]  # overrides, word -> phonemes
        self.speakers: tuple[str, ...] = tuple(header["speakers"])
        self.mean: float = header["mel"]["mean"]
        self.std: float = header["mel"]["std"]
        self._ids = {symbol: index for index, symbol in enumerate(self.symbols)}
        self._mels = map_mels(folder / MELS_FILE, bands=self.convention.n_mels)
        if len(self._mels) < max((item.offset + item.frames for item in utterances), default=0):
            raise CorpusError(f"{folder / MELS_FILE} is cut short: prepare the corpus again.")

    @classmethod
    def open(cls, folder: str | Path) -> PreparedCorpus:
        """Open the corpus that ``tacotron prepare`` wrote into ``folder``.

        Raises `CorpusError` where there is none, where it isn't finished, or where it is damaged.
        """
        folder = Path(folder)
        header = read_header(folder)
        lines = read_records(folder / UTTERANCES_FILE)
        try:
            utterances = tuple(Utterance.from_dict(line) for line in lines)
            if len(utterances) != header["utterances"]:
                raise CorpusError(
                    f"{folder} is damaged: {UTTERANCES_FILE} has {len(utterances)} utterances, "
                    f"{CORPUS_FILE} {header['utterances']}; prepare it again."
                )
            return cls(folder, header, utterances)
        except (KeyError, TypeError, AudioError) as error:
            raise CorpusError(f"{folder} is damaged ({error}): prepare it again.") from error

    def __len__(self) -> int:
        return len(self.utterances)

    def __reduce__(self) -> tuple[Any, ...]:
        return PreparedCorpus.open, (self.folder,)

    def indices(self, split: str) -> list[int]:
        """Return which utterances belong to ``split``: "train" or "heldout"."""
        return [index for index, item in enumerate(self.utterances) if item.split == split]

    def mel(self, index: int) -> NDArray[np.float16]:
        """Return the mel of an utterance, ``[frames, n_mels]``, a view of the mapped file.

        Values are the convention's, scaled; the view is read-only.
        """
        item = self.utterances[index]
        return self._mels[item.offset : item.offset + item.frames]

    def ids(self, index: int) -> NDArray[np.int64]:
        """Return the symbol ids of an utterance, ``[symbols]``."""
        return np.array([self._ids[symbol] for symbol in self.utterances[index].symbols], np.int64)

    def audio(self, index: int) -> NDArray[np.float32]:
        """Return the recording, ``[samples]``, at the convention's sample rate.

        Raises `AudioError` where the file is gone or broken.
        """
        return read_audio(self.folder / self.utterances[index].audio).wave

    def excluded(self) -> Iterator[dict[str, Any]]:
        """Yield what was listed and left out: id, audio (the source's path), text and reason."""
        yield from read_records(self.folder / EXCLUDED_FILE)


def read_header(folder: Path) -> dict[str, Any]:
    """Return corpus.json. Raises `CorpusError` where it is missing, foreign or damaged."""
    path = folder / CORPUS_FILE
    if not path.is_file():
        hint = "it isn't finished" if (folder / ".parts").is_dir() else "it has no corpus.json"
        raise CorpusError(f"{folder} is no prepared corpus ({hint}): run tacotron prepare first.")
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
        version = header["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{path} is damaged ({error}): prepare the corpus again.") from error
    if version != FORMAT:
        raise CorpusError(
            f"{path} has format {version}, this tacotron reads {FORMAT}: prepare the corpus again."
        )
    return header


def read_records(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON-lines file. Raises `CorpusError` where it can't be read."""
    try:
        with path.open(encoding="utf-8") as file:
            return [json.loads(line) for line in file]
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path} is damaged ({error}): prepare the corpus again.") from error


def map_mels(path: Path, *, bands: int) -> NDArray[np.float16]:
    """Map a file of little-endian half-precision mels into memory, read-only: ``[frames, bands]``.

    Raises `CorpusError` where it is missing or holds no whole number of frames.
    """
    size = path.stat().st_size if path.is_file() else -1
    if size < 0 or size % (bands * 2):
        raise CorpusError(f"{path} is missing or damaged: prepare the corpus again.")
    if size == 0:
        return np.empty((0, bands), "<f2")
    return np.memmap(path, dtype="<f2", mode="r", shape=(size // (bands * 2), bands))
