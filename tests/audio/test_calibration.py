"""Calibration: statistics exact however they were gathered, and limits that hold what was asked."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.audio import (
    Affine,
    MeanVariance,
    count_limits,
    get_convention,
    mel_amplitude,
    mel_spectrogram,
    scale,
)
from tacotron.audio.calibration import Moments, Tally, calibrate
from tacotron.errors import AudioError

NVIDIA = get_convention("nvidia")
KEITHITO = get_convention("keithito")


@pytest.fixture(scope="module")
def waves(reading):
    """Six recordings of different levels and lengths."""
    return [reading[2000 * n : 2000 * n + 9000 + 1500 * n] * 0.5**n for n in range(6)]


def fold(parts, cuts):
    """Merge ``parts`` as workers would: groups between ``cuts`` first, then the groups."""
    edges = sorted({0, len(parts), *(cut % (len(parts) + 1) for cut in cuts)})
    groups = [reduce(add, parts[a:b]) for a, b in pairwise(edges)]
    return reduce(add, groups)


@given(
    seed=st.integers(0, 2**32 - 1),
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=12),
    cuts=st.lists(st.integers(0, 100), max_size=4),
    offset=st.sampled_from([0.0, -11.5, 1e4]),
)
def test_moments_are_exact_however_they_are_merged(seed, lengths, cuts, offset):
    random = np.random.default_rng(seed)
    parts = [random.normal(offset, 2.0, (n, 3)).astype(np.float32) for n in (*lengths, 2)]
    whole = fold([Moments.of(part) for part in parts], cuts)
    everything = np.concatenate(parts).astype(float)
    for band in range(3):
        # fsum is exact to the last bit.
        mean = math.fsum(everything[:, band]) / len(everything)
        squares = math.fsum((v - mean) ** 2 for v in everything[:, band])
        found_mean, found_std = whole.by_band()
        assert abs(found_mean[band] - mean) < 1e-9
        assert abs(found_std[band] - (squares / len(everything)) ** 0.5) < 1e-9
    assert abs(whole.pooled()[0] - everything.mean()) < 1e-9
    assert abs(whole.pooled()[1] - everything.std()) < 1e-9


def test_the_order_of_recordings_alone_decides_the_last_bit(waves):
    tallies = [Tally.of(wave, NVIDIA) for wave in waves]
    one, again = calibrate(tallies, NVIDIA), calibrate(list(tallies), NVIDIA)
    assert one.convention == again.convention
    other = calibrate(tallies[::-1], NVIDIA)
    assert abs(one.mean - other.mean) < 1e-12
    assert abs(one.std - other.std) < 1e-12


@pytest.mark.parametrize("target", ["mean-variance", "mean-variance-per-band"])
def test_the_fitted_values_have_mean_0_and_deviation_1(waves, target):
    fitted = calibrate((Tally.of(w, NVIDIA) for w in waves), NVIDIA, target=target).convention
    values = np.concatenate([mel_spectrogram(w, fitted) for w in waves]).astype(float)
    axis = 0 if target.endswith("band") else None
    np.testing.assert_allclose(values.mean(axis=axis), 0, atol=1e-5)
    np.testing.assert_allclose(values.std(axis=axis), 1, atol=1e-5)
    assert isinstance(fitted.scaling, MeanVariance)
    assert isinstance(fitted.scaling.mean, tuple) == target.endswith("band")


@pytest.mark.parametrize("outside", [1e-4, 1e-3, 0.02])
@pytest.mark.parametrize(
    "c",
    [
        KEITHITO,
        get_convention("rayhane-mamah"),
        get_convention("keithito-issue98"),
        replace(NVIDIA, scaling=Affine(-12.0, 2.0, -4.0, 4.0, clip=True)),
    ],
    ids=["keithito", "rayhane-mamah", "keithito-issue98", "ln"],
)
def test_no_more_lies_outside_than_was_asked(waves, c, outside):
    fitted = calibrate((Tally.of(w, c) for w in waves), c, outside=outside).convention
    values = np.concatenate([mel_spectrogram(w, fitted) for w in waves])
    limits = count_limits(values, fitted)
    assert limits.clipped_share <= outside / 2
    assert limits.floored_share <= outside / 2 + 1 / limits.values
    # And hardly less, or the scale were wider than need be.
    assert limits.clipped_share >= outside / 2 * 0.5 - 2 / limits.values
    low, high = fitted.scaling.target_low, fitted.scaling.target_high
    assert values.min() >= low - 1e-4
    assert values.max() <= high


def test_a_reference_level_moves_and_the_scales_top_stays(waves):
    loud = calibrate([Tally.of(w * 4, KEITHITO) for w in waves], KEITHITO)
    soft = calibrate([Tally.of(w, KEITHITO) for w in waves], KEITHITO)
    step = loud.convention.reference_db - soft.convention.reference_db
    assert step == pytest.approx(20 * np.log10(4), abs=0.02)
    assert loud.convention.scaling.high == KEITHITO.scaling.high == 0.0


def test_digital_silence_is_counted_apart(waves):
    silent = np.zeros(20_000, np.float32)
    with_silence = calibrate((Tally.of(w, KEITHITO) for w in (*waves, silent)), KEITHITO)
    without = calibrate((Tally.of(w, KEITHITO) for w in waves), KEITHITO)
    assert with_silence.silent_share > 0.1
    assert without.silent_share == 0
    assert with_silence.convention.floor == pytest.approx(without.convention.floor, rel=0.01)


def test_the_counts_are_those_of_the_amplitudes(waves):
    tally = Tally.of(waves[0], NVIDIA)
    decibels = 20 * np.log10(mel_amplitude(waves[0], NVIDIA).astype(float))
    assert tally.cells == decibels.size
    assert tally.top_db(0.01) == pytest.approx(np.quantile(decibels, 0.99), abs=0.3)
    assert (decibels > tally.top_db(0.01)).mean() <= 0.01
    assert (decibels < tally.bottom_db(0.01)).mean() <= 0.01
    log_mean = scale(mel_amplitude(waves[0], NVIDIA), NVIDIA).astype(float).mean()
    assert tally.moments.pooled()[0] == pytest.approx(log_mean, abs=1e-9)


@pytest.mark.parametrize(
    ("tallies", "options"),
    [
        ([], {}),
        ([Tally.of(np.zeros(5000, np.float32), NVIDIA)], {}),
        ([Tally.of(np.ones(5000, np.float32), NVIDIA)], {"outside": 0.0}),
        ([Tally.of(np.ones(5000, np.float32), NVIDIA)], {"outside": 0.5}),
    ],
    ids=["none", "silence", "share 0", "share 0.5"],
)
def test_what_cannot_be_calibrated_by_is_said(tallies, options):
    with pytest.raises(AudioError):
        calibrate(tallies, NVIDIA, **options)


def test_a_band_without_any_change_is_said():
    c = replace(NVIDIA, floor=10.0)  # above all of a soft recording
    tally = Tally.of(1e-4 * np.random.default_rng(0).standard_normal(9000), c)
    with pytest.raises(AudioError, match="never changes"):
        calibrate([tally], c)
