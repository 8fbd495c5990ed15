"""Critics that models are polished against: networks that tell recordings from what was made.

A vocoder's look at short-time spectra, each of one resolution (Jang et al., "UnivNet",
arXiv 2106.07889), as real part, imaginary part and magnitude, compressed. The first layer strides
over frequency, so that few positions with many channels are left: narrow layers at many positions
are what starves a processor. An acoustic model's looks at mels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

# Magnitudes to this power: the quiet parts of a spectrum count, too.
COMPRESSION = 0.3
SLOPE = 0.1  # of leaky ReLU below 0


@dataclass(frozen=True)
class CriticsConfig:
    n_ffts: tuple[int, ...] = (512, 1024, 2048)  # a critic each; hop_length is a quarter
    channels: int = 64  # of the first layer; twice as many after it
    band: int = 8  # bins that the first layer strides over


class SpectrumCritic(nn.Module):
    """One resolution's critic: waves float [B, samples] -> opinions [B, 1, T, bands], features."""

    def __init__(self, n_fft: int, config: CriticsConfig):
        super().__init__()
        self.n_fft = n_fft
        narrow, wide, band = config.channels, 2 * config.channels, config.band
        self.layers = nn.ModuleList(
            weight_norm(layer)
            for layer in (
                nn.Conv2d(3, narrow, (3, 2 * band), (1, band), (1, band // 2)),
                nn.Conv2d(narrow, wide, (3, 5), (1, 2), (1, 2)),
                nn.Conv2d(wide, wide, (3, 5), (2, 2), (1, 2)),
                nn.Conv2d(wide, wide, 3, 1, 1),
            )
        )
        self.output = weight_norm(nn.Conv2d(wide, 1, 3, 1, 1))
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)

    def forward(self, wave: Tensor) -> tuple[Tensor, list[Tensor]]:
        spectrum = torch.stft(
            wave, self.n_fft, self.n_fft // 4, window=self.window, return_complex=True
        )
        parts = torch.view_as_real(spectrum)
        size = (parts.square().sum(-1) + 1e-7).sqrt()
        small = size ** (COMPRESSION - 1)
        x = torch.stack([parts[..., 0] * small, parts[..., 1] * small, size * small], 1)
        # [B, 3, T, F]; the highest bin goes, so that bands divide.
        x = x.transpose(2, 3)[..., :-1].contiguous(memory_format=torch.channels_last)
        features = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)
            features.append(x)
        return self.output(x), features


class Critics(nn.Module):
    """A `SpectrumCritic` for each resolution."""

    def __init__(self, config: CriticsConfig):
        super().__init__()
        self.config = config
        self.critics = nn.ModuleList(SpectrumCritic(n_fft, config) for n_fft in config.n_ffts)
        self.to(memory_format=torch.channels_last)

    def forward(self, wave: Tensor) -> list[tuple[Tensor, list[Tensor]]]:
        return [critic(wave) for critic in self.critics]


class MelCritic(nn.Module):
    """Tells mels of recordings from an acoustic model's: standardized mels float [B, T, n_mels] ->
    one pair of opinions [B, 1, T / 2, n_mels / 8] and features, as `Critics` gives several."""

    def __init__(self, channels: int = 64):
        super().__init__()
        wide = 2 * channels
        self.layers = nn.ModuleList(
            weight_norm(layer)
            for layer in (
                nn.Conv2d(1, channels, (5, 5), (1, 2), 2),
                nn.Conv2d(channels, wide, (5, 5), (2, 2), 2),
                nn.Conv2d(wide, wide, (3, 3), (1, 2), 1),
                nn.Conv2d(wide, wide, 3, 1, 1),
            )
        )
        self.output = weight_norm(nn.Conv2d(wide, 1, 3, 1, 1))
        self.to(memory_format=torch.channels_last)

    def forward(self, mel: Tensor) -> list[tuple[Tensor, list[Tensor]]]:
        x = mel[:, None].contiguous(memory_format=torch.channels_last)
        features = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)
            features.append(x)
        return [(self.output(x), features)]
