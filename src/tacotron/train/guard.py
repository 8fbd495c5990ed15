"""The guard: when the loss explodes, go back to weights that were well, at a lower rate."""

from __future__ import annotations

import math
from collections import deque
from copy import deepcopy
from statistics import median
from typing import Any

import lightning as L
import torch

from tacotron.errors import TrainingError

# Losses that the median is taken of; before that many have been seen, only NaN and Inf count.
MEMORY = 100
# Updates between snapshots.
SNAPSHOT_EVERY = 50
# The learning rate's factor at each rollback.
SLOWER = 0.5
# Rollbacks before giving up.
PATIENCE = 8


class ExplosionGuard(L.Callback):
    """Skips the update, rolls weights, optimizer and average back, and lowers the rate."""

    def __init__(self, factor: float):
        self.factor = factor
        self.recent: deque[float] = deque(maxlen=MEMORY)
        self.rollbacks = 0
        self._snapshot: dict[str, Any] | None = None
        self._loss = 0.0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._take_snapshot(trainer, pl_module)

    def on_after_backward(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        loss = trainer.callback_metrics["train/loss"]
        # All processes must decide alike: the mean over them is NaN if any of theirs is.
        self._loss = float(trainer.strategy.reduce(loss.clone(), reduce_op="mean"))

    def on_before_optimizer_step(
        self, trainer: L.Trainer, pl_module: L.LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        gradients = [p.grad for p in pl_module.parameters() if p.grad is not None]
        finite = math.isfinite(float(torch.nn.utils.get_total_norm(gradients)))
        if finite and not self._exploded():
            self.recent.append(self._loss)
            return
        self.rollbacks += 1
        if self.rollbacks > PATIENCE:
            raise TrainingError(
                f"The loss exploded {self.rollbacks} times by update {trainer.global_step}: "
                "lower the learning_rate, or look for odd recordings in the corpus' report."
            )
        self._restore(trainer, pl_module)
        pl_module.rate_scale *= SLOWER
        # Without gradients the optimizer's step, which comes next, changes nothing.
        optimizer.zero_grad(set_to_none=True)
        trainer.print(
            f"Update {trainer.global_step}: loss {self._loss:.3g} exploded; rolled back, "
            f"learning rate times {pl_module.rate_scale:g} from here on."
        )

    def on_train_batch_end(self, trainer: L.Trainer, pl_module: L.LightningModule, *_: Any) -> None:
        if trainer.global_step % SNAPSHOT_EVERY == 0:
            self._take_snapshot(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        return {"recent": list(self.recent), "rollbacks": self.rollbacks}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.recent = deque(state_dict["recent"], maxlen=MEMORY)
        self.rollbacks = state_dict["rollbacks"]

    def on_save_checkpoint(
        self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint["rate_scale"] = pl_module.rate_scale

    def on_load_checkpoint(
        self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        pl_module.rate_scale = checkpoint["rate_scale"]

    def _exploded(self) -> bool:
        if not math.isfinite(self._loss):
            return True
        return len(self.recent) == MEMORY and self._loss > self.factor * median(self.recent)

    def _take_snapshot(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self._snapshot = {
            "models": [deepcopy(m.state_dict()) for m in _models(trainer, pl_module)],
            "optimizer": deepcopy(trainer.optimizers[0].state_dict()),
        }

    def _restore(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        assert self._snapshot is not None
        for model, state in zip(_models(trainer, pl_module), self._snapshot["models"], strict=True):
            model.load_state_dict(state)
        trainer.optimizers[0].load_state_dict(deepcopy(self._snapshot["optimizer"]))


def _models(trainer: L.Trainer, pl_module: L.LightningModule) -> list[torch.nn.Module]:
    """The model in training and its moving average, where there is one."""
    from lightning.pytorch.callbacks import WeightAveraging

    averages = [c._average_model for c in trainer.callbacks if isinstance(c, WeightAveraging)]
    return [pl_module, *averages]
