"""From a trained run to a voice file. Needs the training extra; reading a voice does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor, nn

from tacotron.align.warm_start import corpus_aligner, pack
from tacotron.audio.convention import MelConvention
from tacotron.errors import CorpusError, TrainingError
from tacotron.model.nonattentive import NonAttentiveConfig, NonAttentiveTacotron
from tacotron.model.tacotron2017 import Tacotron2017, Tacotron2017Config
from tacotron.train.checkpoints import latest_checkpoint, model_weights, read_checkpoint
from tacotron.train.run import read_run
from tacotron.voice.bundle import ALIGNER, LEXICON, MODEL_CARD, WEIGHTS, Bundle
from tacotron.voice.graphs import attentive_graphs, nonattentive_graphs
from tacotron.voice.manifest import LengthBound, Manifest
from tacotron.voice.vocoders import VocoderPart, postnet_context
from tacotron.voice.writing import read_parts, write_voice

# What a voice keeps of its corpus' header: what was measured, nothing of where it lay.
MEASURED = ("utterances", "frames", "seconds", "level_dbfs", "lengths", "levels", "mel")


@dataclass(frozen=True)
class _Kind:
    """How models of one kind become voices."""

    config: Callable[..., Any]  # from the fields that a run keeps
    model: Callable[[Any], nn.Module]  # from that configuration
    graphs: Callable[[Any], dict[str, bytes]]  # from that model
    facts: Callable[[Any], dict[str, Any]]  # from that configuration, fields of the manifest


def _nonattentive_facts(config: NonAttentiveConfig) -> dict[str, Any]:
    return {
        "prenet_dropout": config.prenet_dropout,
        "prenet_sizes": (config.prenet_size, config.prenet_size),
        "postnet_context": postnet_context(config.postnet_kernel, config.postnet_layers),
    }


def _attentive_facts(config: Tacotron2017Config) -> dict[str, Any]:
    return {
        "prenet_dropout": 0.0,  # on in training alone
        "prenet_sizes": config.prenet_sizes,
        "length_bound": LengthBound(config.bound_base, config.bound_per_symbol),
    }


KINDS: Mapping[str, _Kind] = {
    "non-attentive": _Kind(
        NonAttentiveConfig, NonAttentiveTacotron, nonattentive_graphs, _nonattentive_facts
    ),
    "attentive": _Kind(Tacotron2017Config, Tacotron2017, attentive_graphs, _attentive_facts),
}


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
    vocoder: VocoderPart | None = None,
) -> tuple[Bundle, tuple[str, ...]]:
    """Write the averaged weights of ``run`` as the voice file ``output``; return it, and a sentence
    for each thing to know.

    Takes the newest checkpoint unless one is given; ``card`` and ``lexicon`` are files to put in.
    Without ``vocoder``, the voice speaks by Griffin-Lim. Without ``lexicon``, the one that the
    corpus was prepared with goes in. The corpus' aligner goes in beside the training weights where
    the corpus is still in its place. Raises `TrainingError` where the run has no checkpoint to
    export, `VoiceError` where a part can't be read or the vocoder doesn't fit, and `TacotronError`
    where the file can't be written.
    """
    description = read_run(run)
    if checkpoint is None:
        found = latest_checkpoint(run)
        if found is None:
            raise TrainingError(f"{run} has no checkpoint yet: train on, then export.")
        checkpoint = found[0]
    stored = read_checkpoint(checkpoint)
    model = load_model(description, stored, where=str(checkpoint))
    kind = description["recipe"]["kind"]
    parts = KINDS[kind].graphs(model)
    if with_weights:
        parts[WEIGHTS] = save(half_precision(model))
        aligner = _aligner_part(description)
        if aligner is not None:
            parts[ALIGNER] = aligner
    parts |= read_parts({MODEL_CARD: card, LEXICON: lexicon})
    spoken_as = description["statistics"]["lexicon"]
    if lexicon is None and spoken_as:
        lines = (f"{word}  {' '.join(phonemes)}\n" for word, phonemes in spoken_as.items())
        parts[LEXICON] = "".join(lines).encode()
    config = model.config
    manifest = Manifest(
        name=name,
        kind=kind,
        language=language,
        license=license,
        frontend=description["frontend"],
        symbols=tuple(description["symbols"]),
        speakers=tuple(description["speakers"]),
        convention=MelConvention.from_dict(description["convention"]),
        reduction_factor=config.reduction_factor,
        decoder_size=config.decoder_size,
        **KINDS[kind].facts(config),
        statistics={key: description["statistics"][key] for key in MEASURED},
        provenance={
            "corpus": description["corpus_name"],
            "recipe": description["recipe"],
            "model": description["model"],
            "updates": int(stored["global_step"]),
            "from": description["from"],
        },
    )
    return write_voice(output, manifest, parts, vocoder=vocoder)


def load_model(
    description: Mapping[str, Any], stored: Mapping[str, Any], *, where: str
) -> nn.Module:
    """The model of a run with the averaged weights of a checkpoint, ready to speak.

    Raises `TrainingError` if the two don't belong together.
    """
    kind = KINDS[description["recipe"]["kind"]]
    # JSON has no tuples.
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in description["model"].items()}
    model = kind.model(kind.config(**fields))
    try:
        model.load_state_dict(model_weights(stored))
    except RuntimeError as error:
        raise TrainingError(f"{where} does not belong to its run: other weights.") from error
    return model.eval()


def _aligner_part(description: Mapping[str, Any]) -> bytes | None:
    """The aligner of the corpus that a run learned from, unless the corpus is gone or was prepared
    anew with another mel convention or front end since."""
    try:
        trained = corpus_aligner(Path(description["corpus"]))
    except CorpusError:
        return None
    convention = MelConvention.from_dict(description["convention"])
    if trained.frontend != description["frontend"] or convention.differences(trained.convention):
        return None
    return pack(trained.weights, trained.symbols, half=True)


def half_precision(model: nn.Module) -> dict[str, Tensor]:
    """The weights of ``model`` by name, for training to go on from; counts stay whole numbers."""
    return {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in model.state_dict().items()
    }
