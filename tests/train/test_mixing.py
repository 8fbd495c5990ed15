"""Words as phonemes: the right ones, in their frames, and the same ones at the same step."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tacotron.align import AlignerTraining, align_corpus
from tacotron.data.batches import BatchOrder, PieceDataset
from tacotron.data.corpus import PreparedCorpus, Utterance
from tacotron.data.mixing import MixedPieces, Stepped, mixed, shared
from tacotron.data.pieces import Piece, pieces_of
from tacotron.data.prepare import prepare
from tacotron.errors import TrainingError
from tacotron.text.keithito import SYMBOLS, KeithitoFrontend, sequence_to_text
from tacotron.text.lexicon import cmudict
from tacotron.train.checkpoints import read_checkpoint
from tacotron.train.recipe import Recipe, read_recipe
from tacotron.train.run import train

SMALL = {
    "embedding_size": 16,
    "prenet_sizes": (16, 16),
    "cbhg_size": 16,
    "encoder_bank": 4,
    "postnet_bank": 3,
    "postnet_projection": 16,
    "attention_size": 16,
    "decoder_size": 24,
    "bound_base": 20,
    "bound_per_symbol": 3,
}


class Corpus:
    """The texts of a corpus, without its recordings."""

    frontend = "keithito"
    folder = Path("corpus")
    symbols = SYMBOLS

    def __init__(self, *texts: str) -> None:
        self.utterances = []
        for text in texts:
            encoded = KeithitoFrontend().encode(text)
            blank = dict.fromkeys(Utterance.__slots__)
            found = {"text": text, "symbols": encoded.symbols, "words": encoded.words}
            self.utterances.append(Utterance(**blank | found))

    def ids(self, index: int) -> np.ndarray:
        table = {symbol: number for number, symbol in enumerate(SYMBOLS)}
        return np.array([table[s] for s in self.utterances[index].symbols], np.int64)

    def piece(self, index: int, frames: int = 4) -> Piece:
        durations = np.full(len(self.utterances[index].symbols), frames, np.int32)
        (piece,) = pieces_of(index, self.utterances[index].symbols, durations, 10**6)
        return piece


class Always(random.Random):
    def random(self) -> float:
        return 0.0


def spelled(corpus: Corpus, piece: Piece, chance: random.Random) -> str:
    return sequence_to_text(mixed(corpus, piece, chance).ids)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hearing cats.", "{HH IY1 R IH0 NG} {K AE1 T S}.~"),
        # A mark at a word's side is no part of it, which the original thought.
        ("(cats), cats; 'cats'!", "({K AE1 T S}), {K AE1 T S}; '{K AE1 T S}'!~"),
        ("It's cat-like.", "it's {K AE1 T}-{L AY1 K}.~"),
        # What has two pronunciations, and what has none, stays; so do phonemes.
        ("I read xyzzyq {K AE1 T} cats", "{AY1} read xyzzyq {K AE1 T} {K AE1 T S}~"),
        ("Mr. 2 cats", "{M IH1 S T ER0} {T UW1} {K AE1 T S}~"),
    ],
)
def test_words_become_their_one_pronunciation(text: str, expected: str) -> None:
    corpus = Corpus(text)
    assert spelled(corpus, corpus.piece(0), Always()) == expected


def test_words_keep_their_frames() -> None:
    corpus = Corpus("I, cats so.")
    piece = corpus.piece(0)
    found = mixed(corpus, piece, Always())
    assert sequence_to_text(found.ids) == "{AY1}, {K AE1 T S} {S OW1}.~"
    assert found.durations.tolist() == [4] * 12
    assert found.frames == piece.frames
    through = Corpus("through")  # seven letters, three phonemes
    found = mixed(through, replace(through.piece(0), durations=np.full(8, 3, np.int32)), Always())
    assert found.durations.tolist() == [7, 7, 7, 3]


def test_words_too_short_for_their_phonemes_stay() -> None:
    corpus = Corpus("box")  # B AA K S
    assert spelled(corpus, corpus.piece(0, frames=1), Always()) == "box~"
    assert spelled(corpus, corpus.piece(0, frames=2), Always()) == "{B AA1 K S}~"


def test_a_word_that_a_piece_cuts_is_no_word() -> None:
    corpus = Corpus("catsup")
    whole = corpus.piece(0)
    cut = replace(whole, symbols=slice(0, 3), durations=whole.durations[:3])
    assert spelled(corpus, cut, Always()) == "cat"


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12), st.data())
def test_frames_are_shared_out_in_order(durations: list[int], data: st.DataObject) -> None:
    frames = np.array(durations, np.int32)
    count = data.draw(st.integers(1, min(len(frames) * 2, int(frames.sum()))))
    found = shared(frames, count)
    assert len(found) == count
    assert found.sum() == frames.sum()
    assert found.min() >= 1
    if count == len(frames):
        assert found.tolist() == durations


TEXTS = st.text(st.sampled_from("abcdehilnorst' ,.-!()@{}1"), min_size=1, max_size=60)


@given(TEXTS, st.integers(0, 99), st.integers(1, 5))
def test_any_text_reads_as_before(text: str, seed: int, frames: int) -> None:
    """Undoing the words' phonemes gives the letters again."""
    corpus = Corpus(text)
    piece = corpus.piece(0, frames=frames)
    found = mixed(corpus, piece, random.Random(seed))
    assert len(found.ids) == len(found.durations)
    assert found.durations.sum() == piece.durations.sum()
    before, after = iter(corpus.utterances[0].symbols), [SYMBOLS[number] for number in found.ids]
    letters = [s for s in before if len(s) == 1 and (s.isalpha() or s == "'")]
    kept = [s for s in after if len(s) == 1 and (s.isalpha() or s == "'")]
    rest = iter(letters)
    assert all(letter in rest for letter in kept), "what was kept stands in its order"
    marks = [s for s in corpus.utterances[0].symbols if not s.isalpha() and s[0] not in "@'"]
    assert [s for s in after if not s.isalpha() and s[0] not in "@'"] == marks


