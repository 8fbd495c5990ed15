"""What a voice says about itself: the ``voice.json`` in every voice file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tacotron.audio.convention import MelConvention
from tacotron.errors import TacotronError, VoiceError

FORMAT = 1  # raised when an older reader would misunderstand a newer file

# Kinds of voices and the graphs that each can't speak without.
KINDS: Mapping[str, tuple[str, ...]] = {
    "non-attentive": ("encoder.onnx", "upsampler.onnx", "decoder.onnx", "postnet.onnx"),
    "attentive": ("encoder.onnx", "decoder.onnx", "postnet.onnx"),
}

# The vocoder's graph, in voices whose manifest has a `vocoder`.
VOCODER = "vocoder.onnx"

# Names end up in terminals, file names and URLs.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST = 65_536  # of any width or count in a manifest: far above what a voice has


@dataclass(frozen=True)
class GriffinLimSettings:
    """How a voice without a vocoder turns its spectrogram into a waveform."""

    iterations: int = 60  # each costs two Fourier transforms of the whole sentence
    power: float = 1.2  # exponent on the magnitudes: deepens valleys that a smooth mel filled
    momentum: float = 0.99  # of fast Griffin-Lim (Perraudin et al., WASPAA 2013)


@dataclass(frozen=True)
class LengthBound:
    """The most frames that a voice gives to a text where its attention decides the length."""

    base: int
    per_symbol: int

    def frames(self, symbols: int) -> int:
        """The most frames for a text of that many ``symbols``."""
        return self.base + self.per_symbol * symbols


@dataclass(frozen=True)
class SourceFilterSettings:
    """Our own vocoder: ``vocoder.onnx`` shapes pulses and noise, see `tacotron.speak`."""

    convention: MelConvention  # of the mels it takes
    n_fft: int  # samples in its Fourier transform
    hop_length: int  # samples a frame; half of n_fft is a multiple of it
    context: int  # frames to each side that a frame's filters depend on


@dataclass(frozen=True)
class WaveformSettings:
    """Anybody's vocoder: ``vocoder.onnx`` takes a mel and gives ``hop_length`` samples a frame."""

    convention: MelConvention  # of the mels it takes
    layout: str  # one of LAYOUTS
    context: int | None  # frames to each side that a sample depends on; None where that is not few


VocoderSettings = SourceFilterSettings | WaveformSettings

_VOCODERS: Mapping[str, type[SourceFilterSettings] | type[WaveformSettings]] = {
    "source-filter": SourceFilterSettings,
    "waveform": WaveformSettings,
}
# Where the mel that a waveform vocoder takes has its frames: [..., n_mels, T] or [..., T, n_mels].
LAYOUTS = ("time-last", "time-first")


