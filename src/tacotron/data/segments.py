"""Segments of recordings for a vocoder: waveform, mel, F0 and the phase of the voice's pulses.

Which segments a step sees is a function of the step's number alone, so a resumed run goes on
exactly as the uninterrupted one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from tacotron.data.corpus import PreparedCorpus
from tacotron.data.sound import FULL_SCALE, recorded_sound
from tacotron.errors import CorpusError


@dataclass(frozen=True)
class Segments:
    """B segments of T frames; frame t is centered on sample t * hop_length."""

    wave: Tensor  # float [B, (T - 1) * hop_length]
    mels: Tensor  # float [B, T, n_mels], the convention's values
    f0: Tensor  # float [B, T], Hz
    phase: Tensor  # double [B, T], cycles
    voiced: Tensor  # bool [B, T]

    @property
    def frames(self) -> Tensor:
        """Frames of each segment, int64 [B]: what progress is counted in."""
        return torch.full((len(self.mels),), self.mels.shape[1])

    def to(self, device: torch.device) -> Segments:
        """The same segments in the memory of ``device``."""
        return replace(self, **{f.name: getattr(self, f.name).to(device) for f in fields(self)})


class SegmentDataset(Dataset):
    """Segments of ``frames`` frames of the utterances of one split of a corpus.

    ``forced`` is a file like the corpus' mels, of an acoustic model's teacher-forced ones, that
    takes the place of the recordings' in a ``forced_share`` of the segments.
    """

    def __init__(
        self,
        corpus: PreparedCorpus,
        split: str,
        frames: int,
        *,
        forced: np.ndarray | None = None,
        forced_share: float = 0.0,
    ):
        self.corpus = corpus
        self.frames = frames
        self.utterances = [
            i for i in corpus.indices(split) if corpus.utterances[i].frames >= frames
        ]
        if not self.utterances:
            raise CorpusError(
                f"{corpus.folder} has no recording of {frames} frames in its {split} split: "
                "lower segment_frames in the recipe."
            )
        self.forced = forced
        self.forced_share = forced_share
        self.samples, self.pitch = recorded_sound(corpus)
        lengths = [corpus.utterances[i].samples for i in range(len(corpus))]
        self._starts = [0, *accumulate(lengths)]
        rooms = [corpus.utterances[i].frames - frames + 1 for i in self.utterances]
        self._rooms = list(accumulate(rooms))

    def __len__(self) -> int:
        """How many segments there are, overlapping ones included."""
        return self._rooms[-1]

    def __getitem__(self, place: tuple[int, bool]) -> tuple[int, int, bool]:
        """The utterance and first frame of segment ``place[0]``, and whether its mel is forced."""
        number, forced = place
        row = int(np.searchsorted(self._rooms, number, side="right"))
        return self.utterances[row], number - (self._rooms[row - 1] if row else 0), forced

    def collate(self, places: list[tuple[int, int, bool]]) -> Segments:
        """Cut the segments that begin at frame ``places[i][1]`` of utterance ``places[i][0]``."""
        hop = self.corpus.convention.hop_length
        length = (self.frames - 1) * hop
        waves = np.zeros((len(places), length), np.float32)
        mels, pitches = [], []
        for row, (utterance, first, forced) in enumerate(places):
            start = self._starts[utterance]
            cut = self.samples[start + first * hop : self._starts[utterance + 1]][:length]
            waves[row, : len(cut)] = cut / np.float32(FULL_SCALE)
            offset = self.corpus.utterances[utterance].offset + first
            if forced and self.forced is not None:
                mels.append(self.forced[offset : offset + self.frames])
            else:
                mels.append(self.corpus.mel(utterance)[first : first + self.frames])
            pitches.append(self.pitch[offset : offset + self.frames])
        pitch = np.stack(pitches)
        return Segments(
            torch.from_numpy(waves),
            torch.from_numpy(np.stack(mels).astype(np.float32)),
            torch.from_numpy(pitch["f0"].copy()),
            torch.from_numpy(pitch["phase"].copy()),
            torch.from_numpy(pitch["voiced"].copy()),
        )


class SegmentOrder:
    """Endless lists of segments, each list a pure function of seed, step and process."""

    def __init__(
        self, dataset: SegmentDataset, *, size: int, seed: int, start: int = 0, rank: int = 0
    ):
        self.dataset = dataset
        self.size = size
        self.seed = seed
        self.start = start
        self.rank = rank

    def __iter__(self) -> Iterator[list[tuple[int, bool]]]:
        step = self.start
        while True:
            yield self.batch(step)
            step += 1

    def batch(self, step: int) -> list[tuple[int, bool]]:
        """The segments of update ``step``, and which of them take their forced mel."""
        chance = random.Random(f"{self.seed}/{step}/{self.rank}")
        share = self.dataset.forced_share
        return [
            (chance.randrange(len(self.dataset)), chance.random() < share) for _ in range(self.size)
        ]
