"""Pre-emphasis and its inverse against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.audio import deemphasize, preemphasize
from tacotron.errors import AudioError

waves = st.lists(st.floats(-1, 1), max_size=300).map(lambda x: np.array(x, np.float64))
coefficients = st.sampled_from([0.0, 0.5, 0.97, 0.999])


@given(waves, coefficients)
def test_preemphasis_is_a_first_difference(wave, k):
    y = preemphasize(wave, k)
    expected = [x - k * before for x, before in zip(wave, [0.0, *wave], strict=False)]
    np.testing.assert_allclose(y, expected, atol=1e-15)


@given(waves, coefficients)
def test_deemphasis_is_the_recursion(wave, k):
    expected, last = [], 0.0
    for x in wave:
        last = x + k * last
        expected.append(last)
    np.testing.assert_allclose(deemphasize(wave, k), expected, atol=1e-10)


def test_a_long_wave_survives_there_and_back():
    wave = np.random.default_rng(0).uniform(-1, 1, 200_000).astype(np.float32)
    restored = deemphasize(preemphasize(wave, 0.97), 0.97)
    assert restored.dtype == np.float32
    # What is left is float32's rounding of the emphasized samples, summed by the recursion.
    np.testing.assert_allclose(restored, wave, atol=5e-6)


def test_nan_is_refused():
    with pytest.raises(AudioError, match="NaN"):
        deemphasize(np.array([np.nan]), 0.97)
