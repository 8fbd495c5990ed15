"""The engine of non-attentive voices: durations first, then a decoder loop of known length.

After Shen et al., "Non-Attentive Tacotron" (arXiv 2010.04301). Four graphs, batch 1: ``encoder``
(symbols to memory and expected durations), ``upsampler`` (memory stretched to the frames, pooled
to one condition a decoder step), ``decoder`` (steps of ``reduction_factor`` frames), ``postnet``
(frames with those around them, into the convention's values).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat

import numpy as np

from tacotron.errors import VoiceError
from tacotron.speak.durations import LONGEST_SECONDS, frame_positions, whole_frames
from tacotron.speak.engine import NO_PAUSES, Speech, Utterance
from tacotron.speak.graphs import Graph
from tacotron.speak.pauses import spoken_frames
from tacotron.speak.windows import Windows
from tacotron.voice.bundle import Bundle

_STATES = ("hidden_1", "cell_1", "hidden_2", "cell_2")
_ALL = 1 << 30  # frames: more than any utterance has


class NonAttentiveEngine:
    """Speaks a non-attentive voice."""

    def __init__(self, bundle: Bundle) -> None:
        """Load the graphs. Raises `VoiceError` where they aren't those of such a voice."""
        self._manifest = bundle.manifest
        self._where = bundle.path
        if len(self._manifest.prenet_sizes) != 2:
            raise VoiceError(f"The voice {bundle.path} needs two prenet_sizes in its voice.json.")
        self._encoder = Graph(
            bundle, "encoder.onnx", inputs=("ids", "speaker"), outputs=("memory", "durations")
        )
        self._upsampler = Graph(
            bundle,
            "upsampler.onnx",
            inputs=("memory", "index", "position"),
            outputs=("condition",),
        )
        self._decoder = Graph(
            bundle,
            "decoder.onnx",
            inputs=("frame", "condition", "dropout_1", "dropout_2", *_STATES),
            outputs=("frames", *(f"next_{state}" for state in _STATES)),
        )
        # Voices of the format's first days have graphs of a single step.
        steps = self._decoder.shapes["condition"][0]
        self._steps_at_once = steps if isinstance(steps, int) else None
        self._postnet = Graph(bundle, "postnet.onnx", inputs=("frames",), outputs=("mel",))

    def speak(
        self,
        ids: Sequence[int],
        *,
        speaker: int,
        speed: float | np.ndarray,
        seed: Sequence[int],
        pauses: Mapping[int, float] = NO_PAUSES,
    ) -> Speech:
        """See `tacotron.speak.engine.Engine.speak`."""
        spoken = self.begin(
            ids, speaker=speaker, speed=speed, seed=seed, blocks=repeat(_ALL), pauses=pauses
        )
        return Speech(np.concatenate(list(spoken.mel)), spoken.durations)

    def begin(
        self,
        ids: Sequence[int],
        *,
        speaker: int,
        speed: float | np.ndarray,
        seed: Sequence[int],
        blocks: Iterable[int],
        pauses: Mapping[int, float] = NO_PAUSES,
    ) -> Utterance:
        """See `tacotron.speak.engine.Engine.begin`."""
        memory, expected = self._encoder(
            {"ids": np.array([ids], np.int64), "speaker": np.array([speaker], np.int64)}
        )
        durations = self._whole_frames(expected[0], speed, pauses)
        index, position = frame_positions(durations)
        (condition,) = self._upsampler(
            {"memory": memory, "index": index[None], "position": position[None]}
        )
        if self._manifest.postnet_context is None:
            blocks = repeat(_ALL)
        frames = self._decode(condition[0], np.random.default_rng(seed), iter(blocks))
        return Utterance(durations, self._refine(frames, len(index)))

    def _refine(self, decoded: Iterable[np.ndarray], frames: int) -> Iterator[np.ndarray]:
        """Blocks of decoded frames, ``frames`` in all -> blocks of the mel in the convention."""
        windows = Windows(self._run_postnet, context=self._manifest.postnet_context or 0)
        for block in decoded:
            frames -= len(block)
            mel = windows.push(block, last=frames == 0)
            if mel is not None:
                yield mel[0]

    def _run_postnet(self, frames: np.ndarray) -> list[np.ndarray]:
        (mel,) = self._postnet({"frames": frames[None]})
        if mel.shape[1:] != (len(frames), self._manifest.convention.n_mels):
            raise VoiceError(f"The voice {self._where} gives a mel of the wrong shape {mel.shape}.")
        if not np.isfinite(mel).all():
            raise VoiceError(f"The voice {self._where} gives NaN or Inf instead of speech.")
        return [mel[0]]

    def _whole_frames(
        self, expected: np.ndarray, speed: float | np.ndarray, pauses: Mapping[int, float]
    ) -> np.ndarray:
        if not np.isfinite(expected).all():
            raise VoiceError(f"The voice {self._where} gives NaN or Inf for durations.")
        frame_rate = self._manifest.convention.frame_rate
        expected = np.clip(expected.astype(np.float64), 0.0, LONGEST_SECONDS * frame_rate) / speed
        expected = spoken_frames(expected, pauses, frame_rate)
        return whole_frames(expected, multiple_of=self._manifest.reduction_factor)

    def _decode(
        self, condition: np.ndarray, rng: np.random.Generator, blocks: Iterator[int]
    ) -> Iterator[np.ndarray]:
        """``condition`` float32 [steps, H] -> blocks of frames float32 [frames, n_mels]."""
        voice = self._manifest
        r, n_mels, steps = voice.reduction_factor, voice.convention.n_mels, len(condition)
        dropout_1, dropout_2 = (
            _dropout_masks(rng, steps, size, voice.prenet_dropout) for size in voice.prenet_sizes
        )
        frame = np.zeros((1, n_mels), np.float32)
        states = [np.zeros((1, voice.decoder_size), np.float32)] * len(_STATES)
        done = 0
        while done < steps:
            stop = min(steps, done - (-next(blocks) // r))
            frames = np.empty((stop - done, r, n_mels), np.float32)
            most = self._steps_at_once or stop - done
            for first in range(done, stop, most):
                now = slice(first, min(first + most, stop))
                inputs = {
                    "frame": frame,
                    "condition": condition[now],
                    "dropout_1": dropout_1[now],
                    "dropout_2": dropout_2[now],
                }
                spoken, *states = self._decoder(inputs | dict(zip(_STATES, states, strict=True)))
                frames[now.start - done : now.stop - done] = spoken
                frame = spoken[-1:, -1]
            done = stop
            yield frames.reshape(-1, n_mels)


def _dropout_masks(rng: np.random.Generator, steps: int, size: int, dropped: float) -> np.ndarray:
    """Masks of the prenet, which Tacotron keeps while speaking: float32 [steps, size]."""
    kept = rng.random((steps, size), np.float32) >= dropped
    return kept.astype(np.float32) / np.float32(1 - dropped)
