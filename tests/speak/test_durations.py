"""Whole frames from expected ones: exact totals, nothing skipped."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tacotron.speak.durations import frame_positions, whole_frames

expected = st.lists(st.floats(0, 300), min_size=1, max_size=80).map(np.array)
ordinary = st.lists(st.floats(1.5, 60), min_size=1, max_size=80).map(np.array)
factors = st.integers(1, 7)


@given(expected, factors)
def test_every_symbol_is_spoken_in_whole_steps(frames: np.ndarray, r: int) -> None:
    durations = whole_frames(frames, multiple_of=r)
    assert durations.dtype == np.int64
    assert durations.min() >= 1
    assert durations.sum() % r == 0


@given(ordinary)
def test_the_total_is_right_to_a_frame(frames: np.ndarray) -> None:
    ends, wanted = np.cumsum(whole_frames(frames)), np.cumsum(frames)
    assert np.abs(ends - wanted).max() <= 0.5 + 1e-6


def test_short_symbols_borrow_from_their_followers() -> None:
    assert whole_frames(np.array([0.2, 0.2, 0.2, 6.4])).tolist() == [1, 1, 1, 4]


def test_only_the_last_symbol_fills_the_last_step() -> None:
    assert whole_frames(np.array([2.0, 3.0, 2.0]), multiple_of=5).tolist() == [2, 3, 5]


@given(st.lists(st.integers(1, 20), min_size=1, max_size=30).map(np.array))
def test_positions(durations: np.ndarray) -> None:
    index, position = frame_positions(durations)
    assert np.bincount(index).tolist() == durations.tolist()
    assert (np.diff(index) >= 0).all()
    assert position.shape == (durations.sum(), 3)
    assert position.dtype == np.float32


def test_positions_of_one_symbol() -> None:
    index, position = frame_positions(np.array([1, 4]))
    assert index.tolist() == [0, 1, 1, 1, 1]
    np.testing.assert_allclose(position[0], [0.5, 0.0, 1.0])
    np.testing.assert_allclose(position[1:, 0], [0.125, 0.375, 0.625, 0.875])
    np.testing.assert_allclose(position[1:, 1], np.log(4), rtol=1e-6)
    np.testing.assert_allclose(position[1:, 2], [1 / 4, 1 / 3, 1 / 2, 1], rtol=1e-6)
