"""The network's answers are read as pronounceable words, and the shipped one knows English."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tacotron.text.letter_to_sound import LETTERS, SLOTS, LetterToSound, decode, guess, letter_ids
from tacotron.text.symbols import PHONEMES, is_phoneme, is_vowel

CLASSES = 1 + len(PHONEMES)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """More of torch's threads would wait for one another over the little work of a test."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def scores(*slots: dict[str, float]) -> np.ndarray:
    """Log probabilities with these chances of phonemes ("" is the blank) in each slot."""
    chances = np.full((len(slots), CLASSES), 1e-6, np.float32)
    for slot, named in enumerate(slots):
        for phoneme, chance in named.items():
            chances[slot, 1 + PHONEMES.index(phoneme) if phoneme else 0] = chance
    return np.log(chances / chances.sum(axis=1, keepdims=True))


def test_repeats_merge_and_blanks_part_them() -> None:
    t, o, blank = {"T": 0.9}, {"OW1": 0.9}, {"": 0.9}
    assert decode(scores(t, t, o, blank, o)) == ("T", "OW1", "OW0")
    assert decode(scores(t, blank, t, o)) == ("T", "T", "OW1")


def test_a_vowel_wins_by_the_chances_of_all_its_stresses() -> None:
    split = {"IY0": 0.3, "IY1": 0.3, "T": 0.4}
    assert decode(scores({"B": 1.0}, split)) == ("B", "IY1")


def test_exactly_the_likeliest_vowel_is_stressed() -> None:
    both = {"AA1": 0.6, "AA0": 0.4}
    surer = {"IY1": 0.9, "IY0": 0.1}
    neither = {"UW0": 0.5, "UW1": 0.2, "UW2": 0.3}
    assert decode(scores(both, {"T": 1.0}, surer)) == ("AA0", "T", "IY1")
    assert decode(scores(neither)) == ("UW1",)
    assert decode(scores(surer, {"T": 1.0}, {"EH2": 0.7, "EH0": 0.3})) == ("IY1", "T", "EH2")


def test_a_word_without_a_vowel_gets_the_likeliest() -> None:
    assert decode(scores({"B": 0.9}, {"": 0.8, "IH0": 0.1}, {"T": 0.9})) == ("B", "IH1", "T")


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 12), st.just(CLASSES)),
        elements=st.floats(-20, 0, width=32),
    )
)
def test_any_answer_gives_a_word_with_one_primary_stress(answer: np.ndarray) -> None:
    phonemes = decode(answer)
    assert all(is_phoneme(phoneme) for phoneme in phonemes)
    assert len(phonemes) <= len(answer)
    assert [phoneme[-1] for phoneme in phonemes if is_vowel(phoneme)].count("1") == 1


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("woodcutter", "W UH1 D K AH2 T ER0"),
        ("touchscreen", "T AH1 CH S K R IY2 N"),
        ("camberwell", "K AE1 M B ER0 W EH2 L"),
        ("quicklime", "K W IH1 K L AY2 M"),
    ],
)
def test_words_the_dictionary_lacks_sound_right(word: str, expected: str) -> None:
    assert " ".join(guess(word)) == expected


def test_held_out_words_are_mostly_right() -> None:
    training = pytest.importorskip("tacotron.train.letter_to_sound")
    _, held_out = training.dictionary_entries()
    sample = held_out[::12]
    wrong = [entry for entry in sample if guess(entry.word) not in entry.pronunciations]
    assert len(sample) > 500
    assert len(wrong) / len(sample) < 0.35


def test_an_exported_network_answers_as_the_trained_one(one_thread: None, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    training = pytest.importorskip("tacotron.train.letter_to_sound")
    words = {"bat": "B AE1 T", "tabs": "T AE1 B Z", "seed": "S IY1 D"}
    entries = [training.Entry(word, (tuple(said.split()),)) for word, said in words.items()]
    small = training.Settings(embedding=8, hidden=16, epochs=3, batch=2, rate=0.01)
    network = training.train(entries, small, entries)
    training.export(network, tmp_path / "small.onnx")
    exported = LetterToSound(tmp_path / "small.onnx")
    for word in (*words, "o'brien", "a"):
        letters = letter_ids(word)
        with torch.inference_mode():
            expected = network(torch.from_numpy(letters)[None])[0][0].numpy()
        assert expected.shape == (SLOTS * len(letters), CLASSES)
        # Weights are rounded to a byte.
        np.testing.assert_allclose(exported.scores(letters), expected, atol=0.05)
        assert exported.guess(word) == decode(exported.scores(letters))


def test_training_learns(one_thread: None) -> None:
    training = pytest.importorskip("tacotron.train.letter_to_sound")
    entry = training.Entry("bat", (("B", "AE1", "T"),))
    settings = training.Settings(embedding=8, hidden=16, epochs=40, batch=1, rate=0.03, dropout=0.0)
    network = training.train([entry], settings, [entry])
    assert training.Errors.of(network, [entry]).words == 0


def test_words_are_held_out_by_hash_and_have_room_for_their_phonemes() -> None:
    training = pytest.importorskip("tacotron.train.letter_to_sound")
    entries, held_out = training.dictionary_entries()
    assert 0.045 < len(held_out) / (len(entries) + len(held_out)) < 0.055
    assert not {entry.word for entry in entries} & {entry.word for entry in held_out}
    for entry in held_out:
        assert set(entry.word) <= set(LETTERS)
        assert all(len(each) <= SLOTS * len(entry.word) for each in entry.pronunciations)


def test_edit_distance() -> None:
    training = pytest.importorskip("tacotron.train.letter_to_sound")
    assert training.edit_distance((), ("B",)) == 1
    assert training.edit_distance(("B", "IY1"), ("B", "IY1")) == 0
    assert training.edit_distance(("B", "IY1", "T"), ("IY1", "D", "T")) == 2
