"""Training an acoustic model: its data, its batches and who listens to it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import lightning as L
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from tacotron.align.alignments import Alignments
from tacotron.align.run import load_aligner
from tacotron.data.batches import Batch, BatchOrder, PieceDataset
from tacotron.data.corpus import PreparedCorpus
from tacotron.data.mixing import MixedPieces, Stepped
from tacotron.data.pieces import Piece, pieces_of, repeat_rare
from tacotron.errors import TrainingError
from tacotron.model.critics import MelCritic
from tacotron.train.kinds import KINDS, Kind, run_nonattentive
from tacotron.train.listener import Listener
from tacotron.train.losses import nonattentive_losses
from tacotron.train.recipe import Recipe, Training
from tacotron.train.sentences import SentenceSpeaker
from tacotron.train.task import Task
from tacotron.train.warm_start import take_over
from tacotron.voice.bundle import Bundle
from tacotron.voice.registry import locate

# The longest held-out utterance that is listened to: above, it would delay training.
LISTENED_FRAMES = 1000


def acoustic_task(
    recipe: Recipe, corpus_folder: Path, run: Path, *, forced_by: str | None = None
) -> Task:
    """The training of a kind in `KINDS` on the prepared, aligned corpus in ``corpus_folder``.

    Raises `CorpusError` where it is not prepared or aligned, `TrainingError` where there is nothing
    to learn from.
    """
    if forced_by is not None:
        raise TrainingError(
            "Only a vocoder learns from another voice's mels: leave --forced-by out."
        )
    kind = KINDS[recipe.kind]
    corpus = PreparedCorpus.open(corpus_folder)
    alignments = Alignments.load(corpus_folder)
    model = kind.build(corpus, recipe.model)
    polished = recipe.training.passing_weight > 0
    if polished and recipe.kind != "non-attentive":
        raise TrainingError(
            f"A model of kind {recipe.kind} has no critics: passing_weight must be 0."
        )
    learned, heldout, heard = _datasets(corpus, alignments, recipe, kind, model)
    if recipe.training.cmudict:
        learned = MixedPieces(learned, chance=recipe.training.cmudict, seed=recipe.training.seed)
    listeners: list[L.Callback] = [SentenceSpeaker(recipe.training.sentences, corpus, kind)]
    if len(heard):
        listeners.append(Listener(heard, kind, load_aligner(corpus.folder, corpus), run))
    else:
        print("Nothing to listen to is held out: there will be no verdict while training.")
    return Task(
        model=model,
        losses=_polishing if polished else lambda *of: (kind.losses(*of), None),
        critics=MelCritic() if polished else None,
        description={"model": asdict(model.config)},
        learned=lambda start, rank, size: _loader(learned, recipe, start, rank, size),
        heldout=_heldout_loader(heldout, recipe) if len(heldout) else None,
        listeners=listeners,
        take_over=lambda voice: take_over(model, Bundle.open(locate(voice)), corpus),
    )


def _polishing(
    model: nn.Module, batch: Batch, training: Training
) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor]]:
    """The errors of `nonattentive_losses`; and, for critics, a part of each mel made and recorded:
    one of `Training.critic_frames`, of the batch's shortest where that has fewer."""
    output = run_nonattentive(model, batch)
    size = min(training.critic_frames, int(batch.frames.min()))
    starts = (torch.rand(len(batch.frames)) * (batch.frames.cpu() - size + 1)).long()
    places = (starts[:, None] + torch.arange(size)).to(batch.mels.device)[..., None]
    places = places.expand(-1, -1, batch.mels.shape[2])
    pair = output.mel.gather(1, places), batch.mels.gather(1, places)
    return nonattentive_losses(output, batch, training), pair


def _pieces(corpus: PreparedCorpus, alignments: Alignments, split: str, limit: int) -> list[Piece]:
    """The aligned utterances of ``split``, in pieces of at most ``limit`` frames."""
    pieces = []
    for place in corpus.indices(split):
        utterance = corpus.utterances[place]
        durations = alignments.durations.get(utterance.id)
        if durations is None:
            continue
        if len(durations) != len(utterance.symbols) or durations.sum() != utterance.frames:
            raise TrainingError(
                f"The alignment of {corpus.folder} is older than its preparation: "
                f"run `tacotron align {corpus.folder}` again."
            )
        pieces += pieces_of(place, utterance.symbols, durations, limit)
    return pieces


def _datasets(
    corpus: PreparedCorpus, alignments: Alignments, recipe: Recipe, kind: Kind, model: nn.Module
) -> tuple[PieceDataset, PieceDataset, PieceDataset]:
    """What is learned from, what the held-out loss is taken on, and the whole utterances of more
    than one word that are listened to; the latter two are empty where nothing was held out."""
    training = recipe.training
    limit = min(training.max_frames, training.frames_per_batch)
    learned = _pieces(corpus, alignments, "train", limit)
    heldout = _pieces(corpus, alignments, "heldout", limit)
    whole = _pieces(corpus, alignments, "heldout", LISTENED_FRAMES)
    heard = [
        piece
        for piece in whole
        if len(piece.durations) == len(corpus.utterances[piece.utterance].symbols)
        and len(corpus.utterances[piece.utterance].words) > 1
    ]
    if not learned:
        raise TrainingError(
            f"{corpus.folder} has no aligned utterance to learn from: look at its report.html."
        )
    spoken = [corpus.utterances[piece.utterance].symbols[piece.symbols] for piece in learned]
    learned = repeat_rare(learned, spoken, training.rare_times)
    r, with_pitch = model.config.reduction_factor, bool(getattr(model.config, "pitch_size", 0))
    learned, heldout, heard = (
        PieceDataset(
            corpus,
            pieces,
            reduction_factor=r,
            with_linear=kind.with_linear,
            with_pitch=with_pitch,
        )
        for pieces in (learned, heldout, heard[: training.listen_to])
    )
    return learned, heldout, heard


def _loader(
    dataset: PieceDataset, recipe: Recipe, start: int, rank: int, processes: int
) -> DataLoader:
    order = BatchOrder(
        [int(piece.durations.sum()) for piece in dataset.pieces],
        frame_budget=recipe.training.frames_per_batch,
        frame_multiple=dataset.frame_multiple,
        seed=recipe.training.seed,
        start=start,
        rank=rank,
        world_size=processes,
    )
    # On a processor the model needs all cores; beside a GPU, others read ahead.
    workers = 2 if torch.cuda.is_available() else 0
    batches = Stepped(order) if isinstance(dataset, MixedPieces) else order
    return DataLoader(
        dataset, batch_sampler=batches, collate_fn=dataset.collate, num_workers=workers
    )


def _heldout_loader(dataset: PieceDataset, recipe: Recipe) -> DataLoader:
    order = BatchOrder(
        [int(piece.durations.sum()) for piece in dataset.pieces],
        frame_budget=recipe.training.frames_per_batch,
        frame_multiple=dataset.frame_multiple,
        seed=0,
    )
    return DataLoader(dataset, batch_sampler=order.epoch(0), collate_fn=dataset.collate)
