"""What turns the spectrograms that a voice speaks into a waveform, at once or as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from functools import partial
from typing import Protocol

import numpy as np

from tacotron.audio.following import MelBands, MelFollower
from tacotron.errors import VoiceError
from tacotron.speak.engine import Speech
from tacotron.speak.graphs import Graph
from tacotron.speak.pitch import Pitch, PitchMover
from tacotron.speak.source_filter import Filters, SourceFilter
from tacotron.speak.windows import Windows
from tacotron.voice.bundle import Bundle
from tacotron.voice.conversion import conversion
from tacotron.voice.manifest import VOCODER, SourceFilterSettings, WaveformSettings

# After the seed of an utterance, where its vocoder's chance begins: apart from its decoder's.
_CHANCE = 1


class WaveStream(Protocol):
    """Turns the mel of one utterance into its waveform as it comes."""

    def push(self, mel: np.ndarray, *, last: bool = False) -> np.ndarray:
        """Take the next frames, float32 [frames, n_mels], and return the samples that they make
        known, float32 [samples]; with ``last``, all that remain."""
        ...


class Vocoder(Protocol):
    """Turns what one voice speaks into waveforms; holds nothing that doing so changes."""

    @property
    def streams(self) -> bool:
        """Whether it can `begin` before the whole utterance is there."""
        ...

    @property
    def moves_pitch(self) -> bool:
        """Whether it can speak at another ``pitch``."""
        ...

    def __call__(
        self, speech: Speech, *, seed: Sequence[int], pitch: Pitch | None = None
    ) -> np.ndarray:
        """The waveform of ``speech``: float32 [samples].

        Frame t lies where the convention's framing puts it; the length is about frames hops. The
        same ``seed`` gives the same samples. ``pitch`` is of the same frames, and None is its own:
        only where it `moves_pitch` is there any other.
        """
        ...


class StreamingVocoder(Vocoder, Protocol):
    """A vocoder that `streams`."""

    def begin(self, *, seed: Sequence[int], pitch: Pitch | None = None) -> WaveStream:
        """What turns an utterance's mel into the same samples bit by bit."""
        ...


class GriffinLimVocoder:
    """Needs no training: finds phases that fit the magnitudes, as the voice's file says.

    The magnitudes are those of the linear spectrogram where the voice speaks one, or else what the
    mel leaves known of them.
    """

    streams = False  # phases depend on all frames
    moves_pitch = False

    def __init__(self, bundle: Bundle) -> None:
        self._convention = bundle.manifest.convention
        self._settings = bundle.manifest.griffin_lim

    def __call__(
        self, speech: Speech, *, seed: Sequence[int], pitch: Pitch | None = None
    ) -> np.ndarray:
        """See `Vocoder`: its first phases are the same for any seed."""
        from tacotron.audio.griffin_lim import linear_to_wave, mel_to_wave

        settings = asdict(self._settings)
        if speech.linear is not None:
            return linear_to_wave(speech.linear, self._convention, **settings)
        return mel_to_wave(speech.mel, self._convention, **settings)


class SourceFilterVocoder:
    """Our own: a graph predicts filters, `SourceFilter` sends pulses and noise through them, and a
    `MelFollower` holds what comes out to the mel."""

    streams = True
    moves_pitch = True

    def __init__(self, bundle: Bundle, settings: SourceFilterSettings) -> None:
        self._where = bundle.path
        self._settings = settings
        self._convert = conversion(bundle.manifest.convention, settings.convention)
        self._bands = MelBands(settings.convention)
        self._graph = Graph(
            bundle,
            VOCODER,
            inputs=("mel",),
            outputs=tuple(field.name for field in fields(Filters)),
        )

    def __call__(
        self, speech: Speech, *, seed: Sequence[int], pitch: Pitch | None = None
    ) -> np.ndarray:
        """See `Vocoder`."""
        return self.begin(seed=seed, pitch=pitch).push(speech.mel, last=True)

    def begin(self, *, seed: Sequence[int], pitch: Pitch | None = None) -> WaveStream:
        """See `StreamingVocoder`. Another range of pitch needs the whole utterance, to know the
        mean: no samples come before the last frame is there."""
        # A mel has the harmonics of its own pitch: at another, there is none to follow.
        follower = None if pitch else MelFollower(self._bands)
        return _SourceFilterStream(
            self._filters, self._convert, self._settings, follower, seed, pitch
        )

    def _filters(self, mel: np.ndarray) -> list[np.ndarray]:
        """``mel`` float32 [T, n_mels], the vocoder's values -> the arrays of `Filters`."""
        arrays = self._graph({"mel": mel[None]})
        bins = self._settings.n_fft // 2 + 1
        value, spectrum = (1, len(mel)), (1, len(mel), bins)
        expected = [value, spectrum, spectrum, spectrum, value]
        if [array.shape for array in arrays] != expected:
            raise VoiceError(f"The {VOCODER} of voice {self._where} gives filters of wrong shapes.")
        if not all(np.isfinite(array).all() for array in arrays) or not (arrays[0] > 0).all():
            raise VoiceError(f"The {VOCODER} of voice {self._where} gives NaN, Inf, or no pitch.")
        return [array[0] for array in arrays]


