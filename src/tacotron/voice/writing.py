"""Voice files put together: of what a run gives, or of another voice with something exchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tacotron.errors import VoiceError
from tacotron.voice.bundle import (
    ALIGNER,
    LEXICON,
    MODEL_CARD,
    VOCODER_WEIGHTS,
    WEIGHTS,
    Bundle,
    write_bundle,
)
from tacotron.voice.manifest import VOCODER, Manifest
from tacotron.voice.vocoders import VocoderPart

if TYPE_CHECKING:
    from tacotron.voice.quantize import Given

# What only training needs.
TRAINING_PARTS = frozenset({WEIGHTS, VOCODER_WEIGHTS, ALIGNER})


def write_voice(
    output: Path,
    manifest: Manifest,
    parts: Mapping[str, bytes],
    *,
    vocoder: VocoderPart | None = None,
) -> tuple[Bundle, tuple[str, ...]]:
    """Write the voice file ``output``; return it, and a sentence for each thing to know.

    ``vocoder`` takes the place of one among ``parts``. Raises `VoiceError` where it doesn't fit or
    a part is missing, and `TacotronError` where the file can't be written.
    """
    warnings: tuple[str, ...] = ()
    if vocoder is not None:
        manifest, warnings = vocoder.fit(manifest)
        kept = {part: data for part, data in parts.items() if part not in _VOCODER_PARTS}
        parts = kept | dict(vocoder.parts)
    write_bundle(output, manifest, parts)
    return Bundle.open(output), warnings


def rewrite_voice(
    bundle: Bundle,
    output: Path,
    *,
    card: Path | None = None,
    lexicon: Path | None = None,
    with_weights: bool = True,
    vocoder: VocoderPart | None = None,
    **changes: Any,
) -> tuple[Bundle, tuple[str, ...]]:
    """Write the voice ``bundle`` as the voice file ``output``, with what is given exchanged.

    ``card`` and ``lexicon`` are files; ``changes`` are other fields of the manifest. Figures that
    were measured are dropped where the vocoder or the weights they were measured with change.
    Returns and raises what `write_voice` does, and `VoiceError` where a file can't be read.
    """
    dropped = frozenset() if with_weights else TRAINING_PARTS
    parts = {part: bundle.read(part) for part in bundle.manifest.parts if part not in dropped}
    parts |= read_parts({MODEL_CARD: card, LEXICON: lexicon})
    if vocoder is not None:
        changes = {"metrics": {}} | changes
    manifest = replace(bundle.manifest, **changes)
    return write_voice(output, manifest, parts, vocoder=vocoder)


def quantize_voice(bundle: Bundle, output: Path, given: Mapping[str, Sequence[Given]]) -> Bundle:
    """Write the voice ``bundle`` as the voice file ``output`` with its graphs in eight bits.

    ``given`` are examples of what they are given (`tacotron.speak.rehearsal`), by part. Figures
    that were measured are dropped. Returns the new voice; raises `TacotronError` where the file
    can't be written.
    """
    from tacotron.voice.quantize import quantize_parts

    parts = quantize_parts({part: bundle.read(part) for part in bundle.manifest.parts}, given)
    provenance = bundle.manifest.provenance | {"quantized": "8 bits"}
    write_bundle(output, replace(bundle.manifest, metrics={}, provenance=provenance), parts)
    return Bundle.open(output)


def read_parts(files: Mapping[str, Path | None]) -> dict[str, bytes]:
    """The contents of ``files``, by the part that each becomes, of those that are given.

    Raises `VoiceError` where one can't be read.
    """
    parts = {}
    for part, path in files.items():
        if path is not None:
            try:
                parts[part] = path.read_bytes()
            except OSError as error:
                raise VoiceError(f"Could not read {path} ({error.strerror}).") from error
    return parts


_VOCODER_PARTS = frozenset({VOCODER, VOCODER_WEIGHTS})
