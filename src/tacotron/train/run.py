"""``tacotron train``: from a prepared, aligned corpus and a recipe to a trained model."""

from __future__ import annotations

import json
import logging
import os
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from torch.utils.data import DataLoader

from tacotron.align.alignments import Alignments
from tacotron.align.run import load_aligner
from tacotron.data.batches import BatchOrder, PieceDataset
from tacotron.data.corpus import PreparedCorpus
from tacotron.data.pieces import Piece, pieces_of
from tacotron.errors import TrainingError
from tacotron.files import atomic_write
from tacotron.train.averaging import MovingAverage
from tacotron.train.checkpoints import checkpoint_callbacks, latest_checkpoint
from tacotron.train.guard import ExplosionGuard
from tacotron.train.kinds import KINDS, Kind
from tacotron.train.listener import Listener
from tacotron.train.module import TrainingModule
from tacotron.train.progress import Progress
from tacotron.train.recipe import Recipe
from tacotron.train.warm_start import take_over
from tacotron.voice.bundle import Bundle
from tacotron.voice.registry import locate

RUN_FILE = "run.json"
FORMAT = 1
# oneDNN keeps compiled kernels; its default forgets them faster than an epoch's shapes return.
PRIMITIVE_CACHE = "4096"
# The longest held-out utterance that is listened to: above, it would delay training.
LISTENED_FRAMES = 1000


