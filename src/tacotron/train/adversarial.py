"""Polishing a model against critics, in one backward pass.

The critics learn to tell recordings from what the model makes of them (least squares, as in
HiFi-GAN, arXiv 2010.05646), and the model to pass for a recording, in the same update: what the
critics learn from is cut off from the model, and the critics that judge the model are held still.
One optimizer and one backward pass then do for both, and averaging, checkpoints, the explosion
guard and distributed training need to know nothing of it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call

from tacotron.train.recipe import Training

# Features smaller than this count as this much where differences are relative.
SMALL_FEATURE = 1e-3


def adversarial_losses(
    critics: nn.Module, made: Tensor, recorded: Tensor, training: Training
) -> tuple[Tensor, dict[str, Tensor]]:
    """What ``critics`` add to the loss, and its parts, for what a model has ``made`` and what was
    ``recorded``: alike in shape, as the critics take them.

    The critics give a list of opinions and features for each (see `tacotron.model.critics`). Of the
    parts, ``critics`` is their own error (0.5 where they can't tell), ``passing`` the model's
    towards being taken for a recording, and ``matching`` the relative difference of features.
    """
    of_recorded = critics(recorded)
    of_made = critics(made.detach())
    own = torch.stack(
        [
            (1 - real).float().square().mean() + copy.float().square().mean()
            for (real, _), (copy, _) in zip(of_recorded, of_made, strict=True)
        ]
    ).mean()
    held = {name: value.detach() for name, value in critics.named_parameters()}
    judged = functional_call(critics, held, (made,))
    passing = torch.stack([(1 - opinion).float().square().mean() for opinion, _ in judged]).mean()
    matching = torch.stack(
        [
            _difference(ours, theirs.detach())
            for (_, seen), (_, known) in zip(judged, of_recorded, strict=True)
            for ours, theirs in zip(seen, known, strict=True)
        ]
    ).mean()
    total = own + training.passing_weight * passing + training.matching_weight * matching
    return total, {"critics": own, "passing": passing, "matching": matching}


def _difference(ours: Tensor, theirs: Tensor) -> Tensor:
    ours, theirs = ours.float(), theirs.float()
    return (ours - theirs).abs().mean() / (theirs.abs().mean() + SMALL_FEATURE)
