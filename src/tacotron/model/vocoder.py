"""The vocoder: a source and a filter at frame rate, and one inverse Fourier transform.

A small network reads F0 off the mel. Pulses at that F0, band-limited, and noise are the source. The
noise follows the glottis: breath is loudest as it closes and dies away until it closes again
(Stylianou, "Applying the harmonic plus noise model in concatenative speech synthesis", IEEE TSAP
9(1), 2001). A ConvNeXt trunk (Liu et al., arXiv 2201.03545; for vocoders: Siuzdak, "Vocos",
arXiv 2306.00814) predicts for each frame how much of the noise does so, a complex filter for the
pulses and a real one for the noise. Filters are corrections to what is known: of magnitudes what
the mel's filters saw (their pseudo-inverse, as in "FreeV", arXiv 2406.08196), of the pulses' phase
the minimum phase that goes with their magnitude. Both are applied to short-time spectra. There is
no voicing decision: F0 is held through unvoiced stretches, where the filters keep the pulses down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tacotron.audio.convention import MelConvention
from tacotron.audio.mel import mel_filterbank, unscale
from tacotron.model.layers import Convolution

# F0 is read as one of many classes this many octaves apart: a quarter of a semitone.
CLASS_OCTAVES = 1 / 48
# Classes around the likeliest whose mean is the F0.
CLASS_REACH = 4
# ln of what unit pulses and unit noise measure in a Hann-windowed spectrum of 1024: the filters
# begin at the mel's level.
PULSE_LEVEL, NOISE_LEVEL = 2.5, 4.5
# The vocal tract's response to a pulse dies away within this many milliseconds; beyond lies the
# ripple of harmonics, which has no part in the phase that goes with a magnitude.
RESPONSE_MS = 2.0
# ln of amplitudes: filters stay between a thousandth of the mel's floor and far above full scale.
SMALLEST, LARGEST = -14.0, 6.0
# Breath dies away by e to the minus this much from one closure of the glottis to the next.
BREATH_DECAY = 2.5
# Sines below this are taken for zero in the pulses' closed form.
SMALL_SINE = 1e-4


@dataclass(frozen=True)
class VocoderConfig:
    n_mels: int = 80
    sample_rate: int = 22050
    n_fft: int = 1024
    hop_length: int = 256
    size: int = 256  # width of the trunk
    blocks: int = 6
    kernel: int = 7  # frames that a block's convolution spans
    expansion: int = 3  # a block's inner width over the trunk's
    pitch_size: int = 128  # width of the F0 network
    pitch_blocks: int = 3
    lowest_f0: float = 60.0  # Hz
    octaves: float = 3.0  # range of F0 above the lowest

    @property
    def n_bins(self) -> int:
        return self.n_fft // 2 + 1

    @property
    def n_classes(self) -> int:
        return round(self.octaves / CLASS_OCTAVES)

    @property
    def context(self) -> int:
        """Frames to each side that a frame's filters and F0 depend on."""
        half = self.kernel // 2
        return half + half * max(self.blocks, self.pitch_blocks)


class Filters(NamedTuple):
    """What the network says of each frame; F = n_fft / 2 + 1."""

    f0: Tensor  # float [B, T], Hz
    pulse_log_magnitude: Tensor  # float [B, T, F]
    pulse_phase: Tensor  # float [B, T, F], radians
    noise_log_magnitude: Tensor  # float [B, T, F]
    breath: Tensor  # float [B, T], the share of the noise that follows the glottis, 0 to 1


