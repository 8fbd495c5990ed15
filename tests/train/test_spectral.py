"""What teaches a vocoder: smallest for copies that are spread as what they copy."""

import torch
from torch import Tensor

from tacotron.audio.convention import get_convention
from tacotron.audio.mel import mel_filterbank
from tacotron.model.vocoder import SourceFilterVocoder, VocoderConfig, pulse_train
from tacotron.train.spectral import RESOLUTIONS, energy_distances, hiss_error, look

MODEL = SourceFilterVocoder(VocoderConfig(size=8, blocks=1, pitch_size=8, pitch_blocks=1))
BANK = torch.from_numpy(mel_filterbank(get_convention("nvidia")).copy())
SAMPLES = 8192


RATE = MODEL.config.sample_rate


def distances(first: Tensor, second: Tensor, recorded: Tensor) -> tuple[float, float]:
    looks = (look(MODEL, BANK, wave, RESOLUTIONS) for wave in (first, second, recorded))
    spectra, mel = energy_distances(*looks, RATE)
    return float(spectra), float(mel)


def high_noise(seed: int) -> Tensor:
    """White noise above 4 kHz: float [4, SAMPLES]."""
    chance = torch.Generator().manual_seed(seed)
    spectrum = torch.fft.rfft(torch.randn(4, SAMPLES, generator=chance))
    spectrum[:, : int(4000 / RATE * SAMPLES)] = 0
    return 0.1 * torch.fft.irfft(spectrum)


def test_breath_is_best_copied_by_breath() -> None:
    recorded, first, second = high_noise(0), high_noise(1), high_noise(2)
    phase = (torch.arange(SAMPLES, dtype=torch.double) * 200 / RATE).expand(4, -1)
    pulses = 0.1 * pulse_train(phase, torch.full((4, SAMPLES), 200.0), RATE)
    fair, _ = distances(first, second, recorded)
    for other in ((pulses, pulses), (first, first), (2 * first, 2 * second)):
        assert fair < distances(*other, recorded)[0]


def test_what_has_no_chance_is_best_copied_as_it_is() -> None:
    recorded, noise, other = high_noise(0), high_noise(1), high_noise(2)
    assert distances(recorded, recorded, recorded) == (0, 0)
    assert min(distances(recorded + 0.1 * noise, recorded + 0.1 * other, recorded)) > 0


def test_noise_is_an_error_only_at_low_frequencies_of_voiced_frames() -> None:
    recorded = torch.full((1, 6, 513), 1 + 0j)
    voiced = torch.tensor([[True] * 3 + [False] * 3])

    def share(low: float, high: float, frames: slice) -> float:
        hiss = torch.zeros(1, 6, 513, dtype=torch.complex64)
        hiss[:, frames, :40] = low  # to 840 Hz
        hiss[:, frames, 190:] = high  # from 4.1 kHz
        return float(hiss_error(hiss, recorded, voiced, RATE))

    assert share(0, 5, slice(None)) < 1e-3
    assert share(1, 0, slice(3, None)) < 1e-3
    assert share(1, 0, slice(3)) > 2 * share(0.3, 0, slice(3)) > 0.1