def test_a_step_decides_what_is_mixed() -> None:
    corpus = Corpus(*["cats hearing cats hearing cats hearing"] * 200)
    pieces = [corpus.piece(n) for n in range(200)]
    dataset = MixedPieces(PieceDataset(corpus, pieces, reduction_factor=1), chance=0.5, seed=3)

    def at(step: int) -> list[str]:
        found = [dataset[step, place] for place in range(200)]
        return ["" if p.ids is None else sequence_to_text(p.ids) for p in found]

    assert at(7) == at(7)
    assert at(7) != at(8)
    # Half of the utterances, and half of the words in them.
    texts = [text for step in range(5) for text in at(step)]
    touched = [text for text in texts if text]
    assert 0.45 < len(touched) / len(texts) < 0.55
    assert 0.45 < sum(text.count("{") for text in touched) / (6 * len(touched)) < 0.55


def test_every_piece_knows_its_step() -> None:
    order = BatchOrder(list(range(100, 140)), frame_budget=2000, frame_multiple=32, seed=0, start=5)
    stepped = iter(Stepped(order))
    for step, batch in zip(range(5, 12), order, strict=False):
        assert next(stepped) == [(step, place) for place in batch]


def test_mistakes_are_named() -> None:
    dataset = PieceDataset(Corpus("cats"), [], reduction_factor=1)
    with pytest.raises(TrainingError, match="a chance is 0 to 1"):
        MixedPieces(dataset, chance=1.5, seed=0)
    dataset.corpus.frontend = "english"
    with pytest.raises(TrainingError, match="front end is english"):
        MixedPieces(dataset, chance=0.5, seed=0)


def test_the_dictionary_has_what_the_tests_say() -> None:
    assert len(cmudict().get("read")) == 2
    assert cmudict().get("cats") == (("K", "AE1", "T", "S"),)


@pytest.fixture(scope="module")
def lettered(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hummed recordings for keithito's front end."""
    folder = tmp_path_factory.mktemp("prepared") / "lettered"
    prepare(recordings, folder, frontend="keithito", workers=1)
    align_corpus(folder, settings=AlignerTraining(updates=20))
    return folder


def recipe(**changes: object) -> Recipe:
    training = {
        "updates": 4,
        "frames_per_batch": 1500,
        "validate_every": 4,
        "checkpoint_every": 2,
        "listen_to": 1,
        "sentences": ["one two"],
        "cmudict": 0.9,
    }
    return replace(read_recipe("tacotron2017", training | changes), model=SMALL)


def test_a_resumed_run_mixes_alike(lettered: Path, tmp_path: Path) -> None:
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    train(recipe(), lettered, whole)
    shutil.copytree(whole, resumed)
    (resumed / "checkpoints" / "update-00000004.ckpt").unlink()
    train(recipe(), lettered, resumed)
    states = [
        read_checkpoint(run / "checkpoints" / "update-00000004.ckpt")["current_model_state"]
        for run in (whole, resumed)
    ]
    for name, value in states[0].items():
        torch.testing.assert_close(states[1][name], value, rtol=0, atol=0)
    # Phonemes were learned: their embeddings moved, and no others' but the letters'.
    table = next(value for name, value in states[0].items() if name.endswith("embedding.weight"))
    plain = tmp_path / "plain"
    train(recipe(cmudict=0.0), lettered, plain)
    other = read_checkpoint(plain / "checkpoints" / "update-00000004.ckpt")["current_model_state"]
    untouched = next(value for name, value in other.items() if name.endswith("embedding.weight"))
    corpus = PreparedCorpus.open(lettered)
    rows = [corpus.symbols.index("@" + phoneme) for phoneme in ("AH1", "W", "S", "EH1", "V")]
    assert (table[rows] - untouched[rows]).abs().amax(1).min() > 1e-5
    unused = [corpus.symbols.index(symbol) for symbol in ("@ZH", "@OY2", "Q")]
    torch.testing.assert_close(table[unused], untouched[unused], rtol=1e-6, atol=1e-7)
