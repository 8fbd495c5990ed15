"""Unknown words to phonemes, by a small network that has read the CMU dictionary.

The network (tacotron.train.letter_to_sound trains it) reads a word's letters both ways and gives,
for each letter, `SLOTS` distributions over a blank and the stressed phonemes, as a network trained
with connectionist temporal classification does (Graves et al., ICML 2006): repeats merge, blanks
go. Everything is decided at once, so a word costs about a millisecond.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tacotron.text.lexicon import Pronunciation
from tacotron.text.symbols import BARE_VOWELS, CONSONANTS

if TYPE_CHECKING:
    import onnxruntime

MODEL = Path(__file__).parent / "data" / "letter_to_sound.onnx"

LETTERS = "'abcdefghijklmnopqrstuvwxyz"
SLOTS = 2  # phonemes a letter may stand for, as in "x"
BLANK = 0  # class 0 is the blank, class n + 1 is PHONEMES[n]

# Classes with the stresses of a vowel taken together: which vowel it is gets decided first, then,
# over the whole word, which syllable is stressed.
_BARE = (*CONSONANTS, *BARE_VOWELS)
_FIRST_VOWEL = 1 + len(CONSONANTS)


def letter_ids(word: str) -> np.ndarray:
    """Return int64 [letters], the place of each letter of the lower-case ``word`` in `LETTERS`."""
    return np.array([LETTERS.index(letter) for letter in word], dtype=np.int64)


def decode(scores: np.ndarray) -> Pronunciation:
    """Return the likeliest pronunciation with one primary stress.

    ``scores`` are log probabilities [slots, 1 + len(PHONEMES)]. The best class of each slot is
    taken, repeats merged and blanks dropped; the stresses are those whose product is highest among
    the patterns with exactly one primary stress. A word without a vowel gets the likeliest one.
    """
    stressed = scores[:, _FIRST_VOWEL:].reshape(len(scores), len(BARE_VOWELS), 3)
    merged = np.concatenate(
        [scores[:, :_FIRST_VOWEL], np.logaddexp.reduce(stressed, axis=2)], axis=1
    )
    best = merged.argmax(axis=1)
    if best.max() < _FIRST_VOWEL:
        slot, vowel = np.unravel_index(merged[:, _FIRST_VOWEL:].argmax(), stressed.shape[:2])
        best[slot] = _FIRST_VOWEL + vowel

    sounds: list[tuple[int, int]] = []  # class and the slot that is surest of it
    previous = BLANK
    for slot, sound in enumerate(best.tolist()):
        if sound != previous and sound != BLANK:
            sounds.append((sound, slot))
        elif sound != BLANK and merged[slot, sound] > merged[sounds[-1][1], sound]:
            sounds[-1] = (sound, slot)
        previous = sound

    vowels = [n for n, (sound, _) in enumerate(sounds) if sound >= _FIRST_VOWEL]
    chances = np.array([stressed[sounds[n][1], sounds[n][0] - _FIRST_VOWEL] for n in vowels])
    gain = chances[:, 1] - np.maximum(chances[:, 0], chances[:, 2])
    stresses = np.where(chances[:, 2] > chances[:, 0], 2, 0)
    stresses[gain.argmax()] = 1
    marks = dict(zip(vowels, stresses.tolist(), strict=True))
    return tuple(
        _BARE[sound - 1] + (str(marks[n]) if n in marks else "")
        for n, (sound, _) in enumerate(sounds)
    )


class LetterToSound:
    """The trained network, in one thread."""

    def __init__(self, path: Path = MODEL) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: onnxruntime.InferenceSession = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )

    def guess(self, word: str) -> Pronunciation:
        """Return how the lower-case ``word`` of `LETTERS` is probably pronounced."""
        return decode(self.scores(letter_ids(word)))

    def scores(self, letters: np.ndarray) -> np.ndarray:
        """Return log probabilities [L * SLOTS, classes] for ``letters`` int64 [L]."""
        return self._session.run(None, {"letters": letters})[0]


@cache
def _network() -> LetterToSound:
    return LetterToSound()


@lru_cache(maxsize=4096)
def guess(word: str) -> Pronunciation:
    """Return how the lower-case ``word`` of `LETTERS` is probably pronounced.

    Asks the network that travels with the package, which is loaded for the first word; of the
    words asked for, the latest few thousand are remembered, as names come again and again.
    """
    return _network().guess(word)
