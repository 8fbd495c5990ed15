"""From a trained run to a voice file. Needs the training extra; reading a voice does not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save

from tacotron.audio.convention import MelConvention
from tacotron.errors import TrainingError, VoiceError
from tacotron.model.nonattentive import NonAttentiveConfig, NonAttentiveTacotron
from tacotron.train.checkpoints import latest_checkpoint, read_checkpoint
from tacotron.train.run import read_run
from tacotron.voice.bundle import LEXICON, MODEL_CARD, WEIGHTS, Bundle, write_bundle
from tacotron.voice.graphs import nonattentive_graphs
from tacotron.voice.manifest import Manifest

# Prefix of the model's own weights in a checkpoint of the training module.
PREFIX = "model."


def export_voice(
    run: Path,
    output: Path,
    *,
    name: str,
    license: str = "unspecified",
    language: str = "en-US",
    card: Path | None = None,
    lexicon: Path | None = None,
    checkpoint: Path | None = None,
    with_weights: bool = True,
) -> Bundle:
    """Write the averaged weights of ``run`` as the voice file ``output``.

    Takes the newest checkpoint unless one is given; ``card`` and ``lexicon`` are files to put in.
    Raises `TrainingError` where the run has no checkpoint to export, `VoiceError` where a part
    can't be read, and `TacotronError` where the file can't be written.
    """
    description = read_run(run)
    if checkpoint is None:
        found = latest_checkpoint(run)
        if found is None:
            raise TrainingError(f"{run} has no checkpoint yet: train on, then export.")
        checkpoint = found[0]
    stored = read_checkpoint(checkpoint)
    model = load_model(description, stored, where=str(checkpoint))
    parts = nonattentive_graphs(model)
    if with_weights:
        half = {k: v.half().contiguous() for k, v in model.state_dict().items()}
        parts[WEIGHTS] = save(half)
    for part, path in ((MODEL_CARD, card), (LEXICON, lexicon)):
        if path is not None:
            try:
                parts[part] = path.read_bytes()
            except OSError as error:
                raise VoiceError(f"Could not read {path} ({error.strerror}).") from error
    config = model.config
    manifest = Manifest(
        name=name,
        kind=description["recipe"]["kind"],
        language=language,
        license=license,
        frontend=description["frontend"],
        symbols=tuple(description["symbols"]),
        speakers=tuple(description["speakers"]),
        convention=MelConvention.from_dict(description["convention"]),
        reduction_factor=config.reduction_factor,
        prenet_dropout=config.prenet_dropout,
        prenet_sizes=(config.prenet_size, config.prenet_size),
        decoder_size=config.decoder_size,
        statistics=description["statistics"],
        provenance={
            "corpus": description["corpus_name"],
            "recipe": description["recipe"],
            "model": description["model"],
            "updates": int(stored["global_step"]),
            "from": description["from"],
        },
    )
    write_bundle(output, manifest, parts)
    return Bundle.open(output)


def load_model(
    description: Mapping[str, Any], stored: Mapping[str, Any], *, where: str
) -> NonAttentiveTacotron:
    """The model of a run with the averaged weights of a checkpoint, ready to speak.

    Raises `TrainingError` if the two don't belong together.
    """
    model = NonAttentiveTacotron(NonAttentiveConfig(**description["model"]))
    weights = {
        name.removeprefix(PREFIX): value
        for name, value in stored.get("state_dict", {}).items()
        if name.startswith(PREFIX)
    }
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainingError(f"{where} does not belong to its run: other weights.") from error
    return model.eval()
