"""CBHG, the 2017 Tacotron's module for sequences (Wang et al., arXiv 1703.10135, section 3.1).

A bank of convolutions of every width up to K, max pooling, two more convolutions and a residual
connection, four highway layers (arXiv 1505.00387), and a recurrent layer in both directions. It
reads the symbols in the encoder and turns a mel into a linear spectrogram in the post-net.

Convolution, then activation, then batch norm, in that order. Sequences are [B, T, C].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from tacotron.model.gru import BidirectionalGRU
from tacotron.model.layers import BidirectionalLSTM, length_mask

HIGHWAY_LAYERS = 4
BATCH_NORM_EPSILON = 1e-3  # TensorFlow's

Recurrence = Literal["gru", "lstm"]
"""The recurrent layer: the published ``gru``, or an ``lstm``, for which torch has faster code."""


class CBHG(nn.Module):
    """``inputs`` channels -> twice ``size``.

    Args:
        inputs: channels of the input, to which the second projection returns.
        bank: K, the widest convolution of the bank.
        projection: channels of the first projection.
        size: channels of each convolution of the bank, of the highways and of each direction of
            the recurrent layer.
        recurrence: kind of the recurrent layer.
    """

    def __init__(
        self, inputs: int, *, bank: int, projection: int, size: int, recurrence: Recurrence = "gru"
    ):
        super().__init__()
        self.bank = nn.ModuleList(SameConvolution(inputs, size, k + 1) for k in range(bank))
        self.bank_norm = nn.BatchNorm1d(bank * size, eps=BATCH_NORM_EPSILON)
        self.projection_1 = SameConvolution(bank * size, projection, 3)
        self.projection_1_norm = nn.BatchNorm1d(projection, eps=BATCH_NORM_EPSILON)
        self.projection_2 = SameConvolution(projection, inputs, 3)
        self.projection_2_norm = nn.BatchNorm1d(inputs, eps=BATCH_NORM_EPSILON)
        self.resize = nn.Linear(inputs, size) if inputs != size else nn.Identity()
        self.highways = nn.ModuleList(Highway(size) for _ in range(HIGHWAY_LAYERS))
        recurrent = {"gru": BidirectionalGRU, "lstm": BidirectionalLSTM}[recurrence]
        self.recurrent = recurrent(size, 2 * size)

    def forward(
        self, x: Tensor, lengths: Tensor | None = None, *, recurrent_lengths: Tensor | None = None
    ) -> Tensor:
        """``x`` float [B, T, inputs] -> float [B, T, 2 size], zero behind ``lengths``.

        ``lengths`` int64 [B] keeps padding out of everything, batch statistics included; without
        them all T steps count. ``recurrent_lengths`` are for the recurrent layer alone, which in
        the original encoder is all that knows where a sequence ends.
        """
        batch, time = x.shape[:2]
        steps = RealSteps.of(lengths, batch, time, x.device)
        if lengths is not None:
            x = x * length_mask(lengths, time).to(x.dtype)
        y = torch.cat([convolution(x) for convolution in self.bank], -1)
        y = self.bank_norm(F.relu(steps.pack(y)))
        y = _PairMaximum.apply(y, steps.ends) if y.requires_grad else pair_maximum(y, steps.ends)
        y = self.projection_1(steps.unpack(y))
        y = steps.unpack(self.projection_1_norm(F.relu(steps.pack(y))))
        y = steps.unpack(self.projection_2_norm(steps.pack(self.projection_2(y))))
        y = self.resize(x + y)
        for highway in self.highways:
            y = highway(y)
        if recurrent_lengths is None:
            recurrent_lengths = lengths
        if recurrent_lengths is None:
            return self.recurrent(y, torch.full((batch,), time, dtype=torch.int64, device=x.device))
        return self.recurrent(y, recurrent_lengths) * length_mask(recurrent_lengths, time)


class SameConvolution(nn.Module):
    """Convolution over time that keeps the length, [B, T, C_in] -> [B, T, C_out].

    An even kernel reaches one step further ahead than back, as TensorFlow pads. In two dimensions
    and channels-last memory it needs no transposition, and is faster than `nn.Conv1d`.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__()
        self.even = kernel % 2 == 0
        self.convolution = nn.Conv2d(inputs, outputs, (1, kernel), padding=(0, kernel // 2))
        nn.init.xavier_uniform_(self.convolution.weight)
        nn.init.zeros_(self.convolution.bias)
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        y = self.convolution(x.transpose(1, 2).unsqueeze(2))
        y = y[..., 1:] if self.even else y  # padded on both sides, it gave one step too many
        return y.squeeze(2).transpose(1, 2)


class Highway(nn.Module):
    """T(x) H(x) + (1 - T(x)) x; the gate T is nearly closed at first (bias -1)."""

    def __init__(self, size: int):
        super().__init__()
        self.size = size
        self.linear = nn.Linear(size, 2 * size)  # H, then T
        with torch.no_grad():
            for weight in self.linear.weight.split(size):
                nn.init.xavier_uniform_(weight)
            self.linear.bias[:size] = 0
            self.linear.bias[size:] = -1

    def forward(self, x: Tensor) -> Tensor:
        """``x`` float [..., size] -> the same shape."""
        changed, gate = self.linear(x).split(self.size, -1)
        return x + torch.sigmoid(gate) * (F.relu(changed) - x)


@dataclass(frozen=True)
class RealSteps:
    """Which steps of a padded batch are real, so that batch norm can count those alone."""

    rows: Tensor | None  # int64 [N], where the real steps stand in [B * T]; None: all are real
    ends: Tensor  # int64 [B], which of the N is the last of its sequence
    shape: tuple[int, int]  # B, T

    @classmethod
    def of(cls, lengths: Tensor | None, batch: int, time: int, device: torch.device) -> RealSteps:
        """``lengths`` int64 [B], or None where every one of ``time`` steps is real."""
        if lengths is None:
            return cls(None, torch.arange(1, batch + 1, device=device) * time - 1, (batch, time))
        real = torch.arange(time, device=device) < lengths[:, None]
        return cls(real.flatten().nonzero()[:, 0], lengths.cumsum(0) - 1, (batch, time))

    def pack(self, x: Tensor) -> Tensor:
        """``x`` [B, T, C] -> its real steps [N, C]."""
        x = x.flatten(0, 1)
        return x if self.rows is None else x.index_select(0, self.rows)

    def unpack(self, rows: Tensor) -> Tensor:
        """``rows`` [N, C] -> [B, T, C] with zeros for padding."""
        if self.rows is not None:
            empty = rows.new_zeros(self.shape[0] * self.shape[1], rows.shape[1])
            rows = empty.index_copy(0, self.rows, rows)
        return rows.unflatten(0, self.shape)


def pair_maximum(x: Tensor, ends: Tensor) -> Tensor:
    """Max pooling of width 2 and stride 1 within sequences: max(x[t], x[t + 1]).

    ``x`` [N, C] holds sequences one behind another, ``ends`` [B] their last rows, which have no
    next.
    """
    y = torch.cat([torch.maximum(x[:-1], x[1:]), x[-1:]])
    y[ends] = x[ends]
    return y


class _PairMaximum(torch.autograd.Function):
    """`pair_maximum` with a derivative several times as fast as those of torch's functions."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, ends: Tensor) -> Tensor:
        ctx.save_for_backward(x, ends)
        return pair_maximum(x, ends)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        x, ends = ctx.saved_tensors
        # What the next row won: the gradient where x[t + 1] - x[t] > 0.
        moved = torch.zeros_like(grad)
        moved[:-1] = torch.ops.aten.threshold_backward(grad[:-1], x[1:] - x[:-1], 0)
        moved[ends] = 0
        result = grad - moved
        result[1:] += moved[:-1]
        return result, None
