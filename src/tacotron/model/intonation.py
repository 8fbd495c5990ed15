"""How high an acoustic model speaks: F0 predicted, and told to the decoder as a mel shows it.

A mel resolves the harmonics of a voice up to about a kilohertz. A model that isn't told F0 has to
carry it from frame to frame in what it has written; once it is unsure, harmonics blur, and a voice
comes out hoarse. So F0 is predicted before the decoder begins, as durations are (as in Ren et al.,
"FastSpeech 2", arXiv 2006.04558), and given as the pattern of its harmonics over the bands, which
in a logarithmic mel is added to the envelope.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tacotron.audio.convention import MelConvention
from tacotron.audio.mel import mel_filterbank
from tacotron.model.layers import ResidualConvolution

# Of log2 of F0 in Hz: a voice's usual mean (194 Hz) and deviation, which networks count from.
OCTAVE_MEAN, OCTAVE_DEVIATION = 7.6, 0.3


def standardize(octaves: Tensor) -> Tensor:
    """log2 of F0 in Hz, to about 0 in the mean and 1 in deviation."""
    return (octaves - OCTAVE_MEAN) / OCTAVE_DEVIATION


class PitchPredictor(nn.Module):
    """F0 of the frames of decoder steps."""

    def __init__(
        self,
        inputs: int,
        size: int,
        *,
        layers: int,
        kernel: int,
        dropout: float,
        reduction_factor: int,
    ):
        super().__init__()
        self.first = nn.Linear(inputs, size)
        self.blocks = nn.ModuleList(
            ResidualConvolution(size, kernel, dropout) for _ in range(layers)
        )
        self.output = nn.Linear(size, reduction_factor)

    def forward(self, steps: Tensor) -> Tensor:
        """``steps`` float [B, S, inputs] -> log2 of F0 in Hz, float [B, S * reduction_factor]."""
        x = self.first(steps)
        mask = torch.ones_like(x[..., :1])  # what lies behind the end is the last symbol going on
        for block in self.blocks:
            x = block(x, mask)
        standardized = self.output(F.gelu(x)).float().flatten(1)
        return standardized * OCTAVE_DEVIATION + OCTAVE_MEAN


class HarmonicPattern(nn.Module):
    """F0 as the bands of a mel see it: `size` numbers a frame."""

    def __init__(self, n_mels: int):
        super().__init__()
        self.size = n_mels + 1
        self.register_buffer("centers", torch.zeros(n_mels))  # of the bands, Hz
        self.register_buffer("widths", torch.ones(n_mels))  # half of a triangle's base, Hz

    def fit_to(self, convention: MelConvention) -> None:
        """Take the bands of ``convention``."""
        bank = mel_filterbank(convention).astype(np.float64)
        hertz = np.linspace(0.0, convention.sample_rate / 2, bank.shape[1])
        # Where bands are narrower than bins, some hear none: they lie at 0 Hz, as good as any.
        centers = bank @ hertz / np.maximum(bank.sum(axis=1), 1e-9)
        self.centers.copy_(torch.from_numpy(centers))
        self.widths.copy_(torch.from_numpy(np.maximum(np.gradient(centers), 1.0)))

    def forward(self, octaves: Tensor) -> Tensor:
        """``octaves``, log2 of F0 in Hz, float [B, T] -> float [B, T, size]: a cosine over the
        bands that is 1 at harmonics, as far as the bands resolve it, and how high F0 is.

        Whether there is a voice is not told: symbols say that, and a decoder that was told from
        recordings where voices break off would trust what is then only predicted.
        """
        f0 = torch.exp(octaves * math.log(2))[..., None]
        angle = math.pi * self.widths / f0
        # The mean of a cosine over a triangle is a sinc squared; beyond its first zero lies noise.
        resolved = (torch.sin(angle) / angle).square() * (self.widths < f0)
        comb = torch.cos(2 * math.pi * self.centers / f0) * resolved
        return torch.cat([comb, standardize(octaves)[..., None]], -1)
