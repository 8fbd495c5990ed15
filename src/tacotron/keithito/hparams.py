"""keithito/tacotron's hyper-parameters, and what they say about a voice.

Its checkpoints don't keep them, so whoever trained with others than the defaults says so again, in
the words of the original's ``--hparams``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from typing import Any

from tacotron.audio.convention import Affine, MelConvention, get_convention
from tacotron.errors import AudioError, VoiceError

# name=value, where lists stand in brackets, since commas part one assignment from the next.
_ASSIGNMENT = re.compile(r"\s*([A-Za-z]\w*)\s*=\s*(\[[^\]]*\]|[^,\[\]]*)\s*(?:,|$)")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Hparams:
    """The original's ``hparams.py``, name for name. Those for training are read and set aside."""

    cleaners: str = "english_cleaners"  # the text front end's
    num_mels: int = 80
    num_freq: int = 1025  # bins of the linear spectrogram: n_fft / 2 + 1
    sample_rate: int = 20000  # Hz
    frame_length_ms: float = 50.0  # of the window
    frame_shift_ms: float = 12.5
    preemphasis: float = 0.97
    min_level_db: float = -100.0  # becomes 0
    ref_level_db: float = 20.0  # becomes 1
    outputs_per_step: int = 5  # the reduction factor
    embed_depth: int = 256
    prenet_depths: tuple[int, ...] = (256, 128)
    encoder_depth: int = 256
    postnet_depth: int = 256
    attention_depth: int = 256
    decoder_depth: int = 256
    batch_size: int = 32
    adam_beta1: float = 0.9
    adam_beta2: float = 0.999
    initial_learning_rate: float = 0.002
    decay_learning_rate: bool = True
    use_cmudict: bool = False
    max_iters: int = 200  # decoder steps until speech is cut off
    griffin_lim_iters: int = 60
    power: float = 1.5  # exponent of the magnitudes before Griffin-Lim

    @property
    def frame_bound(self) -> int:
        """The most frames that the original speaks at a time."""
        return self.max_iters * self.outputs_per_step

    def convention(self) -> MelConvention:
        """What mels and linear spectrograms of this voice mean.

        Raises `VoiceError` where the figures don't go together.
        """
        preset = get_convention("keithito")
        try:
            own = replace(
                preset,
                sample_rate=self.sample_rate,
                n_fft=2 * (self.num_freq - 1),
                hop_length=int(self.frame_shift_ms / 1000 * self.sample_rate),
                win_length=int(self.frame_length_ms / 1000 * self.sample_rate),
                preemphasis=self.preemphasis,
                n_mels=self.num_mels,
                fmax=self.sample_rate / 2,
                reference_db=self.ref_level_db,
                scaling=Affine(low=self.min_level_db, high=0.0, clip=True),
            )
        except AudioError as error:
            raise VoiceError(f"These hparams can't belong to a voice: {error}") from error
        return replace(own, name="keithito-hparams") if own.differences(preset) else preset


def parse_hparams(text: str) -> dict[str, Any]:
    """Values by name of ``sample_rate=22050,prenet_depths=[256,128]``, checked and converted.

    Raises `VoiceError` for what isn't of this form, for unknown names and for wrong values.
    """
    given: dict[str, Any] = {}
    at = 0
    while at < len(text.rstrip()):
        match = _ASSIGNMENT.match(text, at)
        if match is None or match.end() == at:
            raise VoiceError(
                f"Can't read the hparams from {text[at:][:40]!r} on: write name=value,name=value, "
                "lists in brackets."
            )
        name, value = match[1], match[2].strip()
        given[name] = _converted(name, value)
        at = match.end()
    return given


def with_overrides(given: Mapping[str, Any]) -> Hparams:
    """The defaults with the values of `parse_hparams` in their place."""
    return replace(Hparams(), **given)


def _converted(name: str, text: str) -> Any:
    defaults = {field.name: field.default for field in fields(Hparams)}
    if name not in defaults:
        near = get_close_matches(name, defaults, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(defaults)}."
        raise VoiceError(f"keithito/tacotron has no hyper-parameter {name}: {hint}")
    default = defaults[name]
    try:
        if isinstance(default, tuple):
            if not text.startswith("["):
                raise ValueError
            value: Any = tuple(int(item) for item in text[1:-1].split(","))
        elif isinstance(default, bool):
            value = _BOOLEANS[text.lower()]
        else:
            value = type(default)(text)
    except (ValueError, KeyError) as error:
        like = list(default) if isinstance(default, tuple) else default
        raise VoiceError(
            f"The hyper-parameter {name} can't be {text!r}: give one like {like}."
        ) from error
    sizes = value if isinstance(value, tuple) else (value,) if type(value) is int else ()
    if any(size < 1 for size in sizes):
        raise VoiceError(f"The hyper-parameter {name} can't be {text}: it must be at least 1.")
    return value
