"""Does this mel say this text? The aligner as a listener, without a recognizer."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tacotron.align.aligner import Aligner
from tacotron.align.search import monotonic_durations, path_score
from tacotron.text.frontend import Word


@torch.inference_mode()
def text_score(aligner: Aligner, ids: Tensor, mel: Tensor) -> float:
    """How well ``mel`` (float [T, n_mels], standardized) says ``ids`` (int64 [L]): the mean
    log-probability of a frame on the best monotonic path, 0 at best; -inf if T < L."""
    if len(mel) < len(ids):
        return -float("inf")
    log_probs = aligner(ids[None], mel[None], torch.tensor([len(ids)]))[0].numpy()
    return path_score(log_probs, monotonic_durations(log_probs))


def reordered(ids: np.ndarray, words: Sequence[Word], seed: int) -> np.ndarray:
    """The same utterance with its words in another order: what is between them stays.

    The fairest wrong text there is, as sounds and length are the same. No word keeps its place;
    raises `ValueError` for a single word.
    """
    if len(words) < 2:
        raise ValueError("one word has one order")
    order = list(range(len(words)))
    chance = random.Random(seed)
    while any(a == b for a, b in zip(order, range(len(words)), strict=True)):
        chance.shuffle(order)
    parts, end = [], 0
    for word, other in zip(words, order, strict=True):
        parts += [ids[end : word.start], ids[words[other].start : words[other].stop]]
        end = word.stop
    return np.concatenate([*parts, ids[end:]])