@dataclass(frozen=True)
class Manifest:
    """Everything about a voice but its graphs and weights."""

    name: str  # what `--voice` takes: letters, digits, '.', '_' and '-'
    kind: str  # one of KINDS: which engine speaks it
    language: str  # BCP 47 tag, such as en-US
    license: str  # of the voice: an SPDX expression or a sentence
    frontend: str  # the text front end its symbols come from
    symbols: tuple[str, ...]  # index = id that the encoder reads
    speakers: tuple[str, ...]  # index = speaker that the encoder reads; at least one
    convention: MelConvention  # of the mel it speaks
    reduction_factor: int  # frames a decoder step
    prenet_dropout: float  # share of prenet outputs dropped while speaking
    prenet_sizes: tuple[int, ...]  # outputs of each prenet layer
    decoder_size: int  # width of the decoder's states, and of its condition where it has one
    length_bound: LengthBound | None = None  # attentive voices have one
    # Seconds of silence that end an attentive voice's speech; 0: it has a stop token.
    end_silence: float = 0.0
    # Frames to each side that the post-net looks at; None where it must see the whole utterance.
    postnet_context: int | None = None
    vocoder: VocoderSettings | None = None  # None: Griffin-Lim
    griffin_lim: GriffinLimSettings = GriffinLimSettings()
    statistics: Mapping[str, Any] = field(default_factory=dict)  # measured levels of the corpus
    provenance: Mapping[str, Any] = field(default_factory=dict)  # data, recipe, steps, machine
    metrics: Mapping[str, Any] = field(default_factory=dict)  # figures, and how they were measured
    parts: Mapping[str, str] = field(default_factory=dict)  # name in the zip -> sha256, hexadecimal

    def to_json(self) -> str:
        """Return the text of ``voice.json``. Raises `VoiceError` where a figure is NaN or Inf."""
        data = {"format": FORMAT} | {f.name: getattr(self, f.name) for f in fields(self)}
        data["convention"] = self.convention.to_dict()
        data["griffin_lim"] = asdict(self.griffin_lim)
        data["length_bound"] = asdict(self.length_bound) if self.length_bound else None
        data["vocoder"] = _vocoder_to_dict(self.vocoder) if self.vocoder else None
        try:
            return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False, default=dict)
        except ValueError as error:
            raise VoiceError(
                f"The manifest of voice {self.name!r} holds a figure that is not finite."
            ) from error

    @classmethod
    def from_json(cls, text: str | bytes, *, source: str) -> Manifest:
        """Read ``voice.json``; ``source`` names the voice in messages.

        Keys that are not known here are skipped, so that a later version can add some. Raises
        `VoiceError` where something is missing or can't be meant.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise VoiceError(f"{source} is no voice: its voice.json can't be read.") from error
        if not isinstance(data, dict):
            raise VoiceError(f"{source} is no voice: its voice.json holds no object.")
        if data.get("format") != FORMAT:
            raise VoiceError(
                f"{source} is a voice of format {data.get('format')!r:.20}, this version reads "
                f"format {FORMAT}: get the voice or the program that fits the other."
            )
        read = _Reader(data, source)
        kind = read.choice("kind", KINDS)
        return cls(
            name=read.text("name", _NAME),
            kind=kind,
            language=read.text("language"),
            license=read.text("license"),
            frontend=read.text("frontend"),
            symbols=read.texts("symbols"),
            speakers=read.texts("speakers"),
            convention=read.convention(),
            reduction_factor=read.integer("reduction_factor", 1),
            prenet_dropout=read.number("prenet_dropout", 0.0, 0.95),
            prenet_sizes=read.sizes("prenet_sizes"),
            decoder_size=read.integer("decoder_size", 1),
            length_bound=read.length_bound() if kind == "attentive" else None,
            end_silence=read.number("end_silence", 0.0, 60.0, absent=0.0),
            postnet_context=read.context("postnet_context"),
            vocoder=read.vocoder(),
            griffin_lim=read.griffin_lim(),
            statistics=read.object("statistics"),
            provenance=read.object("provenance"),
            metrics=read.object("metrics"),
            parts=read.parts(),
        )


def _vocoder_to_dict(settings: VocoderSettings) -> dict[str, Any]:
    kind = next(kind for kind, cls in _VOCODERS.items() if isinstance(settings, cls))
    return {"kind": kind} | asdict(settings) | {"convention": settings.convention.to_dict()}


class _Reader:
    """Fields of a decoded ``voice.json``, each checked for its type and range."""

    def __init__(self, data: Mapping[str, Any], source: str, prefix: str = "") -> None:
        self._data = data
        self._source = source
        self._prefix = prefix  # of the keys in messages

    def _wrong(self, key: str, expected: str) -> VoiceError:
        return VoiceError(
            f"{self._source} is no voice: "
            f"{self._prefix + key!r} in its voice.json is not {expected}."
        )

    def text(self, key: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self._data.get(key)
        if not isinstance(value, str) or not value.isprintable() or not value:
            raise self._wrong(key, "a text")
        if pattern and not pattern.fullmatch(value):
            raise self._wrong(key, "a name of letters, digits, '.', '_' and '-'")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._data.get(key)
        if (
            not isinstance(value, list)
            or not 0 < len(value) <= _LARGEST
            or not all(isinstance(item, str) and item for item in value)
            or len(set(value)) < len(value)
        ):
            raise self._wrong(key, "a list of different texts")
        return tuple(value)

    def choice(self, key: str, choices: Mapping[str, Any]) -> str:
        value = self._data.get(key)
        if not isinstance(value, str) or value not in choices:
            raise self._wrong(key, " or ".join(repr(choice) for choice in choices))
        return value

    def integer(self, key: str, low: int) -> int:
        value = self._data.get(key)
        if type(value) is not int or not low <= value <= _LARGEST:
            raise self._wrong(key, f"a whole number from {low} to {_LARGEST}")
        return value

    def number(self, key: str, low: float, high: float, absent: float | None = None) -> float:
        value = self._data.get(key, absent)
        if type(value) not in (int, float) or not low <= value <= high:
            raise self._wrong(key, f"a number from {low:g} to {high:g}")
        return float(value)

    def sizes(self, key: str) -> tuple[int, ...]:
        value = self._data.get(key)
        if not isinstance(value, list) or not all(
            type(size) is int and 0 < size <= _LARGEST for size in value
        ):
            raise self._wrong(key, "a list of whole numbers above 0")
        return tuple(value)

    def object(self, key: str) -> Mapping[str, Any]:
        value = self._data.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, "an object")
        return value

    def convention(self) -> MelConvention:
        try:
            return MelConvention.from_dict(self.object("convention"))
        except (TacotronError, KeyError, TypeError, ValueError) as error:
            raise self._wrong("convention", "a mel convention that this version knows") from error

    def length_bound(self) -> LengthBound:
        # A frame for each symbol at least, so that each can be spoken.
        read = _Reader(self.object("length_bound"), self._source, "length_bound.")
        return LengthBound(read.integer("base", 0), read.integer("per_symbol", 1))

    def context(self, key: str) -> int | None:
        return None if self._data.get(key) is None else self.integer(key, 0)

    def vocoder(self) -> VocoderSettings | None:
        if self._data.get("vocoder") is None:
            return None
        read = _Reader(self.object("vocoder"), self._source, "vocoder.")
        convention = read.convention()
        if read.choice("kind", _VOCODERS) == "waveform":
            layout = read.choice("layout", dict.fromkeys(LAYOUTS))
            return WaveformSettings(convention, layout, read.context("context"))
        n_fft, hop_length = read.integer("n_fft", 2), read.integer("hop_length", 1)
        if n_fft % (2 * hop_length):
            raise read._wrong("n_fft", "a multiple of twice the hop_length")
        return SourceFilterSettings(convention, n_fft, hop_length, read.integer("context", 0))

    def griffin_lim(self) -> GriffinLimSettings:
        settings = asdict(GriffinLimSettings()) | self.object("griffin_lim")
        read = _Reader(settings, self._source, "griffin_lim.")
        return GriffinLimSettings(
            iterations=read.integer("iterations", 0),
            power=read.number("power", 0.1, 10.0),
            momentum=read.number("momentum", 0.0, 1.0),
        )

    def parts(self) -> Mapping[str, str]:
        parts = self.object("parts")
        if not all(isinstance(sha, str) and _SHA256.fullmatch(sha) for sha in parts.values()):
            raise self._wrong("parts", "a list of parts with their sha256")
        return parts
