"""Checkpoints of a run: which are kept, which one to go on from, and reading them safely."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor

from tacotron.errors import TrainingError

FOLDER = "checkpoints"
BEST = "best"
PATTERN = "update-{step:08d}"
# Of the model's own weights in a checkpoint of the training module.
MODEL_PREFIX = "model."
# Kept beside the best one; older ones are deleted.
KEPT = 3


class LatestCheckpoints(ModelCheckpoint):
    """The last `KEPT` checkpoints, the run's last update among them, whichever process of a resumed
    run wrote them."""

    def __init__(self, folder: Path, every: int):
        super().__init__(
            folder,
            PATTERN,
            save_top_k=-1,
            every_n_train_steps=every,
            auto_insert_metric_name=False,
            save_on_train_epoch_end=False,
        )

    def on_train_batch_end(self, trainer: L.Trainer, *args: Any) -> None:
        super().on_train_batch_end(trainer, *args)
        step, every = trainer.global_step, self._every_n_train_steps
        if step == trainer.max_steps and step % every:
            trainer.save_checkpoint(Path(self.dirpath) / f"{PATTERN.format(step=step)}.ckpt")
        if trainer.is_global_zero:
            for path in sorted(Path(self.dirpath).glob("update-*.ckpt"))[:-KEPT]:
                path.unlink()


def checkpoint_callbacks(run: Path, every: int) -> list[ModelCheckpoint]:
    """The last `KEPT` checkpoints, one ``every`` updates, and the best on held-out speech.

    Lightning writes each to a temporary file first and moves it into place.
    """
    folder = run / FOLDER
    best = ModelCheckpoint(
        folder,
        BEST,
        monitor="heldout/loss",
        save_top_k=1,
        enable_version_counter=False,
        save_on_train_epoch_end=False,
    )
    return [LatestCheckpoints(folder, every), best]


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The contents of a checkpoint: tensors and plain values only, nothing that could run.

    Raises `TrainingError` if it is torn, foreign or missing.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch raises half a dozen types here, depending on which byte is wrong.
        raise TrainingError(
            f"{path} is no whole checkpoint ({type(error).__name__}): delete it; "
            "training goes on from the one before."
        ) from error


def model_weights(stored: Mapping[str, Any]) -> dict[str, Tensor]:
    """The averaged weights of the model in a checkpoint, by name, without its critics'."""
    return {
        name.removeprefix(MODEL_PREFIX): value
        for name, value in stored.get("state_dict", {}).items()
        if name.startswith(MODEL_PREFIX)
    }


def latest_checkpoint(run: Path) -> tuple[Path, int] | None:
    """The newest readable checkpoint of ``run`` and its number of updates; None for a new run.

    A torn one is passed over with a word on standard error.
    """
    found = []
    for path in sorted((run / FOLDER).glob("update-*.ckpt"), reverse=True):
        try:
            return path, int(read_checkpoint(path)["global_step"])
        except TrainingError as error:
            print(f"tacotron: {error}", file=sys.stderr)
            found.append(path)
    if found:
        raise TrainingError(
            f"None of the checkpoints in {run / FOLDER} can be read: move that folder away "
            "to begin anew."
        )
    return None
