"""Levels, loudness, bandwidth, and where speech begins and ends."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.audio import (
    active_level_dbfs,
    bandwidth_hz,
    loudness,
    measure_levels,
    noise_floor_dbfs,
    peak_dbfs,
    resample,
    rms_dbfs,
    set_level,
    trim_silence,
)
from tacotron.audio.levels import PEAK_LIMIT_DBFS, SILENCE_DBFS
from tacotron.errors import AudioError

RATE = 20_000
RNG = np.random.default_rng


def hiss(samples: int, dbfs: float, seed: int = 0) -> np.ndarray:
    return (10 ** (dbfs / 20) * RNG(seed).standard_normal(samples)).astype(np.float32)


def test_a_full_scale_sine_has_known_levels():
    sine = np.sin(2 * np.pi * 997 * np.arange(48_000) / 48_000)
    assert peak_dbfs(sine) == pytest.approx(0, abs=1e-3)
    assert rms_dbfs(sine) == pytest.approx(-3.01, abs=0.01)
    # BS.1770's calibration: a 997 Hz sine at 0 dBFS in one channel reads -3.01 LUFS.
    assert loudness(sine, 48_000) == pytest.approx(-3.01, abs=0.1)


@pytest.mark.parametrize("samples", [0, 1, 100, 30_000])
def test_silence_has_a_number(samples):
    levels = measure_levels(np.zeros(samples, np.float32), RATE)
    for value in (levels.peak_dbfs, levels.rms_dbfs, levels.active_dbfs, levels.noise_floor_dbfs):
        assert value == SILENCE_DBFS
    assert levels.loudness_lufs == SILENCE_DBFS
    assert levels.bandwidth_hz == 0
    assert trim_silence(np.zeros(samples, np.float32), RATE) == (0, samples)


@pytest.mark.parametrize("seconds", [0.0001, 0.02, 0.2, 0.399, 0.4, 0.401, 3.0])
def test_a_clip_of_any_length_has_a_loudness(seconds):
    sine = np.sin(2 * np.pi * 997 * np.arange(1, round(seconds * RATE) + 1) / RATE)
    measured = loudness(sine, RATE)
    assert np.isfinite(measured)
    if seconds >= 0.2:
        assert measured == pytest.approx(-3.01, abs=0.1)


@pytest.mark.parametrize("rate", [8000, 22_050, 96_000])
def test_loudness_takes_any_rate(rate):
    assert loudness(hiss(rate, -20), rate) == pytest.approx(-20, abs=4)


def test_without_pyloudnorm_loudness_says_what_to_install(monkeypatch, noise):
    monkeypatch.setitem(sys.modules, "pyloudnorm", None)
    with pytest.raises(AudioError, match="pip install"):
        loudness(noise, 22_050)


def test_pauses_lower_the_rms_but_not_the_active_level(reading):
    paused = np.concatenate([reading, np.zeros(3 * len(reading), np.float32)])
    assert rms_dbfs(paused) == pytest.approx(rms_dbfs(reading) - 6.02, abs=0.1)
    assert active_level_dbfs(paused, RATE) == pytest.approx(
        active_level_dbfs(reading, RATE), abs=0.3
    )


def test_the_noise_floor_is_the_noise_between_the_words(reading):
    paused = np.concatenate([reading, np.zeros(RATE, np.float32)])
    noisy = paused + hiss(len(paused), -60)
    assert noise_floor_dbfs(noisy, RATE) == pytest.approx(-60, abs=1)


@pytest.mark.parametrize("band", [8_000, 12_000, 16_000])
def test_bandwidth_is_where_the_speech_ends(reading, band):
    narrow = resample(resample(reading, RATE, band), band, RATE)
    noisy = np.concatenate([narrow, np.zeros(RATE, np.float32)])
    noisy = noisy + hiss(len(noisy), -80)
    assert bandwidth_hz(noisy, RATE) == pytest.approx(band / 2, abs=500)


def test_hum_and_hiss_have_no_bandwidth():
    hum = 0.1 * np.sin(2 * np.pi * 50 * np.arange(3 * RATE) / RATE)
    assert bandwidth_hz(hum + hiss(len(hum), -50), RATE) == 0


@given(gain_db=st.floats(-50, 6), target=st.floats(-40, -20))
def test_set_level_reaches_its_target_from_anywhere(gain_db, target):
    wave = hiss(4000, -30) * 10 ** (gain_db / 20)
    out = set_level(wave, target)
    assert out.dtype == np.float32
    assert rms_dbfs(out) == pytest.approx(target, abs=0.01)


def test_set_level_can_leave_pauses_out(reading):
    paused = np.concatenate([reading, np.zeros(2 * len(reading), np.float32)])
    out = set_level(paused, -25.0, sample_rate=RATE)
    assert active_level_dbfs(out, RATE) == pytest.approx(-25, abs=0.3)


def test_set_level_never_clips_and_leaves_silence():
    click = np.zeros(10_000, np.float32)
    click[5000] = 0.1
    assert peak_dbfs(set_level(click, -20.0)) == pytest.approx(PEAK_LIMIT_DBFS, abs=1e-3)
    assert not set_level(np.zeros(100, np.float32), -20.0).any()
    assert set_level(np.zeros(0, np.float32), -20.0).shape == (0,)


@pytest.mark.parametrize("gain_db", [0, -30], ids=["loud", "quiet"])
@pytest.mark.parametrize(
    ("noise_db", "lost"),
    # 25 dB below the speech, noise covers the end of its last sound.
    [(None, 0.0), (-65, 0.0), (-55, 0.0), (-45, 0.1)],
    ids=["digital", "quiet room", "room", "noisy room"],
)
def test_trimming_finds_the_speech_with_its_margins(reading, gain_db, noise_db, lost):
    start, end = trim_silence(reading, RATE)
    speech = reading[start:end]
    before, after = RATE, RATE // 2
    wave = np.concatenate([np.zeros(before), speech, np.zeros(after)]).astype(np.float32)
    if noise_db is not None:
        wave += hiss(len(wave), noise_db)
    found = np.array(trim_silence(wave * np.float32(10 ** (gain_db / 20)), RATE))
    # Never into the speech by more than the margin that was there, nor far outside of it.
    error = (found - [before, before + len(speech)]) / RATE
    assert -0.1 < error[0] < 0.06
    assert -0.06 - lost < error[1] < 0.1


def test_a_click_is_not_speech(reading):
    wave = np.concatenate([np.zeros(RATE), reading, np.zeros(RATE)]).astype(np.float32)
    wave += hiss(len(wave), -70)
    clean = trim_silence(wave, RATE)
    wave[2000:2020] += 0.5
    wave[-2000:-1980] -= 0.5
    assert trim_silence(wave, RATE) == clean


def test_the_margin_can_be_chosen(reading):
    wave = np.concatenate([np.zeros(RATE), reading, np.zeros(RATE)]).astype(np.float32)
    near, far = (trim_silence(wave, RATE, margin_seconds=m) for m in (0.0, 0.2))
    assert near[0] - far[0] == far[1] - near[1] == round(0.2 * RATE)


@given(st.integers(1, 2000), st.integers(0, 9))
def test_any_short_signal_can_be_measured(samples, seed):
    wave = hiss(samples, -20, seed)
    levels = measure_levels(wave, RATE)
    assert all(np.isfinite(value) for value in vars(levels).values())
    start, end = trim_silence(wave, RATE)
    assert 0 <= start <= end <= samples


@pytest.mark.parametrize(
    "function", [peak_dbfs, rms_dbfs, lambda x: trim_silence(x, RATE), lambda x: set_level(x, -20)]
)
def test_nan_is_refused(function):
    with pytest.raises(AudioError, match="NaN"):
        function(np.array([0.0, np.nan], np.float32))