class Block(nn.Module):
    """A ConvNeXt block over frames, [B, T, C]."""

    def __init__(self, size: int, kernel: int, expansion: int):
        super().__init__()
        self.depthwise = nn.Conv1d(size, size, kernel, padding=kernel // 2, groups=size)
        self.norm = nn.LayerNorm(size)
        self.widen = nn.Linear(size, size * expansion)
        self.narrow = nn.Linear(size * expansion, size)
        # Blocks begin as small corrections: deep stacks then learn from the first update on.
        self.scale = nn.Parameter(torch.full((size,), 0.2))

    def forward(self, x: Tensor) -> Tensor:
        y = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        return x + self.scale * self.narrow(F.gelu(self.widen(self.norm(y))))


class PitchReader(nn.Module):
    """The F0 of a standardized mel, as classes a quarter of a semitone apart."""

    def __init__(self, config: VocoderConfig):
        super().__init__()
        self.config = config
        size = config.pitch_size
        self.first = Convolution(config.n_mels, size, config.kernel)
        self.blocks = nn.ModuleList(
            Block(size, config.kernel, 2) for _ in range(config.pitch_blocks)
        )
        self.norm = nn.LayerNorm(size)
        self.output = nn.Linear(size, config.n_classes)

    def forward(self, mel: Tensor) -> Tensor:
        """``mel`` float [B, T, n_mels], standardized -> logits float [B, T, n_classes]."""
        x = self.first(mel)
        for block in self.blocks:
            x = block(x)
        return self.output(self.norm(x)).float()

    def frequency(self, logits: Tensor) -> Tensor:
        """F0 in Hz, float [B, T]: the mean of the classes near the likeliest."""
        places = torch.arange(self.config.n_classes, device=logits.device)
        near = (places - logits.argmax(-1, keepdim=True)).abs() <= CLASS_REACH
        weights = logits.softmax(-1) * near
        place = (weights * places).sum(-1) / weights.sum(-1)
        return self.config.lowest_f0 * torch.exp(place * (CLASS_OCTAVES * math.log(2)))

    def classes(self, f0: Tensor) -> Tensor:
        """Where ``f0`` (Hz, > 0) lies among the classes, a real number."""
        place = torch.log2(f0 / self.config.lowest_f0) / CLASS_OCTAVES
        return place.clamp(0, self.config.n_classes - 1)


class SourceFilterVocoder(nn.Module):
    """Mel to waveform. Inputs are in the values of one `MelConvention`: see `fit_to`."""

    def __init__(self, config: VocoderConfig):
        super().__init__()
        self.config = config
        self.pitch = PitchReader(config)
        self.first = Convolution(config.n_mels, config.size, config.kernel)
        self.blocks = nn.ModuleList(
            Block(config.size, config.kernel, config.expansion) for _ in range(config.blocks)
        )
        self.norm = nn.LayerNorm(config.size)
        self.output = nn.Linear(config.size, 3 * config.n_bins)
        nn.init.normal_(self.output.weight, std=1e-3)
        nn.init.zeros_(self.output.bias)
        self.breath = nn.Linear(config.size, 1)
        for name, shape in (
            ("mel_mean", ()),
            ("mel_deviation", ()),
            ("slope", (config.n_mels,)),  # values -> ln of the bands' amplitudes
            ("offset", (config.n_mels,)),
            ("inverse", (config.n_mels, config.n_bins)),  # of the mel's filters
        ):
            self.register_buffer(name, torch.zeros(shape))
        to_cepstrum, to_phase = minimum_phase(config.n_fft, config.sample_rate)
        self.register_buffer("to_cepstrum", to_cepstrum, persistent=False)
        self.register_buffer("to_phase", to_phase, persistent=False)
        self.register_buffer("window", torch.hann_window(config.n_fft), persistent=False)

    def fit_to(self, convention: MelConvention, mean: float, deviation: float) -> None:
        """Take mels in the values of ``convention``, whose mean and deviation are as given.

        The convention must have amplitudes of power 1 and this vocoder's rate, transform and hop
        (the caller checks), so that the pseudo-inverse of its filters gives magnitudes.
        """
        ends = np.stack([np.zeros(convention.n_mels), np.ones(convention.n_mels)])
        low, high = np.log(unscale(ends.astype(np.float32), convention).astype(np.float64))
        self.slope.copy_(torch.from_numpy(high - low))
        self.offset.copy_(torch.from_numpy(low))
        bank = mel_filterbank(convention).astype(np.float64)
        self.inverse.copy_(torch.from_numpy(np.linalg.pinv(bank).T))
        self.mel_mean.fill_(mean)
        self.mel_deviation.fill_(deviation)

    def begin_at(self, rotation: Tensor) -> None:
        """Begin with the pulses' phase turned by ``rotation`` (radians, float [F]).

        Half a turn can't be learned by going downhill: to either side it looks the same.
        """
        with torch.no_grad():
            self.output.bias[self.config.n_bins : 2 * self.config.n_bins] = rotation

    def envelope(self, mel: Tensor) -> Tensor:
        """ln of the magnitudes that the mel's filters saw, at least: float [B, T, F]."""
        amplitude = torch.exp(mel.float() * self.slope + self.offset)
        return torch.log((amplitude @ self.inverse).clamp(min=1e-5))

    def forward(self, mel: Tensor) -> tuple[Filters, Tensor]:
        """``mel`` float [B, T, n_mels], the convention's values -> filters, and the logits of F0
        float [B, T, n_classes]."""
        standard = (mel - self.mel_mean) / self.mel_deviation
        logits = self.pitch(standard)
        x = self.first(standard)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        pulse, phase, noise = self.output(x).float().chunk(3, -1)
        envelope = self.envelope(mel)
        magnitude = (envelope + pulse - PULSE_LEVEL).clamp(SMALLEST, LARGEST)
        filters = Filters(
            self.pitch.frequency(logits),
            magnitude,
            magnitude @ self.to_cepstrum @ self.to_phase + phase,
            (envelope + noise - NOISE_LEVEL).clamp(SMALLEST, LARGEST),
            self.breath(x).float().sigmoid()[..., 0],
        )
        return filters, logits

    def periodic(self, filters: Filters, phase: Tensor, f0: Tensor) -> Tensor:
        """Short-time spectrum, complex [B, T, F], of filtered pulses at whole ``phase`` (cycles,
        double [B, samples]); ``f0`` in Hz, float [B, T], bounds their harmonics."""
        c = self.config
        pulses = pulse_train(phase, between_frames(f0, c.hop_length), c.sample_rate)
        response = torch.polar(filters.pulse_log_magnitude.exp(), filters.pulse_phase)
        return response * self.transform(pulses)

    def hiss(self, filters: Filters, phase: Tensor, noise: Tensor) -> Tensor:
        """Short-time spectrum, complex [B, T, F], of ``noise`` (unit normal, float [B, samples]),
        as breath at ``phase`` (cycles, double [B, samples]) and filtered."""
        share = between_frames(filters.breath, self.config.hop_length)
        breath = noise * breath_envelope(phase, share)
        return filters.noise_log_magnitude.exp() * self.transform(breath)

    def transform(self, wave: Tensor) -> Tensor:
        """Short-time spectrum, complex [B, T, F], of ``wave`` float [B, samples]; zeros around."""
        c = self.config
        spectrum = torch.stft(
            wave,
            c.n_fft,
            c.hop_length,
            window=self.window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        return spectrum.transpose(1, 2)

    def inverse_transform(self, spectrum: Tensor) -> Tensor:
        """Waveform float [B, (T - 1) * hop_length] of a spectrum complex [B, T, F]."""
        c = self.config
        samples = (spectrum.shape[1] - 1) * c.hop_length
        return torch.istft(
            spectrum.transpose(1, 2), c.n_fft, c.hop_length, window=self.window, length=samples
        )

    @torch.no_grad()
    def infer(self, mel: Tensor, noise: Tensor | None = None) -> Tensor:
        """The waveform float [B, (T - 1) * hop_length] of ``mel`` float [B, T, n_mels].

        ``noise``, unit normal and of the waveform's shape, is drawn where it is not given.
        """
        c = self.config
        filters, _ = self(mel)
        phase = sample_phase(filters.f0, c.hop_length, c.sample_rate)
        if noise is None:
            noise = torch.randn(phase.shape, device=phase.device)
        periodic = self.periodic(filters, phase, filters.f0)
        return self.inverse_transform(periodic + self.hiss(filters, phase, noise))


def minimum_phase(n_fft: int, sample_rate: int) -> tuple[Tensor, Tensor]:
    """What turns ln(magnitude) [..., F] into the phase of the causal filter that answers soonest:
    two matrices, [F, Q] and [Q, F], to be multiplied in this order.

    The cepstrum, folded onto positive times (Oppenheim and Schafer), without what lies beyond
    `RESPONSE_MS`.
    """
    bins, size = n_fft // 2 + 1, round(RESPONSE_MS / 1000 * sample_rate)
    times = torch.arange(1, size + 1).double()
    angles = 2 * math.pi / n_fft * torch.outer(torch.arange(bins).double(), times)
    weights = torch.full((bins, 1), 2.0 / n_fft, dtype=torch.double)
    weights[[0, -1]] /= 2  # these bins have no mirror image
    fade = 0.5 + 0.5 * torch.cos(math.pi * (times / size).clamp(min=0.5) * 2 - math.pi)
    return (weights * angles.cos()).float(), (-2 * fade * angles.sin()).T.float().contiguous()


def between_frames(values: Tensor, hop_length: int) -> Tensor:
    """A value for each sample, float [B, (T - 1) * hop_length], of one a frame, float [B, T]:
    linear between."""
    place = torch.arange(hop_length, device=values.device) / hop_length
    steps = values[:, 1:] - values[:, :-1]
    return (values[:, :-1, None] + steps[..., None] * place).flatten(1)


def sample_phase(f0: Tensor, hop_length: int, sample_rate: int) -> Tensor:
    """Cycles since the beginning at each sample, double [B, (T - 1) * hop_length]."""
    cycles = between_frames(f0, hop_length).double() / sample_rate
    return torch.cumsum(cycles, 1) - cycles[:, :1]


def recorded_phase(phase: Tensor, f0: Tensor, hop_length: int, sample_rate: int) -> Tensor:
    """Cycles at each sample, double [B, (T - 1) * hop_length], in step with ``phase`` (cycles a
    frame, double [B, T]): the integral of ``f0``, and what it lacks to each next frame's phase
    spread evenly over the hop (`tacotron.audio.closures.sample_phase`, for batches)."""
    place = torch.arange(hop_length, device=f0.device).double() / hop_length
    cycles = f0.double() * (hop_length / sample_rate)
    start, step = cycles[:, :-1, None], cycles.diff(dim=1)[..., None]
    lacking = phase.diff(dim=1) - (cycles[:, :-1] + cycles[:, 1:]) / 2
    inside = (start + lacking[..., None]) * place + step * place.square() / 2
    return (phase[:, :-1, None] + inside).flatten(1)


def pulse_train(phase: Tensor, f0: Tensor, sample_rate: int) -> Tensor:
    """Band-limited pulses of unit power at whole ``phase`` (cycles): float [B, samples].

    The sum of cos(2 pi k phase) over the K harmonics below half the sample rate, in closed form
    (Dirichlet's kernel), times sqrt(2 / K). ``f0`` in Hz gives K.
    """
    harmonics = torch.floor(sample_rate / 2 / f0 - 0.5).clamp(min=1)
    half = (math.pi * (phase % 1)).float()
    sine = half.sin()
    small = sine.abs() < SMALL_SINE
    ratio = torch.sin((2 * harmonics + 1) * half) / (2 * torch.where(small, 1.0, sine)) - 0.5
    return torch.where(small, harmonics, ratio) * torch.sqrt(2 / harmonics)


def breath_envelope(phase: Tensor, share: Tensor) -> Tensor:
    """By how much noise is louder or softer than on average at each sample, float [B, samples].

    ``phase`` in cycles, double [B, samples], is whole where the glottis closes. ``share`` float
    [B, samples], 0 to 1, of the power decays from there; the rest stays even. Power is 1 on
    average over a cycle.
    """
    decay = torch.exp(-BREATH_DECAY * (phase % 1)).float()
    power = decay * (BREATH_DECAY / (1 - math.exp(-BREATH_DECAY)))
    return (1 + share * (power - 1)).sqrt()
