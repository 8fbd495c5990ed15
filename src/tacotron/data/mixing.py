"""Words as phonemes by chance, so that a model of letters learns to read phonemes, too.

keithito/tacotron's ``use_cmudict``: in some utterances, some words are written as the CMU
dictionary says them, ``{HH AH0 L OW1}``, which lets whoever speaks with the voice say names right.
There, a word with a comma behind it was looked up with the comma, and never found.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tacotron.data.batches import BatchOrder, PieceDataset
from tacotron.data.corpus import PreparedCorpus
from tacotron.data.pieces import Piece
from tacotron.errors import TrainingError
from tacotron.text.lexicon import Pronunciation, cmudict

#: How likely each word of an utterance that is chosen is written as phonemes.
WORD_CHANCE = 0.5

_WORD = re.compile(r"[A-Za-z']+")
_NO_LETTER = "\0"  # stands for a symbol of several characters, which is a phoneme already


class MixedPieces(PieceDataset):
    """`PieceDataset` whose numbers are (step, piece): the step decides what is phonemes."""

    def __init__(self, dataset: PieceDataset, *, chance: float, seed: int):
        """``chance`` is how likely an utterance has phonemes, 0 to 1.

        Raises `TrainingError` for another chance, and where the corpus' front end isn't keithito's.
        """
        corpus = dataset.corpus
        if corpus.frontend.partition(":")[0] != "keithito":
            raise TrainingError(
                f"Words can't be mixed with cmudict's in {corpus.folder}, whose front end is "
                f"{corpus.frontend}: it reads phonemes anyway; leave cmudict out of the recipe."
            )
        if not 0 <= chance <= 1:
            raise TrainingError(f"The recipe has cmudict = {chance:g}: a chance is 0 to 1.")
        super().__init__(
            corpus,
            dataset.pieces,
            reduction_factor=dataset.reduction_factor,
            with_linear=dataset.with_linear,
        )
        self.chance = chance
        self.seed = seed

    def __getitem__(self, number: tuple[int, int]) -> Piece:
        step, place = number
        # Not of the process: however many there are, an update sees the same.
        chance = random.Random(f"{self.seed}/{step}/{place}")
        piece = self.pieces[place]
        return mixed(self.corpus, piece, chance) if chance.random() < self.chance else piece


class Stepped:
    """The batches of an order, each piece with the number of the step: for `MixedPieces`."""

    def __init__(self, order: BatchOrder):
        self.order = order

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for step, batch in enumerate(self.order, self.order.start):
            yield [(step, place) for place in batch]


def mixed(corpus: PreparedCorpus, piece: Piece, chance: random.Random) -> Piece:
    """``piece`` with about half of the words that have one pronunciation as its phonemes.

    Each phoneme is taken to begin as far into the word's frames as it stands in the word: which
    letter speaks which phoneme is not known. Words with fewer frames than phonemes stay.
    """
    utterance = corpus.utterances[piece.utterance]
    index = {symbol: number for number, symbol in enumerate(corpus.symbols)}
    text = "".join(s if len(s) == 1 else _NO_LETTER for s in utterance.symbols)
    whole = corpus.ids(piece.utterance)
    first = piece.symbols.start
    ids, durations = [], []
    done = first
    for match in _WORD.finditer(text, first, piece.symbols.stop):
        start, stop, phonemes = _lookup(match)
        frames = piece.durations[start - first : stop - first]
        # A word that the piece's edge cuts isn't the word it looks like.
        cut = _is_letter(text[start - 1 : start]) or _is_letter(text[stop : stop + 1])
        if not phonemes or cut or frames.sum() < len(phonemes) or chance.random() >= WORD_CHANCE:
            continue
        ids += [whole[done:start], [index["@" + phoneme] for phoneme in phonemes]]
        durations += [piece.durations[done - first : start - first], shared(frames, len(phonemes))]
        done = stop
    ids.append(whole[done : piece.symbols.stop])
    durations.append(piece.durations[done - first :])
    return replace(
        piece,
        ids=np.concatenate(ids).astype(np.int64),
        durations=np.concatenate(durations).astype(np.int32),
    )


def shared(durations: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """The frames of ``durations`` [letters] shared out to ``count`` phonemes, at most as many: each
    ends as far into them as into the letters, and has one at least. Returns int32 [count]."""
    letters, frames = len(durations), int(durations.sum())
    until = np.concatenate([[0], np.cumsum(durations)])
    places = np.arange(1, count + 1)
    ends = np.rint(np.interp(places * letters / count, np.arange(letters + 1), until))
    # Room for those before, then for those behind.
    ends = np.maximum.accumulate(np.maximum(ends - places, 0)) + places
    ends = np.minimum(ends, frames - count + places)
    return np.diff(ends, prepend=0).astype(np.int32)


def _lookup(match: re.Match[str]) -> tuple[int, int, Pronunciation]:
    """Where a word stands, without quotes, and its phonemes where it has one pronunciation."""
    word, start = match[0].lower(), match.start()
    if not cmudict().get(word):
        bare = word.strip("'")
        start, word = start + len(word) - len(word.lstrip("'")), bare
    found = cmudict().get(word)
    return start, start + len(word), found[0] if len(found) == 1 else ()


def _is_letter(character: str) -> bool:
    return bool(_WORD.fullmatch(character)) and character != "'"
