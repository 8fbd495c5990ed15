"""Where a spoken piece begins and ends: trimming silence, whole frames of pause, exact times.

Everything is done on the mel before it becomes a waveform, so that mel, durations, words and
samples of a piece keep agreeing: frames * hop_length samples, and no time is measured twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tacotron.audio.convention import MelConvention
from tacotron.audio.mel import scale, scale_linear, unscale
from tacotron.speak.engine import Speech
from tacotron.text.frontend import Word

SILENT_DB = -40.0  # a frame this far below the piece's loudest is silent
HEAD_SECONDS = 0.3  # from the first word on, and the loudest is near that of the whole
EDGE_SECONDS = 0.04  # of silence left before the first sound and after the last one
FADE_SECONDS = 0.004  # at both ends, so that joining to silence never clicks
KNEE = 0.9  # of full scale: louder samples are bent towards 1


class Trimmer:
    """Takes silence off both ends of an utterance as it is spoken, never a frame of a word.

    `EDGE_SECONDS` of it are left. What is silent is measured against the loudest frame: in front,
    against the loudest until `HEAD_SECONDS` after the first word begins, since nobody can wait for
    the end.
    """

    def __init__(self, durations: np.ndarray, words: Sequence[Word], c: MelConvention) -> None:
        """``durations`` int64 [symbols] are those of the whole utterance."""
        self._convention = c
        self._ends = np.cumsum(durations)
        self._starts = self._ends - durations
        self._edge = round(EDGE_SECONDS * c.frame_rate)
        self._frames = int(self._ends[-1])
        self._words_start = int(self._starts[words[0].start])
        self._words_end = int(self._ends[words[-1].stop - 1])
        self._head = min(self._frames, self._words_start + round(HEAD_SECONDS * c.frame_rate))
        self._energies = np.zeros(0, np.float32)
        self._held = np.zeros((0, c.n_mels), np.float32)  # from frame `_stop` on
        self._first: int | None = None
        self._stop = 0

    @property
    def is_done(self) -> bool:
        """Whether the whole utterance has been pushed."""
        return len(self._energies) == self._frames

    def push(self, mel: np.ndarray) -> np.ndarray:
        """Take the next frames [n, n_mels]; return those that are known to stay now."""
        self._energies = np.concatenate([self._energies, _energies(mel, self._convention)])
        self._held = np.concatenate([self._held, mel])
        if self._first is None and len(self._energies) >= self._head:
            loud = _loud(self._energies[: self._head])
            self._first = min(max(0, int(loud[0]) - self._edge), self._words_start)
            self._held = self._held[self._first :]
            self._stop = self._first
        if self._first is None:
            return self._held[:0]
        stop = min(len(self._energies), self._words_end)
        if self.is_done:
            behind = int(_loud(self._energies)[-1]) + 1 + self._edge
            stop = min(max(behind, self._words_end), self._frames)
        kept = self._held[: stop - self._stop]
        self._held = self._held[len(kept) :]
        self._stop += len(kept)
        return kept

    @property
    def first(self) -> int:
        """The utterance's frame that `push` returned first; 0 until it has."""
        return self._first or 0

    @property
    def ends(self) -> np.ndarray:
        """Where each symbol ends, int64 [symbols], in frames from `first` on; those behind the last
        word may be cut yet."""
        return np.maximum(0, self._ends - self.first)

    def spans(self) -> tuple[np.ndarray, np.ndarray]:
        """Where each symbol starts and ends, int64 [symbols] each, in frames of what `push` has
        returned so far: symbols still to come lie at its end."""
        first, stop = self.first, self._stop
        return np.clip(self._starts, first, stop) - first, np.clip(self._ends, first, stop) - first


def trim(speech: Speech, words: Sequence[Word], c: MelConvention) -> Speech:
    """Take silence off both ends of ``speech``: see `Trimmer`."""
    trimmer = Trimmer(speech.durations, words, c)
    mel = trimmer.push(speech.mel)
    starts, ends = trimmer.spans()
    linear = speech.linear
    if linear is not None:
        first = trimmer.first
        linear = linear[first : first + len(mel)]
    return replace(speech, mel=mel, durations=ends - starts, linear=linear)


