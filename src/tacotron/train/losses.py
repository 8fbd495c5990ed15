"""What the models are taught by; padding counts in none of it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tacotron.data.batches import Batch
from tacotron.model.intonation import standardize
from tacotron.model.layers import length_mask
from tacotron.model.nonattentive import NonAttentiveOutput, expand_durations
from tacotron.model.tacotron2017 import Tacotron2017Output
from tacotron.train.recipe import Training

# Weights of attention are kept above this before their logarithm is taken.
SMALLEST = 1e-6
# One step in a hundred is the last: unweighted, never stopping would be a fair answer.
STOP_WEIGHT = 10.0
# Share of an unvoiced frame in the error of F0: there it is held from one voice to the next.
UNVOICED = 0.1


def nonattentive_losses(
    output: NonAttentiveOutput, batch: Batch, training: Training
) -> dict[str, Tensor]:
    """Error of both mels, of the durations and of F0; ``"loss"`` is their weighted sum.

    Mel errors are means over the cells of real frames: absolute, plus `squared_weight` times
    squared, which alone would blur and which without the absolute one is slow near the end.
    """
    mask = length_mask(batch.frames, batch.mels.shape[1])
    cells = mask.sum() * batch.mels.shape[2]
    coarse = (output.coarse - batch.mels) * mask
    refined = (output.mel - batch.mels) * mask
    coarse_error, mel_error = coarse.abs().sum() / cells, refined.abs().sum() / cells
    squared = (coarse.square().sum() + refined.square().sum()) / cells
    duration, length = duration_errors(output.log_durations, batch)
    loss = coarse_error + mel_error + training.squared_weight * squared
    told = {}
    if output.octaves is not None:
        told["pitch"] = pitch_error(output.octaves, batch, mask[..., 0])
        loss = loss + training.pitch_weight * told["pitch"]
    return {
        "loss": loss + training.duration_weight * (duration + length),
        "coarse": coarse_error,
        "mel": mel_error,
        "duration": duration,
        "length": length,
        **told,
    }


def attentive_losses(
    output: Tacotron2017Output, linear: Tensor, batch: Batch, training: Training
) -> dict[str, Tensor]:
    """Error of mel and ``linear`` (the target, standardized, float [B, T, bins]), of the attention
    against the aligner's path, and of the stop token; ``"loss"`` is their weighted sum."""
    mask = length_mask(batch.frames, batch.mels.shape[1])
    total = mask.sum()
    errors = (output.mel - batch.mels) * mask
    cells = total * batch.mels.shape[2]
    mel, squared = errors.abs().sum() / cells, errors.square().sum() / cells
    magnitude = ((output.linear - linear) * mask).abs().sum() / (total * linear.shape[2])
    r = batch.mels.shape[1] // output.alignments.shape[1]
    steps = torch.div(batch.frames + r - 1, r, rounding_mode="floor")
    attention = attention_error(output.alignments, attention_path(batch, r), steps)
    losses = {"mel": mel, "linear": magnitude, "attention": attention}
    loss = mel + training.squared_weight * squared + training.linear_weight * magnitude
    loss = loss + training.attention_weight * attention
    if output.stop_logits is not None:
        losses["stop"] = stop_error(output.stop_logits, steps)
        loss = loss + training.stop_weight * losses["stop"]
    return {"loss": loss, **losses}


def attention_path(batch: Batch, r: int) -> Tensor:
    """The aligner's path for steps of ``r`` frames: the share of each that each symbol speaks,
    float [B, T / r, L]."""
    rows, size = batch.mels.shape[:2]
    index, _ = expand_durations(batch.durations, size)
    return F.one_hot(index, batch.ids.shape[1]).float().reshape(rows, size // r, r, -1).mean(2)


def attention_error(alignments: Tensor, path: Tensor, steps: Tensor) -> Tensor:
    """Cross entropy between the attention's weights and the aligner's ``path``, float [B, S, L]
    each. ``steps`` int64 [B] are real."""
    entropy = -(path * alignments.clamp(min=SMALLEST).log()).sum(-1)
    mask = length_mask(steps, path.shape[1])[..., 0]
    return (entropy * mask).sum() / mask.sum()


def stop_error(logits: Tensor, steps: Tensor) -> Tensor:
    """Binary cross entropy of the stop token, ``logits`` float [B, S]: the last of ``steps`` (int64
    [B]) is the one to stop at, and counts as much as `STOP_WEIGHT` of those before it."""
    place = torch.arange(logits.shape[1], device=logits.device)[None]
    last = (place == steps[:, None] - 1).float()
    weight = (place < steps[:, None]).float() * (1 + (STOP_WEIGHT - 1) * last)
    errors = F.binary_cross_entropy_with_logits(logits, last, weight, reduction="sum")
    return errors / weight.sum()


def pitch_error(octaves: Tensor, batch: Batch, mask: Tensor) -> Tensor:
    """Mean absolute error of F0, ``octaves`` float [B, T], in a voice's deviations; frames that are
    not voiced count `UNVOICED` as much. ``mask`` float [B, T] is 0 on padding."""
    weight = mask * (UNVOICED + (1 - UNVOICED) * batch.voiced)
    errors = (standardize(octaves) - standardize(batch.octaves)).abs()
    return (errors * weight).sum() / weight.sum()


def duration_errors(log_durations: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Mean absolute errors of ln(duration), float [B, L]: of real symbols, and of whole utterances.

    The first alone finds medians, which lie below means: speech would be hurried by a tenth.
    """
    mask = length_mask(batch.lengths, batch.ids.shape[1])[..., 0]
    known = torch.log(batch.durations.clamp(min=1).float())
    duration = ((log_durations - known).abs() * mask).sum() / mask.sum()
    spoken = (log_durations.exp() * mask).sum(1)
    recorded = batch.durations.sum(1).clamp(min=1).float()
    return duration, (spoken.log() - recorded.log()).abs().mean()
