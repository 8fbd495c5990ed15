"""One utterance spoken as it is decoded: every stage takes what the one before has finished.

The decoder's frames go through the post-net, the trimmer and the vocoder in blocks, each of which
holds back what later frames may still change. What comes out is what speaking the whole at once
gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np

from tacotron.audio.convention import MelConvention
from tacotron.speak.edges import Finisher, Trimmer
from tacotron.speak.engine import Utterance
from tacotron.speak.vocoder import WaveStream
from tacotron.text.frontend import Word

# Frames to decode before each look further. The first are about what post-net and vocoder hold
# back, so that audio begins soon; larger blocks then cost less, since each is run together with the
# frames around it, and must not take longer to make than the audio before them to play.
_FIRST_BLOCKS = (60, 60, 120)
_BLOCK = 240


@dataclass(frozen=True, eq=False)
class Passage:
    """Some of an utterance: what one block gave."""

    audio: np.ndarray  # float32 [samples], as many hops as frames
    mel: np.ndarray  # float32 [frames, n_mels]
    first: int  # which frame of the trimmed utterance it begins with
    ends: np.ndarray  # int64 [symbols], in which of them each symbol ends, trimmed or not


def block_sizes() -> Iterator[int]:
    """How many frames to decode at a time."""
    return chain(_FIRST_BLOCKS, repeat(_BLOCK))


def stream_passages(
    utterance: Utterance,
    words: Sequence[Word],
    begin: Callable[[int], WaveStream],
    c: MelConvention,
) -> Iterator[Passage]:
    """What becomes audio of ``utterance``, as it becomes it; ``words`` lie among its symbols.

    ``begin`` gives the vocoder, once it is known from which frame of the utterance on it will hear.
    """
    trimmer = Trimmer(utterance.durations, words, c)
    finisher = Finisher(sample_rate=c.sample_rate, hop_length=c.hop_length)
    waiting = np.zeros((0, c.n_mels), np.float32)  # frames whose audio is still to come
    given = 0
    vocoder: WaveStream | None = None
    for block in utterance.mel:
        mel = trimmer.push(block)
        if not len(mel) and not trimmer.is_done:
            continue
        vocoder = vocoder or begin(trimmer.first)
        last = trimmer.is_done
        waiting = np.concatenate([waiting, mel])
        audio = finisher.push(vocoder.push(mel, last=last))
        if last:
            samples = (given + len(waiting)) * c.hop_length
            audio = np.concatenate([audio, finisher.finish(samples)])
        frames = len(audio) // c.hop_length
        if frames:
            yield Passage(audio, waiting[:frames], given, trimmer.ends)
            waiting = waiting[frames:]
            given += frames
