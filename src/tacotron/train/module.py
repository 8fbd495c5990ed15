"""A model in training: its steps, its learning rate, what it logs."""

from __future__ import annotations

from typing import Any

import lightning as L
import torch
from torch import Tensor, nn

from tacotron.train.adversarial import adversarial_losses
from tacotron.train.recipe import Training
from tacotron.train.task import Losses


class TrainingModule(L.LightningModule):
    """``model`` learning by ``losses``, and from ``critics`` where there are some."""

    def __init__(
        self,
        model: nn.Module,
        losses: Losses,
        training: Training,
        critics: nn.Module | None = None,
    ):
        super().__init__()
        self.model = model
        self.critics = critics
        self.losses = losses
        self.training_settings = training
        self.rate_scale = 1.0  # the explosion guard lowers it

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        # Chance is a function of the step, so that a resumed run draws what the whole one drew.
        step, rank = self.global_step, self.global_rank
        torch.manual_seed(hash((self.training_settings.seed, step, rank)))
        rate = learning_rate(self.training_settings, step) * self.rate_scale
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate
        self.log("rate", rate)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        losses = self._errors(batch)
        self.log_dict({f"train/{name}": value.detach() for name, value in losses.items()})
        return losses["loss"]

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        # The prenet's dropout is on: the same draw at every look, or looks can't be compared.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(batch_idx)
            losses = self._errors(batch)
        values = {f"heldout/{name}": value for name, value in losses.items()}
        self.log_dict(values, batch_size=int(batch.frames.sum()), sync_dist=True)

    def _errors(self, batch: Any) -> dict[str, Tensor]:
        losses, pair = self.losses(self.model, batch, self.training_settings)
        if self.critics is None or pair is None:
            return losses
        added, parts = adversarial_losses(self.critics, *pair, self.training_settings)
        return {**losses, **parts, "loss": losses["loss"] + added}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        settings = self.training_settings
        return torch.optim.AdamW(
            self.parameters(),
            settings.learning_rate,
            betas=settings.betas,
            weight_decay=settings.weight_decay,
        )

    def transfer_batch_to_device(self, batch: Any, device: torch.device, _: int) -> Any:
        return batch.to(device)


def learning_rate(training: Training, step: int) -> float:
    """Linear warm-up, a plateau, then exponential decay to ``decay_to`` at the last update."""
    start = training.decay_from * training.updates
    decayed = max(0.0, (step - start) / max(1.0, training.updates - start))
    warm = min(1.0, (step + 1) / max(1, training.warmup))
    return training.learning_rate * warm * training.decay_to ** min(1.0, decayed)
