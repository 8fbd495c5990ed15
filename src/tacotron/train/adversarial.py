"""Polishing a vocoder against critics, in one backward pass.

The critics learn to tell recordings from copies (least squares, as in HiFi-GAN, arXiv 2010.05646),
and the vocoder to pass for a recording, in the same update: the copies that the critics learn from
are cut off from the vocoder, and the critics that judge the vocoder are held still. One optimizer
and one backward pass then do for both, and averaging, checkpoints, the explosion guard and
distributed training need to know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

from tacotron.data.segments import Segments
from tacotron.model.critics import Critics
from tacotron.model.vocoder import SourceFilterVocoder
from tacotron.train.recipe import Training

# Features smaller than this count as this much where differences are relative.
SMALL_FEATURE = 1e-3


class PolishedVocoder(nn.Module):
    """A vocoder and its critics."""

    def __init__(self, vocoder: SourceFilterVocoder, critics: Critics):
        super().__init__()
        self.vocoder = vocoder
        self.critics = critics

    @property
    def config(self) -> object:
        return self.vocoder.config

    def infer(self, mel: Tensor, noise: Tensor | None = None) -> Tensor:
        """See `SourceFilterVocoder.infer`."""
        return self.vocoder.infer(mel, noise)


def polishing_losses(
    model: PolishedVocoder,
    copied: Callable[[SourceFilterVocoder], tuple[dict[str, Tensor], Tensor]],
    batch: Segments,
    training: Training,
) -> dict[str, Tensor]:
    """The errors that ``copied`` gives with the copies (float [B, samples]), and the critics'.

    ``critics`` is theirs (0.5 where they can't tell), ``passing`` the vocoder's towards being
    taken for a recording, ``matching`` the difference of what the critics see in both, relative.
    """
    errors, spoken = copied(model.vocoder)
    start, samples = _crop(spoken.shape[1], training)
    spoken, recorded = (x[:, start : start + samples] for x in (spoken, batch.wave))
    of_recorded = model.critics(recorded)
    of_copies = model.critics(spoken.detach())
    critics = torch.stack(
        [
            (1 - real).float().square().mean() + copy.float().square().mean()
            for (real, _), (copy, _) in zip(of_recorded, of_copies, strict=True)
        ]
    ).mean()
    held = {name: value.detach() for name, value in model.critics.named_parameters()}
    judged = functional_call(model.critics, held, (spoken,))
    passing = torch.stack([(1 - opinion).float().square().mean() for opinion, _ in judged]).mean()
    matching = torch.stack(
        [
            _difference(ours, theirs.detach())
            for (_, seen), (_, known) in zip(judged, of_recorded, strict=True)
            for ours, theirs in zip(seen, known, strict=True)
        ]
    ).mean()
    loss = (
        errors["loss"]
        + training.passing_weight * passing
        + training.matching_weight * matching
        + critics
    )
    return {**errors, "loss": loss, "critics": critics, "passing": passing, "matching": matching}


def _crop(samples: int, training: Training) -> tuple[int, int]:
    """Where the part that critics look at begins, by chance, and how long it is."""
    size = min(samples, training.critic_samples)
    return int(torch.randint(samples - size + 1, ())), size


def _difference(ours: Tensor, theirs: Tensor) -> Tensor:
    ours, theirs = ours.float(), theirs.float()
    return (ours - theirs).abs().mean() / (theirs.abs().mean() + SMALL_FEATURE)