def add_silence(speech: Speech, before: int, behind: int, c: MelConvention) -> Speech:
    """Lengthen the first and the last symbol of ``speech`` by that many frames of silence."""
    linear = speech.linear
    if linear is not None:
        silent = scale_linear(np.zeros((1, c.n_bins), np.float32), c)
        linear = np.concatenate([silent.repeat(before, 0), linear, silent.repeat(behind, 0)])
    durations = speech.durations.copy()
    durations[0] += before
    durations[-1] += behind
    mel = np.concatenate([silence(before, c), speech.mel, silence(behind, c)])
    return replace(speech, mel=mel, durations=durations, linear=linear)


def silence(frames: int, c: MelConvention) -> np.ndarray:
    """The mel of silence: float32 [frames, n_mels]."""
    return scale(np.zeros((frames, c.n_mels), np.float32), c)


class Finisher:
    """Makes the waveform of an utterance ready to be joined, as it comes.

    Its ends are faded, it is limited to [-1, 1], and lasts whole hops.
    """

    def __init__(self, *, sample_rate: int, hop_length: int) -> None:
        self._hop = hop_length
        self._fade = round(FADE_SECONDS * sample_rate)
        # Held back until more has come: what may be the end, in whole hops.
        self._behind = -(-self._fade // self._hop) * self._hop
        self._pending = np.zeros(0, np.float32)
        self._given = 0  # samples

    def push(self, wave: np.ndarray) -> np.ndarray:
        """Take the next samples; return those that are ready, whole hops: float32 [samples]."""
        self._pending = np.concatenate([self._pending, wave])
        ready = (len(self._pending) - self._behind) // self._hop * self._hop
        if ready < self._behind:
            return self._pending[:0]
        audio, self._pending = self._pending[:ready].copy(), self._pending[ready:]
        if not self._given:
            audio[: self._fade] *= _ramp(self._fade)
        self._given += ready
        return limit(audio)

    def finish(self, samples: int) -> np.ndarray:
        """Return the rest, padded or cut so that there are ``samples`` in all."""
        audio = np.zeros(samples - self._given, np.float32)
        end = min(len(self._pending), len(audio))
        audio[:end] = self._pending[:end]
        # Faded where the wave ends, which may be before the padding begins.
        fade = min(self._fade, end)
        if not self._given:
            audio[:fade] *= _ramp(fade)
        audio[end - fade : end] *= _ramp(fade)[::-1]
        return limit(audio)


def finish(wave: np.ndarray, samples: int, sample_rate: int) -> np.ndarray:
    """Return ``wave`` with its ends faded, padded or cut to ``samples``, limited to [-1, 1]."""
    finisher = Finisher(sample_rate=sample_rate, hop_length=1)
    return np.concatenate([finisher.push(wave[:samples]), finisher.finish(samples)])


def limit(audio: np.ndarray) -> np.ndarray:
    """Return ``audio`` within [-1, 1], bent softly from `KNEE` on: each sample by itself, so that
    what comes later changes nothing."""
    over = np.flatnonzero(np.abs(audio) > KNEE)
    if len(over) == 0:
        return audio
    limited = audio.copy()
    room = np.float32(1.0 - KNEE)
    beyond = (np.abs(audio[over]) - np.float32(KNEE)) / room
    limited[over] = np.sign(audio[over]) * (np.float32(KNEE) + room * np.tanh(beyond))
    return limited


def frame_seconds(frame: int, c: MelConvention) -> float:
    """When ``frame`` of a mel begins, in seconds of its waveform.

    A centered frame stands around its hop, so it begins half a hop before; the first begins at 0.
    """
    lead = 0.0 if c.framing == "hifigan" else 0.5
    return max(0.0, (frame - lead) * c.hop_length / c.sample_rate)


def _energies(mel: np.ndarray, c: MelConvention) -> np.ndarray:
    return (unscale(mel, c) ** np.float32(2 / c.power)).sum(axis=1)


def _loud(energies: np.ndarray) -> np.ndarray:
    """Numbers of the frames that are no silence beside the loudest of them."""
    return np.flatnonzero(energies > energies.max() * 10 ** (SILENT_DB / 10))


def _ramp(samples: int) -> np.ndarray:
    return np.linspace(0, 1, samples, endpoint=False, dtype=np.float32)
