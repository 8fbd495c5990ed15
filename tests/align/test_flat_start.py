"""The first alignment out of nothing, on sounds whose times are known."""

from __future__ import annotations

import numpy as np

from tacotron.align.flat_start import features, flat_start
from tacotron.data.corpus import PreparedCorpus

from .conftest import WRONG, hummed_starts


def test_words_start_where_they_were_hummed(corpus: PreparedCorpus) -> None:
    places = [n for n, u in enumerate(corpus.utterances) if u.id not in WRONG]
    found = flat_start(corpus, places).durations(
        [features(corpus.mel(n)) for n in places], [corpus.ids(n) for n in places]
    )
    hop = corpus.convention.hop_length / corpus.convention.sample_rate
    errors, equal_shares = [], []
    for place, durations in zip(places, found, strict=True):
        utterance = corpus.utterances[place]
        assert durations.sum() == utterance.frames
        words = [word.start for word in utterance.words]
        starts = hop * (np.cumsum(durations) - durations)[words]
        shares = utterance.frames * hop * np.array(words) / len(utterance.symbols)
        truth = hummed_starts(utterance.text)
        errors += list(np.abs(starts - starts[0] - truth)[1:])
        equal_shares += list(np.abs(shares - shares[0] - truth)[1:])
    assert np.mean(errors) < np.mean(equal_shares) / 2
    assert np.median(errors) < 0.03


def test_the_same_seed_finds_the_same(corpus: PreparedCorpus) -> None:
    first, again = (flat_start(corpus, range(20), seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.mean, again.mean)
    np.testing.assert_array_equal(first.variance, again.variance)


def test_unheard_symbols_sound_like_all_frames(corpus: PreparedCorpus) -> None:
    gaussians = flat_start(corpus, range(5))
    heard = {symbol for n in range(5) for symbol in corpus.ids(n).tolist()}
    unheard = next(n for n in range(len(corpus.symbols)) if n not in heard)
    assert not gaussians.mean[unheard].any()
    assert (gaussians.variance > 0).all()


def test_loudness_is_not_heard() -> None:
    mel = np.random.default_rng(0).normal(size=(30, 80)).astype(np.float32)
    np.testing.assert_allclose(features(mel), features(mel + 3), atol=1e-5)
    assert features(mel[:1]).shape == (1, 32)
