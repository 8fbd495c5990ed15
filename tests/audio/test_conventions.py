"""Each convention of the table gives what the project that it is named after computes.

Every oracle follows its project's own code, with the library that the project uses (librosa, or
torch.stft); what rests on torchaudio is compared with numbers that torchaudio 2.11 itself computed
(tests/data/mel_torchaudio.npz: three conventions, frames 0 to 5, 40 to 43 and the last six).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import librosa
import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from tacotron.audio import (
    CONVENTIONS,
    SOURCES,
    count_limits,
    get_convention,
    mel_amplitude,
    mel_spectrogram,
    scale,
    silence,
    unscale,
)

DATA = Path(__file__).parent.parent / "data"


def librosa_mel(
    wave: np.ndarray,
    *,
    sr: int,
    n_fft: int,
    hop: int,
    win: int,
    fmin: float = 0.0,
    fmax: float | None = None,
    n_mels: int = 80,
    pad: str = "reflect",
    power: float = 1.0,
    bin_floor: float = 0.0,
) -> np.ndarray:
    spectrum = librosa.stft(wave, n_fft=n_fft, hop_length=hop, win_length=win, pad_mode=pad)
    basis = librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    return basis @ np.maximum(np.abs(spectrum), bin_floor) ** power


def torch_mel(wave: np.ndarray, *, sr: int, n_mels: int, fmax: float, epsilon: float) -> np.ndarray:
    """jik876/hifi-gan's mel_spectrogram, which descriptinc/melgan-neurips's resembles."""
    padded = torch.nn.functional.pad(torch.from_numpy(wave)[None], (384, 384), mode="reflect")[0]
    window = torch.hann_window(1024, dtype=padded.dtype)
    spectrum = torch.stft(padded, 1024, 256, window=window, center=False, return_complex=True)
    magnitude = torch.sqrt(torch.view_as_real(spectrum).pow(2).sum(-1) + epsilon)
    basis = librosa.filters.mel(sr=sr, n_fft=1024, n_mels=n_mels, fmin=0, fmax=fmax)
    return torch.from_numpy(basis).to(magnitude) @ magnitude


def preemphasis(wave: np.ndarray) -> np.ndarray:
    return lfilter([1, -0.97], [1], wave)


def decibels(mel: np.ndarray, reference: float = 20.0) -> np.ndarray:
    return 20 * np.log10(np.maximum(1e-5, mel)) - reference


def unit(db: np.ndarray) -> np.ndarray:
    return np.clip((db + 100) / 100, 0, 1)


def four(db: np.ndarray) -> np.ndarray:
    return np.clip(8 * ((db + 100) / 100) - 4, -4, 4)


def keithito(wave: np.ndarray) -> np.ndarray:
    mel = librosa_mel(preemphasis(wave), sr=20_000, n_fft=2048, hop=250, win=1000)
    return unit(decibels(mel))


def keithito_issue98(wave: np.ndarray) -> np.ndarray:
    mel = librosa_mel(preemphasis(wave), sr=20_000, n_fft=2048, hop=250, win=1000)
    return unit(decibels(mel, reference=0.0))


def kyubyong(wave: np.ndarray) -> np.ndarray:
    emphasized = np.append(wave[0], wave[1:] - 0.97 * wave[:-1])
    mel = librosa_mel(emphasized, sr=22_050, n_fft=2048, hop=275, win=1102)
    return np.clip((20 * np.log10(np.maximum(1e-5, mel)) - 20 + 100) / 100, 1e-8, 1)


def begeekmyfriend(wave: np.ndarray) -> np.ndarray:
    return four(
        decibels(
            librosa_mel(
                preemphasis(wave), sr=22_050, n_fft=1024, hop=256, win=1024, fmin=50, fmax=7600
            )
        )
    )


def rayhane_mamah(wave: np.ndarray) -> np.ndarray:
    mel = librosa_mel(
        preemphasis(wave),
        sr=22_050,
        n_fft=2048,
        hop=275,
        win=1100,
        fmin=55,
        fmax=7600,
        pad="constant",
        power=2.0,
    )
    return four(decibels(mel))


def fatchord(wave: np.ndarray) -> np.ndarray:
    mel = librosa_mel(wave, sr=22_050, n_fft=2048, hop=275, win=1100, fmin=40)
    return unit(decibels(mel, reference=0.0))


def mozilla(wave: np.ndarray) -> np.ndarray:
    return four(decibels(librosa_mel(wave, sr=22_050, n_fft=1024, hop=256, win=1024)))


def nvidia(wave: np.ndarray) -> np.ndarray:
    mel = librosa_mel(wave, sr=22_050, n_fft=1024, hop=256, win=1024, fmax=8000)
    return np.log(np.maximum(mel, 1e-5))


def hifigan(wave: np.ndarray) -> np.ndarray:
    mel = torch_mel(wave, sr=22_050, n_mels=80, fmax=8000, epsilon=1e-9)
    return torch.log(torch.clamp(mel, min=1e-5)).numpy()


def bigvgan_24k(wave: np.ndarray) -> np.ndarray:
    mel = torch_mel(wave, sr=24_000, n_mels=100, fmax=12_000, epsilon=1e-9)
    return torch.log(torch.clamp(mel, min=1e-5)).numpy()


def matcha(wave: np.ndarray) -> np.ndarray:
    return (hifigan(wave) - -5.536622) / 2.116101


def melgan(wave: np.ndarray) -> np.ndarray:
    mel = torch_mel(wave, sr=22_050, n_mels=80, fmax=11_025, epsilon=0.0)
    return torch.log10(torch.clamp(mel, min=1e-5)).numpy()


def espnet(wave: np.ndarray) -> np.ndarray:
    # sqrt(clamp(power, min=1e-10)) in LogMelFbank.
    mel = librosa_mel(
        wave, sr=22_050, n_fft=1024, hop=256, win=1024, fmin=80, fmax=7600, bin_floor=1e-5
    )
    return np.log10(np.maximum(mel, 1e-10))


def parallelwavegan(wave: np.ndarray) -> np.ndarray:
    mel = librosa_mel(wave, sr=22_050, n_fft=1024, hop=256, win=1024, fmin=80, fmax=7600)
    return np.log10(np.maximum(1e-10, mel))


def speecht5(wave: np.ndarray) -> np.ndarray:
    # Its own frames: 64 ms and 16 ms at 16 kHz, a periodic Hann window.
    padded = np.pad(wave, 512, mode="reflect")
    window = torch.hann_window(1024, periodic=True).numpy().astype(np.float64)
    starts = range(0, len(padded) - 1024 + 1, 256)
    spectrum = np.abs([np.fft.rfft(padded[start : start + 1024] * window) for start in starts])
    basis = librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=80, fmin=80, fmax=7600)
    return np.log10(np.maximum(1e-10, basis @ spectrum.T))


def r9y9(wave: np.ndarray) -> np.ndarray:
    mel = librosa_mel(wave, sr=22_050, n_fft=1024, hop=256, win=1024, fmin=125, fmax=7600)
    return np.log10(np.maximum(mel, 1e-10))


def librosa_defaults(wave: np.ndarray) -> np.ndarray:
    return librosa.power_to_db(librosa.feature.melspectrogram(y=wave))


def whisper(wave: np.ndarray, n_mels: int = 80) -> np.ndarray:
    samples = torch.from_numpy(wave)
    window = torch.hann_window(400, dtype=samples.dtype)
    spectrum = torch.stft(samples, 400, 160, window=window, return_complex=True)
    magnitudes = spectrum[..., :-1].abs() ** 2
    filters = librosa.filters.mel(sr=16_000, n_fft=400, n_mels=n_mels)
    mel = torch.from_numpy(filters).to(magnitudes) @ magnitudes
    log = torch.clamp(mel, min=1e-10).log10()
    log = torch.maximum(log, log.max() - 8.0)
    return ((log + 4.0) / 4.0).numpy()


ORACLES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nvidia": nvidia,
    "keithito": keithito,
    "keithito-issue98": keithito_issue98,
    "kyubyong": kyubyong,
    "begeekmyfriend": begeekmyfriend,
    "rayhane-mamah": rayhane_mamah,
    "fatchord": fatchord,
    "mozilla": mozilla,
    "hifigan": hifigan,
    "bigvgan-22k": hifigan,
    "bigvgan-24k": bigvgan_24k,
    "matcha": matcha,
    "espnet": espnet,
    "parallelwavegan": parallelwavegan,
    "tensorflowtts": parallelwavegan,
    "speecht5": speecht5,
    "r9y9": r9y9,
    "melgan": melgan,
    "librosa": librosa_defaults,
    "whisper": whisper,
    "whisper-large-v3": lambda wave: whisper(wave, 128),
}
TORCHAUDIO = ("torchaudio", "vocos", "styletts2")


@pytest.fixture(scope="module")
def signal(reading: np.ndarray) -> np.ndarray:
    """Speech, then digital silence, then noise too faint for most floors: float64."""
    faint = 1e-6 * np.random.default_rng(3).standard_normal(6000)
    return np.concatenate([reading.astype(np.float64), np.zeros(6000), faint])


def test_every_convention_has_an_oracle_and_a_source():
    assert set(ORACLES) | set(TORCHAUDIO) == set(CONVENTIONS) == set(SOURCES)


@pytest.mark.parametrize("name", ORACLES)
def test_a_convention_is_its_projects(name, signal):
    # The samples are taken as they are at any rate: what matters is that both see the same.
    expected = ORACLES[name](signal).T
    mel = mel_spectrogram(signal, CONVENTIONS[name])
    assert mel.shape == expected.shape
    # Some projects' windows and bands are float32, which shows in cells of next to nothing.
    tolerance = {"librosa": 2e-4, "speecht5": 1e-4}.get(name, 3e-5)
    assert np.abs(mel - expected).max() < tolerance


@pytest.mark.parametrize("name", TORCHAUDIO)
def test_what_rests_on_torchaudio_is_torchaudios(name, signal):
    with np.load(DATA / "mel_torchaudio.npz") as data:
        expected = data[name]
    mel = mel_spectrogram(signal, CONVENTIONS[name])
    shown = np.r_[0:6, 40:44, len(mel) - 6 : len(mel)]
    assert len(mel) == 1 + len(signal) // CONVENTIONS[name].hop_length
    # torchaudio transforms in float32: cells far below the frame's loudest are its noise.
    amplitude, told = (unscale(values, CONVENTIONS[name]) for values in (mel[shown], expected))
    error = np.abs(amplitude - told) / (told.max(axis=1, keepdims=True) + CONVENTIONS[name].floor)
    assert error.max() < 2e-5
    assert np.median(np.abs(mel[shown] - expected)) < 1e-4


def test_styletts2_computes_its_bands_for_another_rate():
    c = get_convention("styletts2")
    assert c.band_limits == (0.0, 12_000.0)
    # A tone at 6 kHz falls into the band that was meant for 4 kHz.
    tone = np.sin(2 * np.pi * 6000 * np.arange(24_000) / 24_000)
    told = replace(c, sample_rate=16_000, filter_rate=None)
    meant = np.sin(2 * np.pi * 4000 * np.arange(24_000) / 16_000)
    assert mel_amplitude(tone, c)[40].argmax() == mel_amplitude(meant, told)[40].argmax()


@pytest.mark.parametrize("name", CONVENTIONS)
def test_silence_is_where_it_is_said_to_be(name):
    c = CONVENTIONS[name]
    mel = mel_spectrogram(np.zeros(4000, np.float32), c)
    np.testing.assert_allclose(mel, np.tile(scale(silence(c), c), (len(mel), 1)), atol=1e-5)
    assert count_limits(mel, c).floored_share == 1.0


def test_a_dynamic_range_counts_what_it_raised(signal):
    c = get_convention("whisper")
    mel = mel_spectrogram(signal, c)
    raised = mel_spectrogram(signal, replace(c, dynamic_range=None)) < mel.max() - 8.0 / 4.0
    counted = count_limits(mel, c)
    assert 0 < raised.sum() <= counted.floored <= raised.sum() + 5


@pytest.mark.parametrize(("alias", "name"), [("waveglow", "nvidia"), ("coqui", "mozilla")])
def test_an_alias_is_another_name_of_the_same(alias, name):
    assert get_convention(alias) is CONVENTIONS[name]
