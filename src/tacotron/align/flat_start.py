"""A first alignment out of nothing: one Gaussian a symbol, begun from equal shares.

Every utterance is cut into as many equal pieces as it has symbols; then a Gaussian is fitted to the
frames of each symbol and the best path through them is searched, in turns, until the cuts lie where
the sound changes. This is how speech recognizers have been begun since HTK (the "flat start" of The
HTK Book; Viterbi training, also known as segmental k-means: Juang and Rabiner, 1990). It has so few
parameters that half an hour of speech is plenty, which is why it leads the aligner's first updates.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from tacotron.align.search import batch_durations
from tacotron.data.corpus import PreparedCorpus

Floats = NDArray[np.float32]

# Cepstral coefficients of a frame: the envelope of its spectrum, without pitch.
COEFFICIENTS = 16
# Turns of fitting and searching; cuts hardly move after these.
TURNS = 8
# Frames that the Gaussians are fitted to, at most: 40 minutes at the usual hop.
ENOUGH_FRAMES = 200_000
# Frames of the whole corpus that every symbol is mixed with, for those that are rare in it.
COMMON_FRAMES = 20.0
# Least variance, where that of all frames is 1: a Gaussian must not shrink onto few frames.
LEAST_VARIANCE = 0.1
# Utterances searched at a time.
GROUP = 32


@dataclass(frozen=True)
class Gaussians:
    """What each symbol sounds like: a diagonal Gaussian over `features`."""

    mean: Floats  # [symbols, 2 * COEFFICIENTS]
    variance: Floats  # as mean

    def log_likelihood(self, frames: Floats) -> Floats:
        """Log density of each of ``frames`` [T, features] under each symbol, up to a constant:
        float32 [T, symbols]."""
        precision = 1 / self.variance
        constant = (self.mean**2 * precision + np.log(self.variance)).sum(1)
        return -0.5 * (frames**2 @ precision.T - 2 * frames @ (self.mean * precision).T + constant)

    def durations(
        self, frames: Sequence[Floats], ids: Sequence[NDArray[np.int64]]
    ) -> list[NDArray[np.int32]]:
        """The best path of each utterance, from its `features` and symbol ids: frames a symbol."""
        return batch_durations(
            [self.log_likelihood(f)[:, symbols] for f, symbols in zip(frames, ids, strict=True)]
        )


def features(mel: NDArray[np.floating]) -> Floats:
    """Cepstrum and its slope over time, of a mel [T, n_mels]: float32 [T, 2 * COEFFICIENTS].

    The mean over the utterance is taken off, and with it much of the speaker and the microphone.
    """
    cepstrum = dct(np.asarray(mel, np.float32), norm="ortho", axis=1)[:, :COEFFICIENTS]
    cepstrum -= cepstrum.mean(0)
    near, far = (np.pad(cepstrum, ((width, width), (0, 0)), mode="edge") for width in (1, 3))
    slope = (near[2:] - near[:-2] + far[6:] - far[:-6]) / 2
    return np.concatenate([cepstrum, slope], 1)


def flat_start(corpus: PreparedCorpus, places: Sequence[int], *, seed: int = 0) -> Gaussians:
    """Fit the Gaussians to the utterances of ``corpus`` at ``places``, or to enough of them.

    Each must have at least a frame a symbol. The same ``seed`` gives the same Gaussians.
    """
    chosen = list(places)
    random.Random(seed).shuffle(chosen)
    total = np.cumsum([corpus.utterances[place].frames for place in chosen])
    chosen = chosen[: int(np.searchsorted(total, ENOUGH_FRAMES)) + 1]
    # Of like length together, so that searching wastes little on padding.
    chosen.sort(key=lambda place: corpus.utterances[place].frames)
    ids = [corpus.ids(place) for place in chosen]
    frames = [features(corpus.mel(place)) for place in chosen]
    together = np.concatenate(frames)
    durations = [_equal_shares(len(f), len(i)) for f, i in zip(frames, ids, strict=True)]
    gaussians = _fitted(together, ids, durations, len(corpus.symbols))
    for _ in range(TURNS):
        durations = []
        for start in range(0, len(chosen), GROUP):
            group = slice(start, start + GROUP)
            durations += gaussians.durations(frames[group], ids[group])
        gaussians = _fitted(together, ids, durations, len(corpus.symbols))
    return gaussians


def _equal_shares(frames: int, symbols: int) -> NDArray[np.int32]:
    """Durations that differ by a frame at most: int32 [symbols], their sum is ``frames``."""
    return np.diff(np.arange(symbols + 1) * frames // symbols).astype(np.int32)


def _fitted(
    frames: Floats,
    ids: Sequence[NDArray[np.int64]],
    durations: Sequence[NDArray[np.int32]],
    n_symbols: int,
) -> Gaussians:
    """The Gaussians of ``frames`` [all, features] that speak ``ids`` for ``durations``."""
    spoken = np.repeat(np.concatenate(ids), np.concatenate(durations))
    common = frames.var(0)
    mean = np.empty((n_symbols, frames.shape[1]), np.float32)
    variance = np.empty_like(mean)
    for symbol in range(n_symbols):
        own = frames[spoken == symbol]
        weight = len(own) + COMMON_FRAMES
        # The mean of all frames is nothing: each utterance's was taken off.
        mean[symbol] = own.sum(0) / weight
        squares = (own**2).sum(0) + COMMON_FRAMES * common
        variance[symbol] = np.maximum(squares / weight - mean[symbol] ** 2, LEAST_VARIANCE * common)
    return Gaussians(mean, variance)
