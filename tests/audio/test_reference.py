"""The keithito conventions give what keithito/tacotron gave.

The data: numbers from the original project (commit d26c763, librosa 0.5.1), of a 440 Hz sine and of
LJ001-0008 at 20 kHz. Mels are whole; of the linear spectrograms there are the frames named in
``linear_frames``, the first and last four among them; of the pre-emphasized waves every 40th
sample. ``inverted_convergence_db`` is measured on the original's own inversion of its linear
spectrogram.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tacotron.audio import (
    deemphasize,
    get_convention,
    linear_spectrogram,
    linear_to_wave,
    magnitude_spectrogram,
    mel_spectrogram,
    preemphasize,
    unscale_linear,
)

DATA = Path(__file__).parent.parent / "data"
KEITHITO = get_convention("keithito")
ISSUE98 = get_convention("keithito-issue98")


@pytest.fixture(scope="module", params=["sine440", "LJ001-0008"])
def reference(request: pytest.FixtureRequest) -> Mapping[str, np.ndarray]:
    with np.load(DATA / f"keithito_{request.param}.npz") as data:
        return dict(data)


def test_the_mel_agrees(reference):
    mel = mel_spectrogram(reference["wav"], KEITHITO)
    assert mel.shape == reference["mel"].shape
    assert np.abs(mel - reference["mel"]).max() < 1e-6


def test_the_mel_of_issue_98_agrees(reference):
    mel = mel_spectrogram(reference["wav"], ISSUE98)
    assert np.abs(mel - reference["mel_issue98"]).max() < 1e-6


@pytest.mark.parametrize("convention", [KEITHITO, ISSUE98], ids=lambda c: c.name)
def test_the_linear_spectrogram_agrees(reference, convention):
    linear = linear_spectrogram(reference["wav"], convention)
    assert np.abs(linear[reference["linear_frames"]] - reference["linear"]).max() < 1e-6


def test_preemphasis_agrees_and_can_be_undone(reference):
    emphasized = preemphasize(reference["wav"], KEITHITO.preemphasis)
    assert np.abs(emphasized[::40] - reference["preemphasized"]).max() < 1e-6
    restored = deemphasize(emphasized, KEITHITO.preemphasis)
    assert np.abs(restored - reference["wav"]).max() < 1e-5


def test_inversion_converges_as_far_as_the_original(reference):
    linear = linear_spectrogram(reference["wav"], KEITHITO)
    wave = linear_to_wave(linear, KEITHITO, iterations=60, power=1.5)
    assert len(wave) == reference["inverted_samples"]
    target = unscale_linear(linear, KEITHITO) ** 1.5
    found = magnitude_spectrogram(preemphasize(wave, KEITHITO.preemphasis), KEITHITO)
    # The original's level is another: only the shape is compared.
    found *= (found * target).sum() / np.square(found).sum()
    convergence = 20 * np.log10(np.linalg.norm(found - target) / np.linalg.norm(target))
    assert convergence <= reference["inverted_convergence_db"]
