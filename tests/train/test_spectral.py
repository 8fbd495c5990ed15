"""The energy distance: smallest for copies that are spread as what they copy."""

import torch
from torch import Tensor

from tacotron.audio.convention import get_convention
from tacotron.audio.mel import mel_filterbank
from tacotron.model.vocoder import SourceFilterVocoder, VocoderConfig, pulse_train
from tacotron.train.spectral import RESOLUTIONS, energy_distances, look

MODEL = SourceFilterVocoder(VocoderConfig(size=8, blocks=1, pitch_size=8, pitch_blocks=1))
BANK = torch.from_numpy(mel_filterbank(get_convention("nvidia")).copy())
SAMPLES = 8192


def distances(first: Tensor, second: Tensor, recorded: Tensor) -> tuple[float, float]:
    looks = (look(MODEL, BANK, wave, RESOLUTIONS) for wave in (first, second, recorded))
    spectra, mel = energy_distances(*looks)
    return float(spectra), float(mel)


def test_noise_is_best_copied_by_noise() -> None:
    torch.manual_seed(0)
    recorded, first, second = 0.1 * torch.randn(3, 4, SAMPLES)
    phase = (torch.arange(SAMPLES, dtype=torch.double) * 200 / 22050).expand(4, -1)
    pulses = 0.1 * pulse_train(phase, torch.full((4, SAMPLES), 200.0), 22050)
    fair = distances(first, second, recorded)
    for other in ((pulses, pulses), (first, first), (2 * first, 2 * second)):
        worse = distances(*other, recorded)
        assert all(ours < theirs for ours, theirs in zip(fair, worse, strict=True))


def test_what_has_no_chance_is_best_copied_as_it_is() -> None:
    torch.manual_seed(0)
    recorded, noise, other = 0.1 * torch.randn(3, 4, SAMPLES)
    assert distances(recorded, recorded, recorded) == (0, 0)
    assert min(distances(recorded + 0.1 * noise, recorded + 0.1 * other, recorded)) > 0
