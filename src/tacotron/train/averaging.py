"""The moving average of the weights: what validation hears and what a voice speaks with."""

from __future__ import annotations

from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor

# How fast the average may follow at the start: after n updates it spans at most about n / 20.
WARMUP = 20


class MovingAverage(WeightAveraging):
    """Exponential moving average whose memory grows with the updates, up to ``decay``."""

    def __init__(self, decay: float):
        def average(averaged: Tensor, current: Tensor, number: Tensor | int) -> Tensor:
            keep = min(decay, (1 + float(number)) / (WARMUP + float(number)))
            return averaged.lerp(current.to(averaged.dtype), 1 - keep)

        # Buffers are constants, or running averages already: the same in both.
        super().__init__(use_buffers=False, avg_fn=average)
