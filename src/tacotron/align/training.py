"""Training the aligner on a prepared corpus: a minute or two on a processor."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from tacotron.align.aligner import Aligner, AlignerConfig, forward_sum_loss, path_prior
from tacotron.align.flat_start import features, flat_start
from tacotron.data.batches import FRAME_MULTIPLE, SYMBOL_MULTIPLE, rounded_up
from tacotron.data.corpus import PreparedCorpus
from tacotron.errors import CorpusError

# Updates that the loss shown to people is averaged over.
SMOOTHING = 50


@dataclass(frozen=True)
class AlignerTraining:
    updates: int = 800  # the loss per symbol is flat from about 600 on
    batch_size: int = 16  # utterances
    learning_rate: float = 2e-3  # Adam; falls to a tenth over the second half
    prior_updates: int = 200  # the prior around the flat start fades out over these
    max_frames: int = 1000  # longer utterances are aligned, not learned from
    seed: int = 0


@dataclass(frozen=True)
class AlignerBatch:
    ids: Tensor  # int64 [B, L]
    mels: Tensor  # float [B, T, n_mels], standardized
    lengths: Tensor  # int64 [B], symbols
    frames: Tensor  # int64 [B]
    places: list[int]  # in the corpus


def train_aligner(
    corpus: PreparedCorpus, settings: AlignerTraining, *, initial: Aligner | None = None
) -> Aligner:
    """Learn the aligner of ``corpus``, from ``initial`` where one is given.

    Shows progress on a terminal. Raises `CorpusError` if no utterance can be learned from.
    """
    usable = [
        place
        for place, utterance in enumerate(corpus.utterances)
        if len(utterance.symbols) <= utterance.frames <= settings.max_frames
    ]
    if not usable:
        raise CorpusError(
            f"{corpus.folder} has no utterance with at least a frame a symbol and at most "
            f"{settings.max_frames} frames: cut the recordings into sentences."
        )
    torch.manual_seed(settings.seed)
    aligner = Aligner(AlignerConfig(len(corpus.symbols), corpus.convention.n_mels))
    if initial is not None:
        aligner.load_state_dict(initial.state_dict())
    optimizer = torch.optim.Adam(aligner.parameters(), settings.learning_rate)
    # An aligner that has already learned needs no path to find its feet.
    gaussians = None if initial else flat_start(corpus, usable, seed=settings.seed)
    half = settings.updates // 2
    batches = _batches(corpus, usable, settings)
    average = 0.0
    with tqdm(total=settings.updates, desc="aligner", unit="update", disable=None) as bar:
        for update in range(settings.updates):
            rate = settings.learning_rate * 0.1 ** max(0.0, (update - half) / half)
            for group in optimizer.param_groups:
                group["lr"] = rate
            batch = next(batches)
            log_probs = aligner(batch.ids, batch.mels, batch.lengths)
            if gaussians is not None and update < settings.prior_updates:
                weight = 1 - update / settings.prior_updates
                paths = gaussians.durations(
                    [features(corpus.mel(place)) for place in batch.places],
                    [corpus.ids(place) for place in batch.places],
                )
                log_probs = log_probs + weight * path_prior(paths, log_probs.shape[1:])
            loss = forward_sum_loss(log_probs, batch.lengths, batch.frames)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(aligner.parameters(), 1.0)
            optimizer.step()
            bar.update()
            average += (loss.item() - average) / min(update + 1, SMOOTHING)
            if update % 20 == 0:
                bar.set_postfix(loss=f"{average:.3f}")
    if not sys.stderr.isatty():
        print(f"aligner: {settings.updates} updates, loss {average:.3f}", file=sys.stderr)
    return aligner.eval()


def collate(corpus: PreparedCorpus, places: list[int]) -> AlignerBatch:
    """The utterances at ``places`` as one padded batch; sizes are rounded up (few shapes: the
    processor's kernels are compiled per shape)."""
    utterances = [corpus.utterances[place] for place in places]
    lengths = torch.tensor([len(u.symbols) for u in utterances])
    frames = torch.tensor([u.frames for u in utterances])
    ids = torch.zeros(
        len(places), rounded_up(int(lengths.max()), SYMBOL_MULTIPLE), dtype=torch.int64
    )
    mels = torch.zeros(
        len(places), rounded_up(int(frames.max()), 2 * FRAME_MULTIPLE), corpus.convention.n_mels
    )
    for row, (place, utterance) in enumerate(zip(places, utterances, strict=True)):
        ids[row, : len(utterance.symbols)] = torch.from_numpy(corpus.ids(place))
        mel = torch.from_numpy(np.asarray(corpus.mel(place), dtype=np.float32))
        mels[row, : utterance.frames] = (mel - corpus.mean) / corpus.std
    return AlignerBatch(ids, mels, lengths, frames, places)


def _batches(
    corpus: PreparedCorpus, usable: list[int], settings: AlignerTraining
) -> Iterator[AlignerBatch]:
    """Endless batches of utterances of like length, in random order."""
    chance = random.Random(settings.seed)
    while True:
        ordered = sorted(usable, key=lambda p: corpus.utterances[p].frames + 40 * chance.random())
        size = settings.batch_size
        groups = [ordered[start : start + size] for start in range(0, len(ordered), size)]
        chance.shuffle(groups)
        for group in groups:
            yield collate(corpus, group)