def train(
    recipe: Recipe, corpus_folder: Path, run: Path, *, initial: str | None = None
) -> TrainingModule:
    """Train by ``recipe`` on the corpus in ``corpus_folder``; everything goes into ``run``.

    A run that was begun goes on from its newest checkpoint. ``initial`` is a voice, by name or
    path, whose weights a new run begins from. Under ``torchrun`` all processes call this alike.
    Returns the trained module, with averaged weights. Raises `CorpusError` where the corpus is not
    prepared or aligned, `TrainingError` where the run and the recipe don't go together.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", PRIMITIVE_CACHE)
    _quiet()
    kind = KINDS[recipe.kind]
    corpus = PreparedCorpus.open(corpus_folder)
    alignments = Alignments.load(corpus_folder)
    torch.manual_seed(recipe.training.seed)
    model = kind.build(corpus, recipe.model)
    learned, heldout, heard = _datasets(
        corpus, alignments, recipe, kind, model.config.reduction_factor
    )
    run.mkdir(parents=True, exist_ok=True)
    description = describe(recipe, corpus, model, initial)
    resumed = latest_checkpoint(run)
    _check_or_write(run, description, begun=resumed is not None)
    if initial is not None and resumed is None:
        for note in take_over(model, Bundle.open(locate(initial)), corpus):
            print(note)
    module = TrainingModule(model, kind.losses, recipe.training)
    start = resumed[1] if resumed else 0
    if start >= recipe.training.updates:
        raise TrainingError(
            f"{run} has its {start} updates: give more with --updates, or export it with "
            f"`tacotron export {run}`."
        )
    trainer = _trainer(recipe, run, _callbacks(recipe, run, heard, kind))
    trainer.fit(
        module,
        _loader(learned, recipe, start, trainer),
        _heldout_loader(heldout, recipe) if len(heldout) else None,
        ckpt_path=resumed[0] if resumed else None,
        weights_only=True,
    )
    return module


def describe(
    recipe: Recipe, corpus: PreparedCorpus, model: torch.nn.Module, initial: str | None
) -> dict[str, Any]:
    """What a run must know of itself to be resumed and exported: plain values."""
    return {
        "format": FORMAT,
        "recipe": recipe.to_dict(),
        "model": asdict(model.config),
        "corpus": str(corpus.folder.resolve()),
        "corpus_name": corpus.folder.resolve().name,
        "convention": corpus.convention.to_dict(),
        "frontend": corpus.frontend,
        "symbols": list(corpus.symbols),
        "speakers": list(corpus.speakers),
        "statistics": {k: v for k, v in corpus.header.items() if k != "symbols"},
        "from": initial,
    }


def read_run(run: Path) -> dict[str, Any]:
    """The description that `train` left in ``run``. Raises `TrainingError` if there is none."""
    path = run / RUN_FILE
    try:
        description = json.loads(path.read_text("utf-8"))
        if description["format"] != FORMAT:
            raise ValueError(f"format {description['format']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{run} is no run of `tacotron train` ({RUN_FILE} is missing or unreadable): "
            "give the folder that was given as --run."
        ) from error
    return description


def _check_or_write(run: Path, description: dict[str, Any], *, begun: bool) -> None:
    """Refuse to go on with another model or other symbols than ``run`` began with."""
    if begun:
        before = read_run(run)
        fixed = ("model", "symbols", "speakers", "convention", "frontend")
        changed = [key for key in fixed if before[key] != _plain(description[key])]
        if changed:
            raise TrainingError(
                f"{run} was begun with another {', '.join(changed)}: choose a new --run folder "
                "(--from takes over what fits)."
            )
        description = {**description, "from": before["from"]}
    if int(os.environ.get("RANK", "0")) == 0:
        with atomic_write(run / RUN_FILE, "w") as file:
            json.dump(description, file, ensure_ascii=False, indent=1)


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


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
    corpus: PreparedCorpus, alignments: Alignments, recipe: Recipe, kind: Kind, r: int
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
    learned, heldout, heard = (
        PieceDataset(corpus, pieces, reduction_factor=r, with_linear=kind.with_linear)
        for pieces in (learned, heldout, heard[: training.listen_to])
    )
    return learned, heldout, heard


def _loader(dataset: PieceDataset, recipe: Recipe, start: int, trainer: L.Trainer) -> DataLoader:
    order = BatchOrder(
        [int(piece.durations.sum()) for piece in dataset.pieces],
        frame_budget=recipe.training.frames_per_batch,
        frame_multiple=dataset.frame_multiple,
        seed=recipe.training.seed,
        start=start,
        rank=trainer.global_rank,
        world_size=trainer.world_size,
    )
    # On a processor the model needs all cores; beside a GPU, others read ahead.
    workers = 2 if torch.cuda.is_available() else 0
    return DataLoader(dataset, batch_sampler=order, collate_fn=dataset.collate, num_workers=workers)


def _heldout_loader(dataset: PieceDataset, recipe: Recipe) -> DataLoader:
    order = BatchOrder(
        [int(piece.durations.sum()) for piece in dataset.pieces],
        frame_budget=recipe.training.frames_per_batch,
        frame_multiple=dataset.frame_multiple,
        seed=0,
    )
    return DataLoader(dataset, batch_sampler=order.epoch(0), collate_fn=dataset.collate)


def _callbacks(recipe: Recipe, run: Path, heard: PieceDataset, kind: Kind) -> list[L.Callback]:
    training = recipe.training
    callbacks: list[L.Callback] = [
        MovingAverage(training.averaging),
        ExplosionGuard(training.explosion),
        Progress(),
        *checkpoint_callbacks(run, training.checkpoint_every),
    ]
    if len(heard):
        aligner = load_aligner(heard.corpus.folder, heard.corpus)
        # Before the moving average, which takes its weights back at the end of validation.
        callbacks.insert(0, Listener(heard, kind, aligner, run))
    else:
        print("Nothing to listen to is held out: there will be no verdict while training.")
    return callbacks


def _trainer(recipe: Recipe, run: Path, callbacks: list[L.Callback]) -> L.Trainer:
    training = recipe.training
    on_gpu = torch.cuda.is_available()
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return L.Trainer(
        accelerator="gpu" if on_gpu else "cpu",
        devices="auto" if on_gpu else processes,
        num_nodes=int(os.environ.get("GROUP_WORLD_SIZE", "1")),
        strategy="ddp" if int(os.environ.get("WORLD_SIZE", "1")) > 1 else "auto",
        precision="bf16-mixed" if on_gpu or has_bf16() else "32-true",
        max_steps=training.updates,
        gradient_clip_val=training.gradient_clip,
        val_check_interval=training.validate_every,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        logger=TensorBoardLogger(run, name=None, version="tensorboard"),
        callbacks=callbacks,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


def has_bf16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware (AVX-512 BF16 or AMX)."""
    features = torch.cpu.get_capabilities()
    return bool(features.get("avx512_bf16") or features.get("amx_bf16"))


def _quiet() -> None:
    """Keep Lightning's advice off the terminal: what it advises on is decided here."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"lightning\..*")
