"""F0 in an acoustic model: the pattern of harmonics is what mels of a voice really show."""

import numpy as np
import pytest
import torch

from tacotron.audio.convention import get_convention
from tacotron.audio.mel import mel_spectrogram
from tacotron.model.intonation import HarmonicPattern, PitchPredictor


@pytest.fixture(scope="module")
def pattern() -> HarmonicPattern:
    convention = get_convention("nvidia")
    pattern = HarmonicPattern(convention.n_mels)
    pattern.fit_to(convention)
    return pattern


@pytest.mark.parametrize("f0", [140.0, 220.0, 300.0])
def test_it_goes_with_the_mel_of_a_voice(pattern: HarmonicPattern, f0: float) -> None:
    convention = get_convention("nvidia")
    time = np.arange(convention.sample_rate) / convention.sample_rate
    partials = np.arange(1, int(convention.sample_rate / 2 / f0))
    wave = sum(np.cos(2 * np.pi * f0 * k * time) for k in partials) / len(partials)
    mel = mel_spectrogram(0.5 * wave.astype(np.float32), convention)[40]
    low = pattern.centers.numpy() < 1000.0

    def fit(hertz: float) -> float:
        comb = pattern(torch.tensor([[np.log2(hertz)]]))[0, 0, :-1].float().numpy()
        return np.corrcoef(comb[low], mel[low])[0, 1]

    assert fit(f0) > 0.7
    assert fit(f0) > max(fit(1.12 * f0), fit(f0 / 1.12)) + 0.3


def test_bands_that_resolve_no_harmonics_say_nothing(pattern: HarmonicPattern) -> None:
    comb = pattern(torch.full((1, 1), np.log2(120.0)))[0, 0, :-1]
    assert comb[pattern.widths > 120.0].abs().max() == 0
    assert comb[pattern.centers < 500.0].abs().max() > 0.5


def test_a_frame_for_each_of_a_step() -> None:
    predictor = PitchPredictor(6, 8, layers=2, kernel=3, dropout=0.0, reduction_factor=3)
    assert predictor(torch.randn(2, 5, 6)).shape == (2, 15)
