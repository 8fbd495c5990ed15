"""Whole frames from expected ones: exact totals, nothing skipped."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tacotron.speak.durations import attended_frames, frame_positions, whole_frames

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


def shares(durations: np.ndarray, r: int) -> np.ndarray:
    """What attention is taught: the share of each step's frames that each symbol speaks."""
    path = np.repeat(np.arange(len(durations)), durations)
    return np.eye(len(durations))[path].reshape(-1, r, len(durations)).mean(axis=1)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=30).map(np.array), factors)
def test_attention_on_a_path_gives_its_durations(durations: np.ndarray, r: int) -> None:
    durations[-1] += -durations.sum() % r
    found = attended_frames(shares(durations, r), durations.sum())
    assert found.tolist() == durations.tolist()


@given(st.integers(1, 30), st.integers(1, 30), factors, st.integers(0, 99), st.floats(0.1, 50))
def test_wherever_attention_looks_each_symbol_gets_a_frame(
    symbols: int, steps: int, r: int, seed: int, sharpness: float
) -> None:
    weights = np.exp(sharpness * np.random.default_rng(seed).normal(size=(steps, symbols)))
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    frames = max(symbols, steps * r)
    durations = attended_frames(weights, frames)
    assert durations.dtype == np.int64
    assert durations.min() >= 1
    assert durations.sum() == frames


def test_a_moments_look_elsewhere_moves_nothing() -> None:
    assert attended_frames(np.eye(3)[[0, 0, 1, 0, 1, 1, 2, 2]], 16).tolist() == [4, 8, 4]
    assert attended_frames(np.eye(3)[[0, 0, 2, 0, 0, 1, 1, 2, 2]], 9).tolist() == [5, 2, 2]


def test_skipped_symbols_borrow_from_the_next() -> None:
    assert attended_frames(np.eye(4)[[0, 0, 3, 3]], 8).tolist() == [4, 1, 1, 2]
    assert attended_frames(np.eye(4)[[0, 0, 0, 0]], 8).tolist() == [5, 1, 1, 1]
    assert attended_frames(np.eye(4)[[3, 3, 3, 3]], 8).tolist() == [1, 1, 1, 5]
