"""The engine of non-attentive voices: durations first, then a decoder loop of known length.

After Shen et al., "Non-Attentive Tacotron" (arXiv 2010.04301). Four graphs, batch 1: ``encoder``
(symbols to memory and expected durations), ``upsampler`` (memory stretched to the frames, pooled
to one condition a decoder step), ``decoder`` (one step, ``reduction_factor`` frames), ``postnet``
(all frames at once, into the convention's values).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tacotron.errors import VoiceError
from tacotron.speak.durations import LONGEST_SECONDS, frame_positions, whole_frames
from tacotron.speak.engine import Speech
from tacotron.speak.graphs import Graph
from tacotron.voice.bundle import Bundle

_STATES = ("hidden_1", "cell_1", "hidden_2", "cell_2")


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
        self._postnet = Graph(bundle, "postnet.onnx", inputs=("frames",), outputs=("mel",))

    def speak(
        self, ids: Sequence[int], *, speaker: int, speed: float, seed: Sequence[int]
    ) -> Speech:
        """See `tacotron.speak.engine.Engine.speak`."""
        memory, expected = self._encoder(
            {"ids": np.array([ids], np.int64), "speaker": np.array([speaker], np.int64)}
        )
        durations = self._whole_frames(expected[0], speed)
        index, position = frame_positions(durations)
        (condition,) = self._upsampler(
            {"memory": memory, "index": index[None], "position": position[None]}
        )
        frames = self._decode(condition[0], np.random.default_rng(seed))
        (mel,) = self._postnet({"frames": frames[None]})
        if mel.shape[1:] != (len(index), self._manifest.convention.n_mels):
            raise VoiceError(f"The voice {self._where} gives a mel of the wrong shape {mel.shape}.")
        if not np.isfinite(mel).all():
            raise VoiceError(f"The voice {self._where} gives NaN or Inf instead of speech.")
        return Speech(mel[0], durations)

    def _whole_frames(self, expected: np.ndarray, speed: float) -> np.ndarray:
        if not np.isfinite(expected).all():
            raise VoiceError(f"The voice {self._where} gives NaN or Inf for durations.")
        longest = LONGEST_SECONDS * self._manifest.convention.frame_rate
        expected = np.clip(expected.astype(np.float64), 0.0, longest) / speed
        return whole_frames(expected, multiple_of=self._manifest.reduction_factor)

    def _decode(self, condition: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """``condition`` float32 [steps, H] -> frames float32 [steps * r, n_mels]."""
        voice = self._manifest
        n_mels, steps = voice.convention.n_mels, len(condition)
        dropout_1, dropout_2 = (
            _dropout_masks(rng, steps, size, voice.prenet_dropout) for size in voice.prenet_sizes
        )
        frames = np.empty((steps, voice.reduction_factor, n_mels), np.float32)
        frame = np.zeros((1, n_mels), np.float32)
        states = [np.zeros((1, voice.decoder_size), np.float32)] * len(_STATES)
        for step in range(steps):
            inputs = {
                "frame": frame,
                "condition": condition[step : step + 1],
                "dropout_1": dropout_1[step : step + 1],
                "dropout_2": dropout_2[step : step + 1],
            }
            spoken, *states = self._decoder(inputs | dict(zip(_STATES, states, strict=True)))
            frames[step] = spoken[0]
            frame = spoken[:, -1]
        return frames.reshape(-1, n_mels)


def _dropout_masks(rng: np.random.Generator, steps: int, size: int, dropped: float) -> np.ndarray:
    """Masks of the prenet, which Tacotron keeps while speaking: float32 [steps, size]."""
    kept = rng.random((steps, size), np.float32) >= dropped
    return kept.astype(np.float32) / np.float32(1 - dropped)
