"""What a voice gives its listener: audio in chunks, and when each word is spoken in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tacotron.audio.convention import MelConvention
from tacotron.speak.edges import frame_seconds
from tacotron.text.frontend import Word


@dataclass(frozen=True)
class SpokenWord:
    """A word and when it is spoken."""

    text: str  # as it stands in the normalized text
    start: float  # seconds
    end: float  # seconds


@dataclass(frozen=True, eq=False)
class Chunk:
    """One spoken sentence (or part of a long one) with the pause that follows it, or some of it.

    `Voice.synthesize` gives a chunk a sentence. `Voice.stream` gives several, of the same ``index``
    and ``text``: a word is listed in the chunk where it begins, a symbol that several chunks share
    in each of them with its frames there, and the pause is a chunk to itself.

    ``audio``, ``mel``, ``durations`` and ``words`` agree exactly: there are ``len(mel) *
    hop_length`` samples, ``durations`` sum to ``len(mel)``, and the words' times follow from the
    durations. The chunks of a text, one after another, are the whole.
    """

    audio: np.ndarray  # float32 [samples], in [-1, 1]
    sample_rate: int  # Hz
    text: str  # as it was given
    normalized: str  # with numbers, abbreviations and the like spelled out
    words: tuple[SpokenWord, ...]  # times in seconds from the chunk's own beginning
    mel: np.ndarray  # float32 [frames, n_mels], in the scaled values of the voice's convention
    symbols: tuple[str, ...]  # what was spoken
    durations: np.ndarray  # int64 [symbols], frames that speak each
    start: float  # seconds from the beginning of the whole text
    index: int  # of its sentence in the text, from 0
    count: int | None  # sentences in the text; None while it is still arriving
    warnings: tuple[str, ...]  # one sentence for each thing that was dropped, guessed or cut

    @property
    def seconds(self) -> float:
        """How long ``audio`` lasts."""
        return len(self.audio) / self.sample_rate

    @property
    def end(self) -> float:
        """When its last word ends: seconds from the beginning of the whole text."""
        return self.start + (self.words[-1].end if self.words else 0.0)


def spoken_words(
    words: Sequence[Word], ends: np.ndarray, c: MelConvention
) -> tuple[SpokenWord, ...]:
    """When ``words`` are spoken whose symbols end at frames ``ends``, int64 [symbols]."""
    starts = np.concatenate([[0], ends[:-1]])
    return tuple(
        SpokenWord(
            word.text,
            frame_seconds(int(starts[word.start]), c),
            frame_seconds(int(ends[word.stop - 1]), c),
        )
        for word in words
    )
