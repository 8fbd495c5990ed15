"""What a vocoder is taught by: spectra at several resolutions, and being in step with the voice."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tacotron.data.segments import Segments
from tacotron.model.vocoder import Filters, PitchReader, SourceFilterVocoder

# n_fft and hop_length of the short-time spectra that are compared (Yamamoto et al., "Parallel
# WaveGAN", arXiv 1910.11480): the long ones see harmonics, the short ones pulses.
RESOLUTIONS = ((2048, 512), (1024, 256), (512, 128), (256, 64))
# Magnitudes are kept above this before a logarithm: -66 dB below a quiet voice's harmonics.
SMALLEST = 1e-4
# Width of the target for F0, in classes: what a quarter-semitone grid can resolve.
PITCH_WIDTH = 1.5
# Share of an unvoiced frame in the loss of F0: enough to keep it steady, not to learn from.
UNVOICED = 0.05


def magnitudes(wave: Tensor, n_fft: int, hop_length: int) -> Tensor:
    """Short-time magnitudes of ``wave`` float [B, samples], no less than `SMALLEST`."""
    window = torch.hann_window(n_fft, device=wave.device)
    spectrum = torch.stft(wave, n_fft, hop_length, window=window, return_complex=True)
    # The root of a sum that can't be 0: its derivative stays finite.
    return (spectrum.real.square() + spectrum.imag.square() + SMALLEST**2).sqrt()


def spectral_error(spoken: Tensor, recorded: Tensor) -> Tensor:
    """Mean over `RESOLUTIONS` of the absolute error in ln(magnitude) and the relative error of
    magnitudes, between two waves float [B, samples]."""
    error = torch.zeros((), device=spoken.device)
    for n_fft, hop_length in RESOLUTIONS:
        ours = magnitudes(spoken, n_fft, hop_length)
        theirs = magnitudes(recorded, n_fft, hop_length)
        error = error + (ours.log() - theirs.log()).abs().mean()
        error = error + torch.linalg.norm(ours - theirs) / torch.linalg.norm(theirs)
    return error / len(RESOLUTIONS)


def mel_error(model: SourceFilterVocoder, bank: Tensor, spoken: Tensor, recorded: Tensor) -> Tensor:
    """Mean absolute error in ln of mel amplitudes; ``bank`` float [n_mels, F] are the filters."""
    n_fft, hop_length = model.config.n_fft, model.config.hop_length

    def log_mel(wave: Tensor) -> Tensor:
        return torch.log((bank @ magnitudes(wave, n_fft, hop_length)).clamp(min=1e-5))

    return (log_mel(spoken) - log_mel(recorded)).abs().mean()


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
