"""Bounds that hold, counts that are right, verdicts that name the cure; conventions recognized."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tacotron.audio import (
    CONVENTIONS,
    Affine,
    count_limits,
    get_convention,
    magnitude_spectrogram,
    mel_amplitude,
    mel_spectrogram,
    resample,
)
from tacotron.audio.bounds import mel_bound, stft_bound, value_bound
from tacotron.audio.compatibility import compare
from tacotron.audio.identification import identify
from tacotron.audio.inspection import Histogram, ceiling_db, floor_db, inspect_recordings
from tacotron.errors import AudioError

NVIDIA = get_convention("nvidia")
KEITHITO = get_convention("keithito")


@pytest.mark.parametrize("c", CONVENTIONS.values(), ids=lambda c: c.name)
def test_no_signal_exceeds_the_bounds(c):
    random = np.random.default_rng(5)
    time = np.arange(5 * c.n_fft)
    signals = [
        np.ones(len(time)),
        np.sign(random.standard_normal(len(time))),
        np.sign(np.sin(2 * np.pi * time * 200 / c.sample_rate)),
        np.where(time % 2, 1.0, -1.0),
        np.sign(np.cos(np.pi * time**2 / len(time))),
    ]
    for signal in signals:
        assert magnitude_spectrogram(signal, c).max() <= stft_bound(c).value * (1 + 1e-5)
        assert mel_amplitude(signal, c).max() <= mel_bound(c).value * (1 + 1e-5)
        assert mel_spectrogram(signal, c).max() <= value_bound(c).value + 1e-4


def test_the_stfts_bound_is_reached():
    # A constant without pre-emphasis: every sample has its full weight.
    found = magnitude_spectrogram(np.ones(5000), NVIDIA).max()
    assert found == pytest.approx(stft_bound(NVIDIA).value, rel=1e-6)
    # And alternation where pre-emphasis adds up.
    time = np.arange(5000)
    found = magnitude_spectrogram(np.where(time % 2, 1.0, -1.0), KEITHITO).max()
    assert found == pytest.approx(stft_bound(KEITHITO).value, rel=1e-3)


@given(values=arrays(np.float32, st.integers(1, 300), elements=st.floats(-40, 40, width=32)))
def test_a_histograms_percentiles_are_right_to_a_step(values):
    histogram = Histogram(-50.0, 50.0, 2000)
    for part in np.array_split(values, 3):
        histogram.add(part)
    for percent in (1.0, 50.0, 99.0):
        place = int(np.ceil(percent / 100 * len(values))) - 1
        expected = np.sort(values)[max(0, place)]
        assert abs(histogram.percentile(percent) - expected) <= 0.05 + 1e-4
    assert histogram.maximum == values.max()


def test_the_counts_are_those_of_the_mel(reading):
    found = inspect_recordings([reading, reading / 2], KEITHITO)
    mels = [mel_spectrogram(wave, KEITHITO) for wave in (reading, reading / 2)]
    counted = count_limits(mels[0], KEITHITO) + count_limits(mels[1], KEITHITO)
    assert found.floored_share == counted.floored_share
    assert found.cells == counted.values
    assert found.recordings == 2
    stft, mel, db, value = found.quantities
    assert stft.maximum == pytest.approx(magnitude_spectrogram(reading, KEITHITO).max(), rel=1e-5)
    assert mel.maximum == pytest.approx(mel_amplitude(reading, KEITHITO).max(), rel=1e-5)
    assert db.maximum == pytest.approx(20 * np.log10(mel.maximum), abs=1e-4)
    both = np.concatenate(mels)
    assert value.percentiles["50"] == pytest.approx(np.quantile(both, 0.5), abs=2e-3)
    assert value.percentiles["99"] == pytest.approx(np.quantile(both, 0.99), abs=2e-3)


def tone(level: float, rate: int = 20_000) -> np.ndarray:
    return level * np.sin(2 * np.pi * 3000 * np.arange(rate) / rate)


@pytest.mark.parametrize(
    ("change", "c", "says"),
    [
        (lambda wave: wave, KEITHITO, "It fits"),
        (lambda wave: wave * 3, KEITHITO, "beyond full scale"),
        (lambda wave: tone(1.0), get_convention("keithito-issue98"), "raise the reference level"),
        (lambda wave: np.append(wave, np.zeros(9000)), KEITHITO, "digital silence"),
        (lambda wave: wave / 300, KEITHITO, "lie at the floor"),
        (lambda wave: wave / 30, replace(KEITHITO, floor=1e-7), "The top"),
        (lambda wave: resample(resample(wave, 20_000, 8_000), 8_000, 20_000), KEITHITO, "reach"),
    ],
    ids=["fits", "full scale", "clipped", "silence", "floored", "soft", "narrow"],
)
def test_the_verdict_names_what_matters_most(reading, change, c, says):
    if says == "The top":
        c = replace(c, scaling=Affine(-140.0, 0.0))
    found = inspect_recordings([np.asarray(change(reading), np.float32)], c)
    assert says in found.verdict
    assert found.fits == (says == "It fits")


def test_floor_and_ceiling_are_decibels_of_amplitude():
    assert floor_db(NVIDIA) == pytest.approx(-100)
    assert ceiling_db(NVIDIA) == np.inf
    assert ceiling_db(KEITHITO) == pytest.approx(20)
    assert ceiling_db(get_convention("keithito-issue98")) == pytest.approx(0)
    # Twice the decibels: 20 * log10 of squared magnitudes.
    assert floor_db(get_convention("rayhane-mamah")) == pytest.approx(-50)
    assert ceiling_db(get_convention("rayhane-mamah")) == pytest.approx(10)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_mels_own_convention_is_among_the_likeliest(reading, name):
    c = CONVENTIONS[name]
    wave = resample(reading, 20_000, c.sample_rate)
    found = identify(mel_spectrogram(wave, c), CONVENTIONS.values())
    own = next(item for item in found.candidates if item.name == name)
    assert own.consistent, own.reason
    assert own.distance <= found.consistent[0].distance + 0.3
    assert not found.transposed


def test_what_cannot_be_is_ruled_out_with_its_reason(reading):
    wave = resample(reading, 20_000, 22_050)
    found = identify(mel_spectrogram(wave, NVIDIA), CONVENTIONS.values())
    reasons = {item.name: item.reason for item in found.candidates if not item.consistent}
    assert "100 bands" in reasons["vocos"]
    assert "floor" in reasons["keithito"]
    assert {item.name for item in found.consistent} >= {"nvidia", "hifigan"}


def test_a_mel_on_its_side_is_turned(reading):
    mel = mel_spectrogram(reading, NVIDIA)
    found = identify(mel.T, CONVENTIONS.values())
    assert found.transposed
    assert found.consistent[0].name == identify(mel, CONVENTIONS.values()).consistent[0].name


@pytest.mark.parametrize("mel", [np.zeros(3), np.zeros((0, 80)), np.full((2, 80), np.nan)])
def test_what_is_no_mel_is_not_identified(mel):
    with pytest.raises(AudioError):
        identify(mel, CONVENTIONS.values())


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("nvidia", "waveglow", "equal"),
        ("hifigan", "bigvgan-22k", "equal"),
        ("parallelwavegan", "tensorflowtts", "equal"),
        ("matcha", "hifigan", "exact"),
        ("hifigan", "matcha", "exact"),
        ("nvidia", "hifigan", "lossy"),
        ("nvidia", "vocos", "lossy"),
        ("keithito", "nvidia", "lossy"),
        ("keithito", "keithito-issue98", "lossy"),
        ("rayhane-mamah", "nvidia", "incompatible"),
    ],
)
def test_what_stands_between_two_conventions(first, second, kind):
    found = compare(get_convention(first), get_convention(second))
    assert found.kind == kind
    assert bool(found.losses) == (kind not in ("equal", "exact"))
    assert bool(found.differences) == (kind != "equal")


def test_a_clip_that_takes_something_is_named():
    found = compare(KEITHITO, get_convention("keithito-issue98"))
    assert found.losses == ("the target clips at 0.0 dB of amplitude",)
    back = compare(get_convention("keithito-issue98"), KEITHITO)
    assert back.kind == "exact"
