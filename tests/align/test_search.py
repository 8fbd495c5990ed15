"""The monotonic search against every path there is."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.align.search import batch_durations, monotonic_durations, path_score


def best_by_force(log_probs: np.ndarray) -> float:
    frames, symbols = log_probs.shape
    scores = []
    for cuts in combinations(range(1, frames), symbols - 1):
        edges = [0, *cuts, frames]
        path = np.repeat(np.arange(symbols), np.diff(edges))
        scores.append(log_probs[np.arange(frames), path].sum())
    return max(scores)


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_no_path_is_better(symbols: int, more: int, seed: int) -> None:
    log_probs = np.random.default_rng(seed).normal(size=(symbols + more - 1, symbols))
    durations = monotonic_durations(log_probs)
    assert durations.min() >= 1
    assert durations.sum() == len(log_probs)
    found = path_score(log_probs, durations) * len(log_probs)
    assert found == pytest.approx(best_by_force(log_probs))


def test_too_few_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="2 frames can't visit 3 symbols"):
        monotonic_durations(np.zeros((2, 3)))


@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), min_size=1, max_size=5),
    st.integers(0, 2**32 - 1),
)
def test_company_changes_no_path(sizes: list[tuple[int, int]], seed: int) -> None:
    chance = np.random.default_rng(seed)
    maps = [chance.normal(size=(symbols + more, symbols)) for symbols, more in sizes]
    for together, log_probs in zip(batch_durations(maps), maps, strict=True):
        np.testing.assert_array_equal(together, monotonic_durations(log_probs))
