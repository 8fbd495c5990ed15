"""Batches for training: padded to few shapes, and in an order that a step's number alone decides.

A run that is resumed at step n therefore sees exactly what the uninterrupted run saw.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import count
from math import lcm

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from tacotron.audio.mel import linear_spectrogram
from tacotron.data.corpus import PreparedCorpus
from tacotron.data.pieces import Piece
from tacotron.data.sound import recorded_sound

# Kernels are compiled for each new shape on processors (oneDNN): sizes are rounded up to these.
SYMBOL_MULTIPLE = 32
FRAME_MULTIPLE = 32
ROW_MULTIPLE = 8
# Utterances of like length share a batch; this much chance (frames) mixes them anew each epoch.
LENGTH_JITTER = 40.0
PADDED_OCTAVE = 7.6  # log2 of Hz: padding has an F0 that voices have, and nothing learns from it


@dataclass(frozen=True)
class Batch:
    """B pieces of utterances, padded to L symbols and T frames."""

    ids: Tensor  # int64 [B, L], 0 on padding
    lengths: Tensor  # int64 [B], symbols
    speakers: Tensor  # int64 [B]
    durations: Tensor  # int64 [B, L], frames; the sum is at least `frames` (see `collate`)
    mels: Tensor  # float [B, T, n_mels], standardized; silence on padding
    frames: Tensor  # int64 [B]
    linear: Tensor | None = None  # float [B, T, bins], the convention's scaled values
    octaves: Tensor | None = None  # float [B, T], log2 of F0 in Hz; held where nothing is voiced
    voiced: Tensor | None = None  # float [B, T], 1 where there is an F0, 0 elsewhere

    def to(self, device: torch.device) -> Batch:
        """The same batch in the memory of ``device``."""
        moved = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(self, **{k: v.to(device) for k, v in moved.items() if v is not None})


class PieceDataset(Dataset):
    """Pieces of a corpus, collated into batches by lists of their numbers."""

    def __init__(
        self,
        corpus: PreparedCorpus,
        pieces: Sequence[Piece],
        *,
        reduction_factor: int,
        with_linear: bool = False,
        with_pitch: bool = False,
    ):
        self.corpus = corpus
        self.pitch = recorded_sound(corpus)[1] if with_pitch else None
        self.pieces = list(pieces)
        self.reduction_factor = reduction_factor
        self.with_linear = with_linear
        self.frame_multiple = lcm(FRAME_MULTIPLE, reduction_factor)

    def __len__(self) -> int:
        return len(self.pieces)

    def __getitem__(self, number: int) -> Piece:
        return self.pieces[number]

    def collate(self, pieces: list[Piece]) -> Batch:
        """Pad ``pieces`` into a batch.

        The last symbol of a piece is lengthened to a multiple of the reduction factor, as it is
        when speaking; the frames so added are padding.
        """
        corpus, rows = self.corpus, len(pieces)
        lengths = torch.tensor([len(p.durations) for p in pieces])
        frames = torch.tensor([int(p.durations.sum()) for p in pieces])
        width = rounded_up(int(frames.max()), self.frame_multiple)
        ids = torch.zeros(rows, rounded_up(int(lengths.max()), SYMBOL_MULTIPLE), dtype=torch.int64)
        durations = torch.zeros_like(ids)
        # Padding holds the quietest value: what a decoder would hear after the end.
        silence = (corpus.header["mel"]["min"] - corpus.mean) / corpus.std
        mels = torch.full((rows, width, corpus.convention.n_mels), float(silence))
        speakers = torch.tensor([corpus.utterances[p.utterance].speaker for p in pieces])
        linear = None
        if self.with_linear:
            linear = torch.zeros(rows, width, corpus.convention.n_fft // 2 + 1)
        octaves = voiced = None
        if self.pitch is not None:
            octaves, voiced = torch.full((rows, width), PADDED_OCTAVE), torch.zeros(rows, width)
        for row, piece in enumerate(pieces):
            symbols, spoken = len(piece.durations), int(frames[row])
            own = piece.ids
            if own is None:
                own = corpus.ids(piece.utterance)[piece.symbols]
            ids[row, :symbols] = torch.from_numpy(own)
            durations[row, :symbols] = torch.from_numpy(piece.durations)
            durations[row, symbols - 1] += -spoken % self.reduction_factor
            mel = np.asarray(corpus.mel(piece.utterance)[piece.frames], dtype=np.float32)
            mels[row, :spoken] = torch.from_numpy((mel - corpus.mean) / corpus.std)
            if linear is not None:
                whole = linear_spectrogram(corpus.audio(piece.utterance), corpus.convention)
                linear[row, :spoken] = torch.from_numpy(whole[piece.frames])
            if self.pitch is not None:
                first = corpus.utterances[piece.utterance].offset + piece.frames.start
                pitch = self.pitch[first : first + spoken]
                octaves[row, :spoken] = torch.from_numpy(np.log2(pitch["f0"]))
                voiced[row, :spoken] = torch.from_numpy(pitch["voiced"].astype(np.float32))
        return Batch(ids, lengths, speakers, durations, mels, frames, linear, octaves, voiced)


class BatchOrder:
    """Endless lists of piece numbers, from step ``start`` on; one process' share of them.

    Within an epoch every piece comes once, in batches of like length whose padded frames stay
    within ``frame_budget`` (a single piece may fill a batch alone).
    """

    def __init__(
        self,
        lengths: Sequence[int],
        *,
        frame_budget: int,
        frame_multiple: int,
        seed: int,
        start: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ):
        if not lengths:
            raise ValueError("there is nothing to make batches of")
        self.lengths = lengths
        self.frame_budget = frame_budget
        self.frame_multiple = frame_multiple
        self.seed = seed
        self.start = start
        self.rank = rank
        self.world_size = world_size

    def __iter__(self) -> Iterator[list[int]]:
        skip = self.start * self.world_size + self.rank
        for epoch in count():
            batches = self.epoch(epoch)
            while skip < len(batches):
                yield batches[skip]
                skip += self.world_size
            skip -= len(batches)

    def epoch(self, number: int) -> list[list[int]]:
        """The batches of epoch ``number``, all processes' together."""
        chance = random.Random(f"{self.seed}/{number}")
        jittered = [length + LENGTH_JITTER * chance.random() for length in self.lengths]
        ordered = sorted(range(len(self.lengths)), key=jittered.__getitem__)
        batches: list[list[int]] = []
        group: list[int] = []
        longest = 0
        for piece in ordered:
            width = max(longest, self._padded([piece]))
            if group and (len(group) + 1) * width > self.frame_budget:
                whole = len(group) // ROW_MULTIPLE * ROW_MULTIPLE or len(group)
                batches.append(group[:whole])
                group = group[whole:]
                width = self._padded([*group, piece])
            group.append(piece)
            longest = width
        batches.append(group)
        chance.shuffle(batches)
        return batches

    def _padded(self, pieces: Sequence[int]) -> int:
        return rounded_up(max(self.lengths[piece] for piece in pieces), self.frame_multiple)


def rounded_up(number: int, multiple: int) -> int:
    """The least multiple of ``multiple`` that is at least ``number``."""
    return -(-number // multiple) * multiple
