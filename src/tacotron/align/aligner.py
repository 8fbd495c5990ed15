"""The aligner: which frames speak which symbol, learned from the corpus alone.

Two small convolutional encoders map symbols and frames into one space; a frame belongs to the
symbol that lies nearest. Training maximizes the probability of all monotonic paths through that
map (the forward sum, computed as a CTC loss), after Badlani et al., "One TTS Alignment To Rule
Them All" (arXiv 2108.10447).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

# Squared distances of 80-dimensional vectors are large; this keeps the softmax soft at the start.
TEMPERATURE = 0.02
# Logit of the CTC blank: a path may rest on it, but not for free (arXiv 2108.10447, section 3.2).
BLANK_LOGIT = -1.0
# Stands for minus infinity where a cell is padding; finite, so that gradients stay finite.
MASKED = -1e4
# Width of the prior around a path, in frames: about what the flat start is wrong by.
PRIOR_WIDTH = 8.0


@dataclass(frozen=True)
class AlignerConfig:
    n_symbols: int  # size of the symbol table, padding included
    n_mels: int  # bands of the mel
    size: int = 128  # width of the symbol embedding


class Aligner(nn.Module):
    """Log-odds of every frame to speak every symbol."""

    def __init__(self, config: AlignerConfig):
        super().__init__()
        self.config = config
        size, bands = config.size, config.n_mels
        self.embedding = nn.Embedding(config.n_symbols, size, padding_idx=0)
        self.text_encoder = nn.Sequential(
            nn.Conv1d(size, 2 * size, 3, padding=1), nn.ReLU(), nn.Conv1d(2 * size, bands, 1)
        )
        self.mel_encoder = nn.Sequential(
            nn.Conv1d(bands, 2 * bands, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(2 * bands, bands, 1),
            nn.ReLU(),
            nn.Conv1d(bands, bands, 1),
        )

    def forward(self, ids: Tensor, mels: Tensor, lengths: Tensor) -> Tensor:
        """Log-probabilities over symbols for each frame.

        Takes ``ids`` int64 [B, L] (padded with 0), standardized ``mels`` float [B, T, n_mels] and
        ``lengths`` int64 [B], the symbols of each utterance. Returns float [B, T, L]; padded
        symbols hold `MASKED`.
        """
        keys = self.text_encoder(self.embedding(ids).transpose(1, 2))
        queries = self.mel_encoder(mels.transpose(1, 2))
        distance = (
            queries.square().sum(1)[:, :, None]
            + keys.square().sum(1)[:, None, :]
            - 2 * queries.transpose(1, 2) @ keys
        )
        padding = torch.arange(ids.shape[1], device=ids.device)[None] >= lengths[:, None]
        logits = (-TEMPERATURE * distance).masked_fill(padding[:, None], MASKED)
        return F.log_softmax(logits, -1).masked_fill(padding[:, None], MASKED)


def path_prior(durations: Sequence[NDArray[np.int32]], shape: tuple[int, int]) -> Tensor:
    """Log of a Gaussian around a path, float [B, T, L] for ``shape`` (T, L).

    0 for the frames that the path gives a symbol (its int32 [l] ``durations``), and falling with
    the distance from them.
    """
    bounds = torch.zeros(len(durations), 2, shape[1])
    for row, own in enumerate(durations):
        ends = np.cumsum(own)
        bounds[row, :, : len(own)] = torch.from_numpy(np.stack([ends - own, ends - 1]))
    time = torch.arange(shape[0])[None, :, None]
    first, last = bounds[:, 0, None], bounds[:, 1, None]
    distance = (first - time).clamp_min(0) + (time - last).clamp_min(0)
    return -(distance.square()) / (2 * PRIOR_WIDTH**2)


def forward_sum_loss(log_probs: Tensor, lengths: Tensor, frames: Tensor) -> Tensor:
    """Negative log-likelihood of all monotonic paths, per symbol, averaged over the batch.

    ``log_probs`` float [B, T, L] may be unnormalized (a prior added). Utterances with fewer frames
    than symbols have no path; they count as zero.
    """
    batch, _, symbols = log_probs.shape
    scores = F.log_softmax(F.pad(log_probs, (1, 0), value=BLANK_LOGIT), -1).transpose(0, 1)
    targets = torch.arange(1, symbols + 1, device=log_probs.device).expand(batch, symbols)
    return F.ctc_loss(scores, targets, frames, lengths, zero_infinity=True)
