"""What alignment found: durations and scores of a corpus, kept beside it and read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tacotron.errors import CorpusError
from tacotron.files import atomic_write

FOLDER = "alignment"  # inside the prepared corpus
FORMAT = 1


@dataclass(frozen=True)
class Alignments:
    """Durations in frames of each symbol, and a score, per utterance id.

    The score is the mean log-probability of a frame on its path: 0 is certain; what lies far below
    the rest of a corpus is likely to have a wrong transcript.
    """

    durations: Mapping[str, np.ndarray]  # id -> int32 [L]
    scores: Mapping[str, float]  # id -> mean log-probability

    def save(self, corpus_folder: Path) -> None:
        """Write ``alignment/durations.npz`` and ``alignment/scores.json`` (lowest score first)."""
        folder = corpus_folder / FOLDER
        folder.mkdir(exist_ok=True)
        ids = list(self.durations)
        with atomic_write(folder / "durations.npz") as file:
            np.savez(
                file,
                format=np.array(FORMAT),
                ids=np.array(ids, dtype=np.str_),
                lengths=np.array([len(self.durations[i]) for i in ids], dtype=np.int64),
                durations=np.concatenate([self.durations[i] for i in ids]).astype(np.int32),
                scores=np.array([self.scores[i] for i in ids], dtype=np.float32),
            )
        ranked = [{"id": i, "score": round(self.scores[i], 4)} for i in self.ranked()]
        with atomic_write(folder / "scores.json", "w") as file:
            json.dump(ranked, file, ensure_ascii=False, indent=0)

    def ranked(self) -> list[str]:
        """Ids, the lowest (most suspicious) score first."""
        return sorted(self.scores, key=lambda i: self.scores[i])

    @classmethod
    def load(cls, corpus_folder: Path) -> Alignments:
        """Read what `save` wrote. Raises `CorpusError` if it is missing or torn."""
        path = corpus_folder / FOLDER / "durations.npz"
        if not path.exists():
            raise CorpusError(
                f"{corpus_folder} is not aligned yet: run `tacotron align {corpus_folder}` first."
            )
        try:
            with np.load(path, allow_pickle=False) as stored:
                ids = [str(i) for i in stored["ids"]]
                ends = np.cumsum(stored["lengths"])
                parts = np.split(stored["durations"], ends[:-1])
                scores = stored["scores"].tolist()
                if len(ids) != len(parts) or ends[-1] != len(stored["durations"]):
                    raise ValueError("lengths do not add up")
        except (OSError, ValueError, KeyError, EOFError, IndexError) as error:
            raise CorpusError(
                f"{path} can't be read ({error}): run `tacotron align {corpus_folder}` again."
            ) from error
        return cls(dict(zip(ids, parts, strict=True)), dict(zip(ids, scores, strict=True)))
