"""``tacotron train``: from a prepared, aligned corpus and a recipe to a trained model."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.loggers import TensorBoardLogger

from tacotron.data.corpus import PreparedCorpus
from tacotron.errors import TrainingError
from tacotron.files import atomic_write
from tacotron.train.acoustic import acoustic_task
from tacotron.train.averaging import MovingAverage
from tacotron.train.checkpoints import checkpoint_callbacks, latest_checkpoint
from tacotron.train.guard import ExplosionGuard
from tacotron.train.module import TrainingModule
from tacotron.train.notify import Messenger, Notifier
from tacotron.train.progress import Progress
from tacotron.train.recipe import Recipe
from tacotron.train.task import Task
from tacotron.train.vocoder import vocoder_task

# How the training of each kind is put together.
TASKS: Mapping[str, Callable[..., Task]] = {
    "non-attentive": acoustic_task,
    "attentive": acoustic_task,
    "vocoder": vocoder_task,
}
RUN_FILE = "run.json"
FORMAT = 1
# oneDNN keeps compiled kernels; its default forgets them faster than an epoch's shapes return.
PRIMITIVE_CACHE = "4096"


def train(
    recipe: Recipe,
    corpus_folder: Path,
    run: Path,
    *,
    initial: str | None = None,
    forced_by: str | None = None,
    notify: Sequence[str] = (),
) -> TrainingModule:
    """Train by ``recipe`` on the corpus in ``corpus_folder``; everything goes into ``run``.

    A run that was begun goes on from its newest checkpoint. ``initial`` is a voice, by name or
    path, whose weights a new run begins from; ``forced_by`` one whose teacher-forced mels a vocoder
    learns from, too; ``notify`` are addresses that are told how it goes, see
    `tacotron.train.notify`. Under ``torchrun`` all processes call this alike.
    Returns the trained module, with averaged weights. Raises `CorpusError` where the corpus is not
    prepared or aligned, `TrainingError` where the run and the recipe don't go together.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", PRIMITIVE_CACHE)
    _quiet()
    torch.manual_seed(recipe.training.seed)
    messenger = Messenger(notify, f"tacotron: {run.name}") if notify and _is_first() else None
    task = TASKS[recipe.kind](recipe, corpus_folder, run, forced_by=forced_by)
    run.mkdir(parents=True, exist_ok=True)
    description = describe(recipe, PreparedCorpus.open(corpus_folder), task, initial)
    resumed = latest_checkpoint(run)
    _check_or_write(run, description, begun=resumed is not None)
    if initial is not None and resumed is None:
        for note in task.take_over(initial):
            print(note)
    module = TrainingModule(task.model, task.losses, recipe.training, task.critics)
    start = resumed[1] if resumed else 0
    if start >= recipe.training.updates:
        raise TrainingError(
            f"{run} has its {start} updates: give more with --updates, or export it with "
            f"`tacotron export {run}`."
        )
    listeners = list(task.listeners)
    if messenger is not None:
        listeners.append(Notifier(messenger, _beginning(description)))
    trainer = _trainer(recipe, run, listeners)
    trainer.fit(
        module,
        task.learned(start, trainer.global_rank, trainer.world_size),
        task.heldout,
        ckpt_path=resumed[0] if resumed else None,
        weights_only=True,
    )
    return module


def describe(
    recipe: Recipe, corpus: PreparedCorpus, task: Task, initial: str | None
) -> dict[str, Any]:
    """What a run must know of itself to be resumed and exported: plain values."""
    return {
        "format": FORMAT,
        "recipe": recipe.to_dict(),
        "corpus": str(corpus.folder.resolve()),
        "corpus_name": corpus.folder.resolve().name,
        "convention": corpus.convention.to_dict(),
        "frontend": corpus.frontend,
        "symbols": list(corpus.symbols),
        "speakers": list(corpus.speakers),
        "statistics": {k: v for k, v in corpus.header.items() if k != "symbols"},
        "from": initial,
        **task.description,
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
    if _is_first():
        with atomic_write(run / RUN_FILE, "w") as file:
            json.dump(description, file, ensure_ascii=False, indent=1)


def _is_first() -> bool:
    """Whether this is the process that writes and tells, of those that torchrun started."""
    return int(os.environ.get("RANK", "0")) == 0


def _beginning(description: Mapping[str, Any]) -> str:
    start = f", from {description['from']}" if description["from"] else ""
    return f"Recipe {description['recipe']['name']}, corpus {description['corpus_name']}{start}."


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _trainer(recipe: Recipe, run: Path, listeners: list[L.Callback]) -> L.Trainer:
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
        callbacks=[
            # Listeners stand before the moving average, which takes its weights back at the end of
            # validation.
            *listeners,
            MovingAverage(training.averaging),
            ExplosionGuard(training.explosion),
            Progress(),
            *checkpoint_callbacks(run, training.checkpoint_every),
        ],
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
