"""Vocoders as parts of voices: where they come from, and whether they fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tacotron.audio.convention import get_convention
from tacotron.errors import VoiceError
from tacotron.voice.bundle import VOCODER_WEIGHTS, Bundle
from tacotron.voice.conversion import conversion
from tacotron.voice.foreign_vocoder import inspect_vocoder
from tacotron.voice.manifest import VOCODER, Manifest, SourceFilterSettings, VocoderSettings
from tacotron.voice.registry import locate


@dataclass(frozen=True, eq=False)
class VocoderPart:
    """A vocoder that can be put into a voice."""

    settings: VocoderSettings
    parts: Mapping[str, bytes]  # of a voice file, by name
    provenance: Mapping[str, Any]  # where it comes from
    warnings: tuple[str, ...] = ()  # one sentence for each thing to know about it

    def fit(self, manifest: Manifest) -> tuple[Manifest, tuple[str, ...]]:
        """``manifest`` as that of a voice with this vocoder, and a sentence for each thing that
        does not fit entirely. Raises `VoiceError` where the voice's mels can't be given to it."""
        warnings = conversion(manifest.convention, self.settings.convention).warnings
        context = manifest.postnet_context
        fitted = replace(
            manifest,
            vocoder=self.settings,
            postnet_context=_postnet_context(manifest) if context is None else context,
            provenance=manifest.provenance | {"vocoder": self.provenance},
        )
        return fitted, (*self.warnings, *warnings)


def read_vocoder(
    source: str | Path, *, convention: str | None = None, with_weights: bool = True
) -> VocoderPart:
    """The vocoder in an ONNX file, of a training run (its folder), or of a voice (name or file).

    An ONNX file takes mels of ``convention``, the name of a preset or a ``.json`` file; the others
    know theirs. ``with_weights`` keeps what its training can go on from. Raises `VoiceError` for
    anything else, `AudioError` for an unknown convention, and `TrainingError` for a run that has no
    vocoder yet.
    """
    path = Path(source)
    if path.suffix == ".onnx":
        return _from_onnx(path, convention)
    if convention is not None:
        raise VoiceError(f"{source} says its mel convention itself: leave the convention out.")
    if path.is_dir():
        return _from_run(path, with_weights)
    bundle = Bundle.open(locate(source))
    if bundle.manifest.vocoder is None:
        raise VoiceError(f"The voice {bundle.path} has no vocoder: it speaks by Griffin-Lim.")
    kept = (VOCODER, VOCODER_WEIGHTS) if with_weights else (VOCODER,)
    parts = {part: bundle.read(part) for part in kept if part in bundle}
    provenance = bundle.manifest.provenance.get("vocoder", {})
    return VocoderPart(
        bundle.manifest.vocoder, parts, {"voice": bundle.manifest.name, "of": provenance}
    )


def _from_onnx(path: Path, convention: str | None) -> VocoderPart:
    if convention is None:
        raise VoiceError(
            f"{path} doesn't say which mels it takes: name the convention it was trained on, "
            "such as hifigan."
        )
    try:
        graph = path.read_bytes()
    except OSError as error:
        raise VoiceError(f"Could not read {path} ({error.strerror}).") from error
    settings, warnings = inspect_vocoder(graph, get_convention(convention), where=str(path))
    return VocoderPart(settings, {VOCODER: graph}, {"file": path.name}, warnings)


def _from_run(run: Path, with_weights: bool) -> VocoderPart:
    from tacotron.voice.vocoder_parts import trained_vocoder, vocoder_parts

    model, convention, updates = trained_vocoder(run)
    c = model.config
    settings = SourceFilterSettings(convention, c.n_fft, c.hop_length, c.context)
    parts = vocoder_parts(model, with_weights=with_weights)
    return VocoderPart(settings, parts, {"run": run.name, "updates": updates})


def _postnet_context(manifest: Manifest) -> int | None:
    """What a voice written before there were vocoders can tell of its post-net."""
    model = manifest.provenance.get("model", {})
    kernel, layers = model.get("postnet_kernel"), model.get("postnet_layers")
    is_known = manifest.kind == "non-attentive" and type(kernel) is type(layers) is int
    return postnet_context(kernel, layers) if is_known else None


def postnet_context(kernel: int, layers: int) -> int:
    """Frames to each side that the post-net of `tacotron.model.nonattentive` looks at: one
    convolution in front of its blocks, one in each, and one behind."""
    return kernel // 2 * (layers + 2)
