"""Layers that the models share: sequences are [B, T, C], padding is zero where it matters."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Convolution(nn.Module):
    """Same-padded convolution over time, [B, T, C_in] -> [B, T, C_out].

    Runs as a two-dimensional convolution in channels-last memory: on processors that layout needs
    no transposition between here and the layer norms, and is a third faster than `nn.Conv1d`.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"kernel must be odd to keep the length, not {kernel}")
        self.convolution = nn.Conv2d(inputs, outputs, (1, kernel), padding=(0, kernel // 2))
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        return self.convolution(x.transpose(1, 2).unsqueeze(2)).squeeze(2).transpose(1, 2)


class ConvolutionBlock(nn.Module):
    """Convolution, ReLU, layer norm, dropout; padding is zeroed before and after.

    Layer norm rather than batch norm: a frame's value then never depends on its neighbors in the
    batch or on padding, and averaged weights need no statistics of their own.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, dropout: float):
        super().__init__()
        self.convolution = Convolution(inputs, outputs, kernel)
        self.norm = nn.LayerNorm(outputs)
        self.dropout = dropout

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """``x`` float [B, T, C_in], ``mask`` float [B, T, 1] (0 on padding)."""
        y = self.norm(F.relu(self.convolution(x * mask)))
        return F.dropout(y, self.dropout, self.training) * mask


class ResidualConvolution(nn.Module):
    """Pre-norm residual block: the level of a frame survives on the way around the norm."""

    def __init__(self, size: int, kernel: int, dropout: float):
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.convolution = Convolution(size, size, kernel)
        self.dropout = dropout

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        y = self.convolution(F.gelu(self.norm(x)) * mask)
        return x + F.dropout(y, self.dropout, self.training)


class BidirectionalLSTM(nn.Module):
    """Both directions over padded sequences, each starting where the sequence starts or ends.

    The backward direction reads a reversed copy, so padding never enters its state; packing would
    do the same, many times slower on a processor.
    """

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.ahead = nn.LSTM(inputs, outputs // 2, batch_first=True)
        self.back = nn.LSTM(inputs, outputs // 2, batch_first=True)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """``x`` float [B, T, C_in], ``lengths`` int64 [B] -> [B, T, C_out]."""
        place = torch.arange(x.shape[1], device=x.device)[None]
        turned = torch.where(place < lengths[:, None], lengths[:, None] - 1 - place, place)
        ahead = self.ahead(x)[0]
        back = self.back(_gather(x, turned))[0]
        return torch.cat([ahead, _gather(back, turned)], -1)


def length_mask(lengths: Tensor, size: int) -> Tensor:
    """Float [B, size, 1]: 1 before each length, 0 after."""
    return (torch.arange(size, device=lengths.device)[None] < lengths[:, None])[..., None].float()


def _gather(x: Tensor, index: Tensor) -> Tensor:
    return x.gather(1, index[..., None].expand(-1, -1, x.shape[2]))
