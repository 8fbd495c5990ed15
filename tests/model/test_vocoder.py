"""The source-filter vocoder: its source, its phase, its reach."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tacotron.audio.closures import sample_phase as numpy_phase
from tacotron.audio.convention import get_convention
from tacotron.audio.mel import mel_spectrogram
from tacotron.model.critics import Critics, CriticsConfig, MelCritic
from tacotron.model.vocoder import (
    SourceFilterVocoder,
    VocoderConfig,
    between_frames,
    minimum_phase,
    pulse_train,
    recorded_phase,
    sample_phase,
)

RATE, HOP = 22050, 256
SMALL = VocoderConfig(size=16, blocks=2, pitch_size=16, pitch_blocks=1)


@pytest.fixture
def vocoder() -> SourceFilterVocoder:
    torch.manual_seed(0)
    model = SourceFilterVocoder(SMALL)
    model.fit_to(get_convention("nvidia"), -5.4, 2.1)
    return model.eval()


@settings(max_examples=20, deadline=None)
@given(f0=st.floats(60, 480))
def test_pulses_are_the_sum_of_their_harmonics(f0: float) -> None:
    phase = torch.arange(2000, dtype=torch.double)[None] * f0 / RATE
    pulses = pulse_train(phase, torch.full_like(phase, f0).float(), RATE)[0]
    count = max(1, int(RATE / 2 / f0 - 0.5))
    harmonics = sum(torch.cos(2 * np.pi * k * phase[0]) for k in range(1, count + 1))
    torch.testing.assert_close(pulses.double(), harmonics * (2 / count) ** 0.5, rtol=0, atol=2e-2)


def test_recorded_phase_is_that_of_one_recording() -> None:
    chance = np.random.default_rng(0)
    f0, phase = chance.uniform(100, 300, (3, 9)), np.cumsum(chance.uniform(1, 3, (3, 9)), 1)
    ours = recorded_phase(torch.from_numpy(phase), torch.from_numpy(f0), HOP, RATE)
    for row in range(3):
        np.testing.assert_allclose(
            ours[row], numpy_phase(phase[row], f0[row], HOP, RATE), atol=1e-9
        )


def test_free_phase_begins_at_zero_and_integrates_f0() -> None:
    f0 = torch.linspace(100, 200, 30)[None]
    phase = sample_phase(f0, HOP, RATE)
    assert phase[0, 0] == 0
    torch.testing.assert_close(
        phase.diff(dim=1) * RATE, between_frames(f0, HOP).double()[:, 1:], rtol=1e-9, atol=1e-6
    )


def test_minimum_phase_is_that_of_an_all_pole_filter() -> None:
    """Poles within the unit circle, decaying fast: phase follows from magnitude alone."""
    radius, angle = 0.9, 2 * np.pi * 1500 / RATE
    response = 1 / np.fft.rfft([1, -2 * radius * np.cos(angle), radius**2], 1024)
    to_cepstrum, to_phase = minimum_phase(1024, RATE)
    magnitude = torch.from_numpy(np.log(np.abs(response))).float()
    phase = (magnitude @ to_cepstrum @ to_phase).numpy()
    turned = np.angle(np.exp(1j * (phase - np.angle(response))))
    assert np.abs(turned).max() < 0.1


def test_it_begins_at_the_mels_own_spectrum(vocoder: SourceFilterVocoder) -> None:
    """Untrained, copies are rough in sound but right in level, band by band."""
    convention = get_convention("nvidia")
    chance = np.random.default_rng(0)
    wave = 0.1 * chance.normal(size=RATE).astype(np.float32)
    mel = mel_spectrogram(wave, convention)
    copied = mel_spectrogram(vocoder.infer(torch.from_numpy(mel)[None])[0].numpy(), convention)
    assert np.abs((copied - mel[: len(copied)]).mean(0)).max() < 1.5


def test_frames_beyond_the_context_change_nothing(vocoder: SourceFilterVocoder) -> None:
    torch.manual_seed(1)
    torch.nn.init.normal_(vocoder.output.weight, std=0.1)
    mel = torch.randn(1, 80, 80) * 2 - 5
    changed = mel.clone()
    changed[:, :30] = 0
    with torch.no_grad():
        before, after = vocoder(mel)[0], vocoder(changed)[0]
    first = 30 + SMALL.context
    for ours, theirs in zip(before, after, strict=True):
        torch.testing.assert_close(ours[:, first:], theirs[:, first:], rtol=0, atol=0)
    assert not torch.equal(before.pulse_phase[:, first - 1], after.pulse_phase[:, first - 1])


def test_f0_is_read_between_classes(vocoder: SourceFilterVocoder) -> None:
    reader = vocoder.pitch
    f0 = torch.tensor([[61.0, 100.0, 203.7, 440.0]])
    places = torch.arange(SMALL.n_classes)
    logits = -(places - reader.classes(f0)[..., None]).square() / 4.5
    cents = 1200 * torch.log2(reader.frequency(logits) / f0)
    assert cents[:, 1:].abs().max() < 3
    assert cents.abs().max() < 30


def test_critics_see_all_resolutions() -> None:
    config = CriticsConfig(n_ffts=(256, 512), channels=8)
    judged = Critics(config)(torch.randn(2, 4096))
    assert len(judged) == 2
    assert all(len(features) == 4 for _, features in judged)
    ((opinion, _),) = MelCritic(8)(torch.randn(2, 64, 80))
    assert opinion.shape[:2] == (2, 1)
