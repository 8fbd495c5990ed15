"""Pauses within an utterance last as long as they should, and nothing else changes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tacotron.audio.convention import get_convention
from tacotron.speak.edges import silence
from tacotron.speak.engine import Speech, Utterance
from tacotron.speak.pauses import (
    SPOKEN_PAUSE,
    pause_speech,
    pause_utterance,
    set_pauses,
    spoken_frames,
)

NVIDIA = get_convention("nvidia")


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=8).flatmap(
        lambda durations: st.tuples(
            st.just(durations),
            st.dictionaries(st.integers(0, len(durations) - 1), st.integers(0, 20)),
        )
    )
)
def test_set_pauses(case: tuple[list[int], dict[int, int]]) -> None:
    durations, pauses = np.array(case[0]), case[1]
    changed, source = set_pauses(durations, pauses)
    assert changed.sum() == len(source)
    index = np.repeat(np.arange(len(durations)), durations)
    spoken_by = np.repeat(np.arange(len(durations)), changed)
    heard = source >= 0
    assert (index[source[heard]] == spoken_by[heard]).all()
    assert (np.diff(source[heard]) > 0).all()
    for symbol, frames in enumerate(durations.tolist()):
        own = source[spoken_by == symbol]
        wanted = pauses.get(symbol, frames)
        assert len(own) == wanted
        assert (own >= 0).sum() == min(frames, wanted)
        if wanted > frames:  # the silence is in the middle
            assert own[0] >= 0
            assert frames == 1 or own[-1] >= 0


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=8),
    st.dictionaries(st.integers(0, 7), st.floats(0, 0.4)),
    st.integers(1, 30),
)
def test_what_is_still_being_spoken_gets_the_same_pauses(
    durations: list[int], seconds: dict[int, float], block: int
) -> None:
    pauses = {symbol: s for symbol, s in seconds.items() if symbol < len(durations)}
    rng = np.random.default_rng(sum(durations))
    mel = rng.standard_normal((sum(durations), NVIDIA.n_mels)).astype(np.float32)
    whole = pause_speech(Speech(mel, np.array(durations)), pauses, NVIDIA)
    assert len(whole.mel) == whole.durations.sum()
    blocks = (mel[start : start + block] for start in range(0, len(mel), block))
    streamed = pause_utterance(Utterance(np.array(durations), blocks), pauses, NVIDIA)
    np.testing.assert_array_equal(streamed.durations, whole.durations)
    np.testing.assert_array_equal(np.concatenate(list(streamed.mel)), whole.mel)


def test_silence_is_silent() -> None:
    mel = np.full((4, NVIDIA.n_mels), 3.0, np.float32)
    spoken = pause_speech(Speech(mel, np.array([1, 2, 1])), {1: 5 / NVIDIA.frame_rate}, NVIDIA)
    assert spoken.durations.tolist() == [1, 5, 1]
    np.testing.assert_array_equal(spoken.mel[2:5], silence(3, NVIDIA))
    np.testing.assert_array_equal(spoken.mel[[0, 1, 5, 6]], mel)


def test_how_much_of_a_pause_is_spoken() -> None:
    own = np.array([10.0, 30.0, 10.0, 10.0, 10.0])
    spoken = spoken_frames(own, {0: 0.05, 1: 2.0, 2: 2.0, 3: 0.2}, 100.0)
    assert spoken.tolist() == [5.0, 30.0, SPOKEN_PAUSE * 100, 20.0, 10.0]
    assert own.tolist() == [10.0, 30.0, 10.0, 10.0, 10.0]
