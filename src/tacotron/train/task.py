"""What a kind of training brings to the loop: a model, its losses, its data, its listener."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import lightning as L
from torch import Tensor, nn
from torch.utils.data import DataLoader

from tacotron.train.recipe import Training

# The model's errors on a batch by name, "loss" among them; and, where critics may judge it, what it
# made and what was recorded.
Losses = Callable[
    [nn.Module, Any, Training], tuple[dict[str, Tensor], tuple[Tensor, Tensor] | None]
]


@dataclass(frozen=True)
class Task:
    """One training, ready to run."""

    model: nn.Module
    losses: Losses
    description: dict[str, Any]  # of the model, for resuming and exporting: plain values
    learned: Callable[[int, int, int], DataLoader]  # start, rank, processes -> batches without end
    heldout: DataLoader | None
    listeners: list[L.Callback] = field(default_factory=list)
    critics: nn.Module | None = None  # what the model is polished against
    take_over: Callable[[str], list[str]] | None = None  # from a voice: notes on what did not fit