class _SourceFilterStream:
    def __init__(
        self,
        filters: Callable[[np.ndarray], list[np.ndarray]],
        convert: Callable[[np.ndarray], np.ndarray],
        settings: SourceFilterSettings,
        follower: MelFollower | None,
        seed: Sequence[int],
        pitch: Pitch | None,
    ) -> None:
        rng = np.random.default_rng((*seed, _CHANCE))
        self._convert = convert
        self._windows = Windows(filters, context=settings.context)
        self._move = PitchMover(pitch, settings) if pitch else None
        self._follower = follower
        self._synthesis = SourceFilter(
            sample_rate=settings.convention.sample_rate,
            n_fft=settings.n_fft,
            hop_length=settings.hop_length,
            noise=partial(rng.standard_normal, dtype=np.float32),
        )

    def push(self, mel: np.ndarray, *, last: bool = False) -> np.ndarray:
        """See `WaveStream`."""
        mel = self._convert(mel)
        arrays = self._windows.push(mel, last=last)
        filters = None if arrays is None else Filters(*arrays)
        if self._move:
            filters = self._move.push(filters, last=last)
        wave = np.zeros(0, np.float32) if filters is None else self._synthesis.push(filters)
        if last:
            wave = np.concatenate([wave, self._synthesis.finish()])
        if self._follower is None:
            return wave
        wave = self._follower.push(mel, wave)
        return np.concatenate([wave, self._follower.finish()]) if last else wave


class WaveformVocoder:
    """Anybody's: a graph gives the samples themselves, ``hop_length`` of them a frame."""

    moves_pitch = False

    def __init__(self, bundle: Bundle, settings: WaveformSettings) -> None:
        self._where = bundle.path
        self._settings = settings
        self._hop = settings.convention.hop_length
        self._convert = conversion(bundle.manifest.convention, settings.convention)
        self._graph = Graph(bundle, VOCODER)
        ((self._input, shape),) = self._graph.shapes.items()
        self._rank = len(shape)

    @property
    def streams(self) -> bool:
        """See `Vocoder`: only where it is known how far the graph looks."""
        return self._settings.context is not None

    def __call__(
        self, speech: Speech, *, seed: Sequence[int], pitch: Pitch | None = None
    ) -> np.ndarray:
        """See `Vocoder`: what chance the graph takes is its own."""
        return self._samples(speech.mel)

    def begin(self, *, seed: Sequence[int], pitch: Pitch | None = None) -> WaveStream:
        """See `StreamingVocoder`."""
        return _WaveformStream(self._samples, self._hop, self._settings.context)

    def _samples(self, mel: np.ndarray) -> np.ndarray:
        """``mel`` float32 [T, n_mels] -> float32 [samples], at most T hops."""
        values = self._convert(mel)
        if self._settings.layout == "time-last":
            values = np.ascontiguousarray(values.T)
        batched = values.reshape((1,) * (self._rank - 2) + values.shape)
        (wave,) = self._graph({self._input: batched})
        if not np.isfinite(wave).all():
            raise VoiceError(f"The {VOCODER} of voice {self._where} gives NaN or Inf, not sound.")
        return wave.reshape(-1)[: len(mel) * self._hop]


class _WaveformStream:
    def __init__(
        self, samples: Callable[[np.ndarray], np.ndarray], hop_length: int, context: int
    ) -> None:
        self._samples = samples
        self._hop = hop_length
        self._lacking = 0  # samples that the graph gives less than whole hops
        self._windows = Windows(self._hops, context=context)

    def _hops(self, mel: np.ndarray) -> list[np.ndarray]:
        wave = self._samples(mel)
        self._lacking = len(mel) * self._hop - len(wave)
        return [np.pad(wave, (0, self._lacking)).reshape(len(mel), self._hop)]

    def push(self, mel: np.ndarray, *, last: bool = False) -> np.ndarray:
        """See `WaveStream`."""
        hops = self._windows.push(mel, last=last)
        if hops is None:
            return np.zeros(0, np.float32)
        wave = hops[0].reshape(-1)
        return wave[: len(wave) - self._lacking] if last else wave


def load_vocoder(bundle: Bundle) -> Vocoder:
    """Return what turns the spectrograms of the voice ``bundle`` into waveforms.

    Raises `VoiceError` where its graph can't run, or takes mels that the voice can't give it.
    """
    settings = bundle.manifest.vocoder
    if settings is None:
        return GriffinLimVocoder(bundle)
    if isinstance(settings, SourceFilterSettings):
        return SourceFilterVocoder(bundle, settings)
    return WaveformVocoder(bundle, settings)
