"""Edges of a piece: silence goes, words stay, frames and samples keep agreeing."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.audio.convention import get_convention
from tacotron.speak.edges import (
    EDGE_SECONDS,
    Finisher,
    Trimmer,
    add_silence,
    finish,
    frame_seconds,
    trim,
)
from tacotron.speak.engine import Speech
from tacotron.text import Word

NVIDIA = get_convention("nvidia")
EDGE = round(EDGE_SECONDS * NVIDIA.frame_rate)
SILENCE, SOUND = np.log(1e-5), np.log(0.1)


def speech(durations: list[int], loud: range) -> Speech:
    mel = np.full((sum(durations), NVIDIA.n_mels), SILENCE, np.float32)
    mel[loud.start : loud.stop, 20] = SOUND
    return Speech(mel, np.array(durations))


def test_silence_goes_but_for_an_edge() -> None:
    trimmed = trim(speech([30, 10, 40], range(30, 40)), [Word("a", 1, 2)], NVIDIA)
    assert trimmed.durations.tolist() == [EDGE, 10, EDGE]
    assert len(trimmed.mel) == 10 + 2 * EDGE
    assert (trimmed.mel[EDGE : EDGE + 10, 20] == np.float32(SOUND)).all()


def test_sound_outside_words_stays() -> None:
    trimmed = trim(speech([30, 10, 40], range(20, 50)), [Word("a", 1, 2)], NVIDIA)
    assert trimmed.durations.tolist() == [10 + EDGE, 10, 10 + EDGE]


@given(
    st.lists(st.integers(1, 40), min_size=3, max_size=9),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_words_are_never_cut(durations: list[int], begin: float, end: float) -> None:
    total = sum(durations)
    first, last = sorted((int(begin * (total - 1)), int(end * (total - 1))))
    before = speech(durations, range(first, last + 1))
    words = [Word("a", 1, 2), Word("b", len(durations) - 2, len(durations) - 1)]
    after = trim(before, words, NVIDIA)
    assert after.durations[1:-1].tolist() == durations[1:-1]
    assert after.durations.sum() == len(after.mel)
    assert (after.durations >= 0).all()
    assert (after.mel[:, 20] == np.float32(SOUND)).sum() == last + 1 - first


def test_added_silence_is_that_of_the_first_and_last_symbol() -> None:
    longer = add_silence(speech([2, 3], range(5)), 4, 7, NVIDIA)
    assert longer.durations.tolist() == [6, 10]
    assert len(longer.mel) == 16
    np.testing.assert_allclose(longer.mel[[*range(4), *range(9, 16)]], SILENCE, rtol=1e-6)
    assert (longer.mel[4:9, 20] == np.float32(SOUND)).all()


def test_a_linear_spectrogram_stays_beside_its_mel() -> None:
    before = speech([30, 10, 40], range(30, 40))
    linear = np.repeat(np.arange(80, dtype=np.float32)[:, None], NVIDIA.n_bins, axis=1)
    after = trim(replace(before, linear=linear), [Word("a", 1, 2)], NVIDIA)
    assert after.linear[:, 0].tolist() == list(range(30 - EDGE, 40 + EDGE))
    longer = add_silence(after, 2, 7, NVIDIA)
    assert longer.linear.shape == (len(longer.mel), NVIDIA.n_bins)
    np.testing.assert_allclose(longer.linear[[0, 1, *range(-7, 0)]], SILENCE, rtol=1e-6)
    np.testing.assert_array_equal(longer.linear[2:-7], after.linear)


@pytest.mark.parametrize("length", [0, 1, 10, 999, 1000, 1001, 5000])
def test_samples_are_as_many_as_asked(length: int) -> None:
    audio = finish(np.full(length, 0.5, np.float32), 1000, 22050)
    assert audio.shape == (1000,)
    assert audio.dtype == np.float32
    assert not audio[length:].any()


def test_ends_fade() -> None:
    audio = finish(np.full(800, 0.5, np.float32), 1000, 22050)
    assert audio[0] == 0.0
    assert audio[799] == 0.0
    assert np.abs(np.diff(audio)).max() < 0.01
    assert audio[400] == 0.5


def test_loud_samples_are_bent_and_others_left() -> None:
    wave = np.sin(np.arange(1000) / 5).astype(np.float32)
    loud, soft = finish(wave * 3, 1000, 22050), finish(wave * 0.9, 1000, 22050)
    assert 0.99 < np.abs(loud).max() <= 1.0
    inside = slice(100, -100)
    np.testing.assert_array_equal(soft[inside], (wave * np.float32(0.9))[inside])
    order = np.argsort(wave[inside])
    assert (np.diff(loud[inside][order]) >= 0).all()


@given(st.lists(st.integers(1, 700)), st.integers(0, 2000))
def test_waves_in_parts_are_finished_as_the_whole(cuts: list[int], length: int) -> None:
    wave = np.sin(np.arange(length) / 7).astype(np.float32) * 2
    samples = -(-length // 100) * 100
    whole = finish(wave, samples, 22050)
    finisher = Finisher(sample_rate=22050, hop_length=100)
    edges = np.clip(np.cumsum([0, *cuts]), 0, length).tolist()
    parts = [finisher.push(wave[a:b]) for a, b in pairwise([*edges, length])]
    assert all(len(part) % 100 == 0 for part in parts)
    np.testing.assert_allclose(
        np.concatenate([*parts, finisher.finish(samples)]), whole, rtol=0, atol=1e-6
    )


@given(st.lists(st.integers(1, 60)))
def test_speech_in_parts_is_trimmed_as_the_whole(cuts: list[int]) -> None:
    whole = speech([40, 20, 30, 50], range(43, 88))
    words = [Word("a", 1, 2), Word("b", 2, 3)]
    trimmed = trim(whole, words, NVIDIA)
    trimmer = Trimmer(whole.durations, words, NVIDIA)
    edges = np.clip(np.cumsum([0, *cuts]), 0, 140).tolist()
    parts = [trimmer.push(whole.mel[a:b]) for a, b in pairwise([*edges, 140])]
    assert trimmer.is_done
    np.testing.assert_array_equal(np.concatenate(parts), trimmed.mel)
    starts, ends = trimmer.spans()
    np.testing.assert_array_equal(ends - starts, trimmed.durations)


def test_frames_in_seconds() -> None:
    hop = NVIDIA.hop_length / NVIDIA.sample_rate
    assert frame_seconds(0, NVIDIA) == 0.0
    assert frame_seconds(3, NVIDIA) == pytest.approx(2.5 * hop)
    hifigan = NVIDIA.from_dict(NVIDIA.to_dict() | {"framing": "hifigan"})
    assert frame_seconds(3, hifigan) == pytest.approx(3 * hop)
