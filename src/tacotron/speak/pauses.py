"""Pauses within an utterance made as long as they should be, after it was spoken.

An engine is told beforehand, and speaks as much of a pause as it can; the rest is silence in the
middle, where nothing sounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from tacotron.audio.convention import MelConvention
from tacotron.audio.mel import scale_linear
from tacotron.speak.edges import silence
from tacotron.speak.engine import Speech, Utterance

# As much of a pause is left to the voice, seconds: it ends the sound before and begins the one
# behind. Longer ones are rare in what voices learn from.
SPOKEN_PAUSE = 0.25


def spoken_frames(
    expected: np.ndarray, pauses: Mapping[int, float], frame_rate: float
) -> np.ndarray:
    """``expected`` frames float64 [symbols], where those of ``pauses`` (symbol -> seconds) last as
    long, but no longer than `SPOKEN_PAUSE` or than the voice would pause itself."""
    if not pauses:
        return expected
    expected = expected.copy()
    for symbol, seconds in pauses.items():
        most = max(float(expected[symbol]), SPOKEN_PAUSE * frame_rate)
        expected[symbol] = min(seconds * frame_rate, most)
    return expected


def pause_speech(speech: Speech, pauses: Mapping[int, float], c: MelConvention) -> Speech:
    """``speech`` with symbols that last as many seconds as ``pauses`` says."""
    if not pauses:
        return speech
    durations, source = set_pauses(speech.durations, whole_frames_of(pauses, c))
    linear = speech.linear
    if linear is not None:
        silent = scale_linear(np.zeros((1, c.n_bins), np.float32), c)
        linear = np.concatenate([linear, silent])[source]
    mel = np.concatenate([speech.mel, silence(1, c)])[source]
    return replace(speech, mel=mel, durations=durations, linear=linear)


def pause_utterance(
    utterance: Utterance, pauses: Mapping[int, float], c: MelConvention
) -> Utterance:
    """As `pause_speech`, for what is still being spoken."""
    if not pauses:
        return utterance
    durations, source = set_pauses(utterance.durations, whole_frames_of(pauses, c))
    return replace(utterance, durations=durations, mel=_rearranged(utterance.mel, source, c))


def whole_frames_of(pauses: Mapping[int, float], c: MelConvention) -> dict[int, int]:
    """Seconds as frames."""
    return {symbol: round(seconds * c.frame_rate) for symbol, seconds in pauses.items()}


def set_pauses(durations: np.ndarray, pauses: Mapping[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Make symbols last as many frames as ``pauses`` says, by silence in the middle or its lack.

    Returns the new durations, int64 [symbols], and where each of the new frames comes from, int64
    [frames]: a frame of the utterance whose symbols last ``durations``, or -1 for silence.
    """
    ends = np.cumsum(durations)
    spans: list[np.ndarray] = []
    done = 0
    for symbol in sorted(pauses):
        start, stop = int(ends[symbol] - durations[symbol]), int(ends[symbol])
        kept = min(pauses[symbol], stop - start)
        front = start + (kept + 1) // 2
        spans += [
            np.arange(done, front),
            np.full(pauses[symbol] - kept, -1),
            np.arange(stop - kept // 2, stop),
        ]
        done = stop
    spans.append(np.arange(done, ends[-1]))
    durations = durations.copy()
    durations[list(pauses)] = list(pauses.values())
    return durations, np.concatenate(spans).astype(np.int64)


def _rearranged(
    blocks: Iterable[np.ndarray], source: np.ndarray, c: MelConvention
) -> Iterator[np.ndarray]:
    """The frames that ``source`` names, as soon as ``blocks`` have them."""
    reach = np.maximum.accumulate(source)  # the last frame that is needed so far
    silent = silence(1, c)
    seen, done = 0, 0
    for block in blocks:
        stop = int(np.searchsorted(reach, seen + len(block)))
        own = source[done:stop]
        # Silence is -1: the last row.
        yield np.concatenate([block, silent])[np.where(own < 0, -1, own - seen)]
        seen, done = seen + len(block), stop
