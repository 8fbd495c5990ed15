"""What a vocoder is taught by: spectra at several resolutions, and being in step with the voice.

Part of speech is chance. A copy whose noise is drawn anew is as good as the recording, but no error
against the recording says so: least of all errs a copy without chance, which puts pulses where
breath should be, and buzzes. So two copies are made, of other noise, and what counts is how far
they are from the recording less how far they are from one another: the energy distance, smallest
where copies are spread as recordings are (Gritsenko et al., "A spectral energy distance for
parallel speech synthesis", arXiv 2008.01160).

That holds for high frequencies, where breath is. Below, a voice repeats itself, and what a model
can't predict of it would be taken for chance and come out hoarse: there each copy counts by itself,
and noise beside the pulses is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from tacotron.data.segments import Segments
from tacotron.model.vocoder import Filters, PitchReader, SourceFilterVocoder

# n_fft and hop_length of the short-time spectra that are compared (Yamamoto et al., "Parallel
# WaveGAN", arXiv 1910.11480): the long ones see harmonics, the short ones pulses, and the shortest
# how breath swells and dies away between them.
RESOLUTIONS = ((2048, 512), (1024, 256), (512, 128), (256, 64), (128, 32), (64, 16))
# Hz: below, no chance is granted to spectra.
CHANCE_FROM = 3000.0
# Hz: below the first, voiced sound is to be made by pulses alone; up to the second, less so.
PULSES_TO, BREATH_FROM = 1000.0, 4000.0
# How many of the resolutions an update compares, by chance: half the time, and no error on average.
AT_ONCE = 3
# Magnitudes are kept above this before a logarithm: -66 dB below a quiet voice's harmonics.
SMALLEST = 1e-4
# Width of the target for F0, in classes: what a quarter-semitone grid can resolve.
PITCH_WIDTH = 1.5
# Share of an unvoiced frame in the loss of F0: enough to keep it steady, not to learn from.
UNVOICED = 0.05


class Look(NamedTuple):
    """What is compared of a batch of waves."""

    magnitudes: Mapping[tuple[int, int], Tensor]  # by n_fft and hop_length: float [B, bins, frames]
    log_mel: Tensor  # float [B, n_mels, frames], ln of mel amplitudes


def some_resolutions() -> list[tuple[int, int]]:
    """`AT_ONCE` of `RESOLUTIONS`, drawn by torch's generator."""
    return [RESOLUTIONS[place] for place in torch.randperm(len(RESOLUTIONS))[:AT_ONCE]]


def look(
    model: SourceFilterVocoder, bank: Tensor, wave: Tensor, resolutions: Iterable[tuple[int, int]]
) -> Look:
    """Look at ``wave``, float [B, samples]; ``bank`` float [n_mels, F] are the mel's filters."""
    seen = {size: magnitudes(wave, *size) for size in resolutions}
    own = (model.config.n_fft, model.config.hop_length)
    of_mel = seen[own] if own in seen else magnitudes(wave, *own)
    return Look(seen, torch.log((bank @ of_mel).clamp(min=1e-5)))


def magnitudes(wave: Tensor, n_fft: int, hop_length: int) -> Tensor:
    """Short-time magnitudes of ``wave`` float [B, samples], no less than `SMALLEST`."""
    window = torch.hann_window(n_fft, device=wave.device)
    spectrum = torch.stft(wave, n_fft, hop_length, window=window, return_complex=True)
    # The root of a sum that can't be 0: its derivative stays finite.
    return (spectrum.real.square() + spectrum.imag.square() + SMALLEST**2).sqrt()


def energy_distances(
    first: Look, second: Look, recorded: Look, sample_rate: int
) -> tuple[Tensor, Tensor]:
    """How far two copies, alike but for chance, are from the recording: in their spectra, less how
    far they are from one another above `CHANCE_FROM`; and in their mels."""
    spectra = torch.zeros((), device=recorded.log_mel.device)
    for size, known in recorded.magnitudes.items():
        ours, theirs = first.magnitudes[size], second.magnitudes[size]
        scale = torch.linalg.norm(known)
        for copy in (ours, theirs):
            spectra = spectra + 0.5 * _distance(copy, known, known.numel(), scale)
        high = slice(round(CHANCE_FROM * size[0] / sample_rate), None)
        spectra = spectra - 0.5 * _distance(ours[:, high], theirs[:, high], known.numel(), scale)
    mel = sum(0.5 * (copy.log_mel - recorded.log_mel).abs().mean() for copy in (first, second))
    return spectra / len(recorded.magnitudes), mel


def _distance(a: Tensor, b: Tensor, cells: int, scale: Tensor) -> Tensor:
    """The sum of absolute differences in ln(magnitude) over ``cells``, and the norm of those in
    magnitude over ``scale``."""
    return (a.log() - b.log()).abs().sum() / cells + torch.linalg.norm(a - b) / scale


def hiss_error(hiss: Tensor, recorded: Tensor, voiced: Tensor, sample_rate: int) -> Tensor:
    """What share noise has of the amplitude of ``voiced`` frames (bool [B, T]) at low frequencies;
    ``hiss`` and ``recorded`` are spectra, complex [B, T, F]."""
    hertz = torch.linspace(0, sample_rate / 2, hiss.shape[2], device=hiss.device)
    weight = ((BREATH_FROM - hertz) / (BREATH_FROM - PULSES_TO)).clamp(0, 1)
    noise, known = (
        (torch.view_as_real(x).square().sum(-1) * weight).sum(-1) for x in (hiss, recorded)
    )
    share = ((noise + SMALLEST**2) / (known + SMALLEST**2)).sqrt()
    return (share.clamp(max=1.0) * voiced).sum() / voiced.sum().clamp(min=1)


def coherence_error(periodic: Tensor, recorded: Tensor, voiced: Tensor) -> Tensor:
    """By how much the phases of the ``periodic`` part's spectrum and the recording's (complex
    [B, T, F] each) differ in ``voiced`` frames (bool [B, T]): one minus their cosine, 0 to 2, the
    louder cells counting more.

    The pulses run in step with the recording, so phases can be met. Magnitudes have no part in it:
    an error of both would shrink what is hard to meet, and noise would fill the place.
    """
    ours, theirs = (torch.view_as_real(x) for x in (periodic, recorded))
    size = theirs.square().sum(-1).add(SMALLEST**2).sqrt()
    cosine = (ours * theirs).sum(-1) / (ours.square().sum(-1).add(SMALLEST**2).sqrt() * size)
    weight = size.sqrt() * voiced[..., None]
    return ((1 - cosine) * weight).sum() / (weight.sum() + SMALLEST)


def pitch_error(reader: PitchReader, logits: Tensor, f0: Tensor, voiced: Tensor) -> Tensor:
    """Cross entropy of the F0 classes, ``logits`` float [B, T, n_classes], against ``f0`` (Hz,
    float [B, T]) blurred by `PITCH_WIDTH`."""
    places = torch.arange(logits.shape[-1], device=logits.device)
    target = -(places - reader.classes(f0)[..., None]).square() / (2 * PITCH_WIDTH**2)
    entropy = -(target.softmax(-1) * F.log_softmax(logits, -1)).sum(-1)
    weight = torch.where(voiced, 1.0, UNVOICED)
    return (entropy * weight).sum() / weight.sum()


def pitch_deviation(filters: Filters, segments: Segments) -> Tensor:
    """Median absolute deviation of F0 in voiced frames, in cents."""
    cents = 1200 * torch.log2(filters.f0 / segments.f0).abs()
    return cents[segments.voiced].median() if segments.voiced.any() else cents.new_zeros(())
