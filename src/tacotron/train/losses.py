"""What the models are taught by; padding counts in none of it."""

from __future__ import annotations

import torch
from torch import Tensor

from tacotron.data.batches import Batch
from tacotron.model.layers import length_mask
from tacotron.model.nonattentive import NonAttentiveOutput
from tacotron.train.recipe import Training


def nonattentive_losses(
    output: NonAttentiveOutput, batch: Batch, training: Training
) -> dict[str, Tensor]:
    """Error of both mels and of the durations; ``"loss"`` is their weighted sum.

    Mel errors are means over the cells of real frames: absolute, plus `squared_weight` times
    squared, which alone would blur and which without the absolute one is slow near the end.
    """
    mask = length_mask(batch.frames, batch.mels.shape[1])
    cells = mask.sum() * batch.mels.shape[2]
    coarse = (output.coarse - batch.mels) * mask
    refined = (output.mel - batch.mels) * mask
    coarse_error, mel_error = coarse.abs().sum() / cells, refined.abs().sum() / cells
    squared = (coarse.square().sum() + refined.square().sum()) / cells
    duration = duration_error(output.log_durations, batch)
    loss = coarse_error + mel_error + training.squared_weight * squared
    return {
        "loss": loss + training.duration_weight * duration,
        "coarse": coarse_error,
        "mel": mel_error,
        "duration": duration,
    }


def duration_error(log_durations: Tensor, batch: Batch) -> Tensor:
    """Mean absolute error of ln(duration) over real symbols."""
    known = torch.log(batch.durations.clamp(min=1).float())
    mask = length_mask(batch.lengths, batch.ids.shape[1])[..., 0]
    return ((log_durations - known).abs() * mask).sum() / mask.sum()
