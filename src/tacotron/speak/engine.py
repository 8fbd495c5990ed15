"""What turns symbols into spectrograms: one engine for each kind of voice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Protocol

import numpy as np

from tacotron.errors import VoiceError
from tacotron.voice.bundle import Bundle

# Kind of voice -> module and class. Each module is imported when a voice of its kind is loaded.
ENGINES: Mapping[str, tuple[str, str]] = {
    "non-attentive": ("tacotron.speak.nonattentive", "NonAttentiveEngine"),
    "attentive": ("tacotron.speak.attentive", "AttentiveEngine"),
}


NO_PAUSES: Mapping[int, float] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Speech:
    """One utterance as an engine speaks it."""

    mel: np.ndarray  # float32 [frames, n_mels], in the scaled values of the voice's convention
    durations: np.ndarray  # int64 [symbols], frames that speak each; they sum to frames
    warnings: tuple[str, ...] = ()  # one sentence for each thing the listener should know
    linear: np.ndarray | None = None  # float32 [frames, n_bins], scaled too: from voices that do


@dataclass(frozen=True, eq=False)
class Utterance:
    """One utterance while an engine speaks it: what is known beforehand, and the mel as it comes.

    The blocks together are the mel that `Engine.speak` gives for the same arguments.
    """

    durations: np.ndarray  # int64 [symbols], frames that speak each
    mel: Iterator[np.ndarray]  # blocks float32 [frames, n_mels]
    warnings: tuple[str, ...] = ()


class Engine(Protocol):
    """Speaks with the graphs of one voice; holds nothing that speaking changes."""

    def __init__(self, bundle: Bundle) -> None: ...

    def speak(
        self,
        ids: Sequence[int],
        *,
        speaker: int,
        speed: float | np.ndarray,
        seed: Sequence[int],
        pauses: Mapping[int, float] = NO_PAUSES,
    ) -> Speech:
        """Speak ``ids`` (at least one) as ``speaker``, ``speed`` times as fast as it would be.

        ``speed`` is one factor or one a symbol. ``pauses`` are the seconds that symbols of no sound
        will be made to last (symbol -> seconds); the engine comes as near to that as it can. The
        same arguments give the same speech, bit for bit. Raises `VoiceError` where the voice's
        graphs fail.
        """
        ...

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
        """Begin to speak as `speak` does, to go on block by block as these are taken.

        ``blocks`` are the frames to decode for each, more than enough of them; an engine that can
        only speak the whole ignores them. Errors of the graphs may come with any block.
        """
        ...


def load_engine(bundle: Bundle) -> Engine:
    """Return the engine that speaks ``bundle``. Raises `VoiceError` where there is none."""
    kind = bundle.manifest.kind
    if kind not in ENGINES:
        raise VoiceError(
            f"The voice {bundle.path} is {kind}: this version speaks {' and '.join(ENGINES)} ones."
        )
    module, name = ENGINES[kind]
    return getattr(import_module(module), name)(bundle)
