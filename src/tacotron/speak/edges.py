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
EDGE_SECONDS = 0.04  # of silence left before the first sound and after the last one
FADE_SECONDS = 0.004  # at both ends, so that joining to silence never clicks
HIGHEST = 0.99  # of full scale: what louder pieces are lowered to


def trim(speech: Speech, words: Sequence[Word], c: MelConvention) -> Speech:
    """Take silence off both ends of ``speech`` but for `EDGE_SECONDS`, never a frame of a word."""
    loud = np.flatnonzero(frame_levels(speech.mel, c) > SILENT_DB)
    ends = np.cumsum(speech.durations)
    starts = ends - speech.durations
    edge = round(EDGE_SECONDS * c.frame_rate)
    first = min(max(0, int(loud[0]) - edge), int(starts[words[0].start]))
    stop = max(int(loud[-1]) + 1 + edge, int(ends[words[-1].stop - 1]))
    stop = min(stop, len(speech.mel))
    durations = np.clip(ends, first, stop) - np.clip(starts, first, stop)
    linear = None if speech.linear is None else speech.linear[first:stop]
    return replace(speech, mel=speech.mel[first:stop], durations=durations, linear=linear)


def add_pause(speech: Speech, frames: int, c: MelConvention) -> Speech:
    """Lengthen the last symbol of ``speech`` by ``frames`` of silence."""
    silence = scale(np.zeros((frames, c.n_mels), np.float32), c)
    mel = np.concatenate([speech.mel, silence])
    linear = speech.linear
    if linear is not None:
        silence = scale_linear(np.zeros((frames, c.n_bins), np.float32), c)
        linear = np.concatenate([linear, silence])
    durations = speech.durations.copy()
    durations[-1] += frames
    return replace(speech, mel=mel, durations=durations, linear=linear)


def finish(wave: np.ndarray, samples: int, sample_rate: int) -> np.ndarray:
    """Return ``wave`` with its ends faded, padded or cut to ``samples``, limited to [-1, 1].

    A piece that would exceed full scale is lowered as a whole: that is heard less than clipping.
    """
    audio = np.zeros(samples, np.float32)
    audio[: len(wave)] = wave[:samples]
    # Faded where the wave ends, which may be before the padding begins.
    fade = min(round(FADE_SECONDS * sample_rate), len(wave), samples)
    ramp = np.linspace(0, 1, fade, endpoint=False, dtype=np.float32)
    audio[:fade] *= ramp
    end = min(len(wave), samples)
    audio[end - fade : end] *= ramp[::-1]
    peak = float(np.abs(audio).max(initial=0.0))
    if peak > 1.0:
        audio *= np.float32(HIGHEST / peak)
    return audio


def frame_seconds(frame: int, c: MelConvention) -> float:
    """When ``frame`` of a mel begins, in seconds of its waveform.

    A centered frame stands around its hop, so it begins half a hop before; the first begins at 0.
    """
    lead = 0.0 if c.framing == "hifigan" else 0.5
    return max(0.0, (frame - lead) * c.hop_length / c.sample_rate)


def frame_levels(mel: np.ndarray, c: MelConvention) -> np.ndarray:
    """Level of each frame of ``mel`` float32 [frames, n_mels] against the loudest one, in dB:
    float32 [frames]."""
    energy = (unscale(mel, c) ** np.float32(2 / c.power)).sum(axis=1)
    return 10 * np.log10(energy / energy.max())
