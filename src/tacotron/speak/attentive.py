"""The engine of attentive voices: a decoder that listens its way through the text to its end.

After Wang et al., "Tacotron" (arXiv 1703.10135), with a stop token. Three graphs, batch 1:
``encoder`` (symbols to memory and the keys attention finds it by), ``decoder`` (one step,
``reduction_factor`` frames, and where it looked), ``postnet`` (all frames at once, into the
convention's values, mel and linear spectrogram).

Nothing keeps attention from losing its way, and then the stop token may never come: a bound taken
from the text ends the speech, and its warning says so. Voices without a stop token, such as those
of keithito/tacotron, are ended where a long silence begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tacotron.errors import VoiceError
from tacotron.speak.durations import attended_frames, whole_frames
from tacotron.speak.ending import end_of_speech
from tacotron.speak.engine import NO_PAUSES, Speech, Utterance
from tacotron.speak.graphs import Graph
from tacotron.voice.bundle import Bundle

_STATES = ("attending", "context", "residual_1", "residual_2")


class AttentiveEngine:
    """Speaks an attentive voice."""

    def __init__(self, bundle: Bundle) -> None:
        """Load the graphs. Raises `VoiceError` where they aren't those of such a voice."""
        self._manifest = bundle.manifest
        self._where = bundle.path
        self._encoder = Graph(
            bundle, "encoder.onnx", inputs=("ids", "speaker"), outputs=("memory", "keys")
        )
        self._decoder = Graph(
            bundle,
            "decoder.onnx",
            inputs=("frame", "memory", "keys", *_STATES),
            outputs=("frames", "weights", "stop", *(f"next_{state}" for state in _STATES)),
        )
        self._postnet = Graph(bundle, "postnet.onnx", inputs=("frames",), outputs=("mel", "linear"))

    def speak(
        self,
        ids: Sequence[int],
        *,
        speaker: int,
        speed: float | np.ndarray,
        seed: Sequence[int],
        pauses: Mapping[int, float] = NO_PAUSES,
    ) -> Speech:
        """See `tacotron.speak.engine.Engine.speak`.

        These voices know one pace and no chance: another ``speed`` stretches what was spoken,
        ``seed`` and ``pauses`` change nothing.
        """
        memory, keys = self._encoder(
            {"ids": np.array([ids], np.int64), "speaker": np.array([speaker], np.int64)}
        )
        frames, weights, finished = self._decode(memory, keys)
        mel, linear = self._postnet({"frames": frames[None]})
        c, r = self._manifest.convention, self._manifest.reduction_factor
        expected = [(1, len(frames), c.n_mels), (1, len(frames), c.n_bins)]
        if [mel.shape, linear.shape] != expected:
            raise VoiceError(
                f"The voice {self._where} gives spectrograms of the wrong shapes "
                f"{mel.shape} and {linear.shape}."
            )
        if not all(np.isfinite(values).all() for values in (mel, linear, weights)):
            raise VoiceError(f"The voice {self._where} gives NaN or Inf instead of speech.")
        mel, linear = mel[0], linear[0]
        if self._manifest.end_silence:
            end = end_of_speech(mel, c, self._manifest.end_silence)
            finished = end is not None
            # A frame for every symbol, as `attended_frames` gives it.
            steps = _steps(max(end or 0, len(ids)), r) if finished else len(weights)
            weights, mel, linear = weights[:steps], mel[: steps * r], linear[: steps * r]
        warnings = () if finished else (self._unfinished(len(mel)),)
        durations = attended_frames(weights, len(mel))
        if np.ptp(speed):
            own, durations = durations, whole_frames(durations / speed)
            mel, linear = (_stretch(values, own, durations) for values in (mel, linear))
        elif np.max(speed) != 1.0:
            count = max(len(ids), round(len(mel) / float(np.max(speed))))
            own, all_frames = np.array([len(mel)]), np.array([count])
            mel, linear = (_stretch(values, own, all_frames) for values in (mel, linear))
            durations = attended_frames(weights, count)
        return Speech(mel, durations, warnings, linear)

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
        """See `tacotron.speak.engine.Engine.begin`: where attention looked is known at the end."""
        speech = self.speak(ids, speaker=speaker, speed=speed, seed=seed)
        return Utterance(speech.durations, iter([speech.mel]), speech.warnings)

    def _decode(self, memory: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
        """``memory`` float32 [1, symbols, E] and ``keys`` float32 [1, symbols, A] -> frames float32
        [steps * r, n_mels], weights float32 [steps, symbols], and whether the stop token came."""
        voice = self._manifest
        symbols, r, n_mels = memory.shape[1], voice.reduction_factor, voice.convention.n_mels
        # No symbol takes less than a frame: a stop token before that is no end.
        fewest = _steps(symbols, r)
        most = _steps(voice.length_bound.frames(symbols), r)
        frames, weights = [], []
        frame = np.zeros((1, n_mels), np.float32)
        widths = (voice.decoder_size, memory.shape[2], voice.decoder_size, voice.decoder_size)
        states = [np.zeros((1, width), np.float32) for width in widths]
        finished = False
        while not finished and len(frames) < most:
            spoken, looked, stop, *states = self._decoder(
                {"frame": frame, "memory": memory, "keys": keys}
                | dict(zip(_STATES, states, strict=True))
            )
            frames.append(spoken[0])
            weights.append(looked[0])
            frame = spoken[:, -1]
            finished = len(frames) >= fewest and bool(stop[0] > 0)
        return np.concatenate(frames), np.stack(weights), finished

    def _unfinished(self, frames: int) -> str:
        seconds = frames / self._manifest.convention.frame_rate
        return (
            f"The voice {self._manifest.name} found no end to a sentence and was stopped after "
            f"{seconds:.1f} seconds, the most for its text: it may have lost its way in it."
        )


def _steps(frames: int, r: int) -> int:
    return -(-frames // r)


def _stretch(values: np.ndarray, own: np.ndarray, durations: np.ndarray) -> np.ndarray:
    """``values`` float32 [frames, channels] in parts of ``own`` frames, with ``durations`` frames
    in those parts: each evenly from within its part, between two neighbors in proportion to their
    distance."""
    part = np.repeat(np.arange(len(durations)), durations)
    within = np.arange(len(part)) - (np.cumsum(durations) - durations)[part]
    starts = np.cumsum(own) - own
    at = starts[part] + (within + 0.5) * (own / durations)[part] - 0.5
    at = np.clip(at, 0, len(values) - 1)
    before = at.astype(np.int64)
    after = np.minimum(before + 1, len(values) - 1)
    share = (at - before).astype(np.float32)[:, None]
    return values[before] * (1 - share) + values[after] * share
