"""From a checkpoint of keithito/tacotron to a voice file. Needs the training extra."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from safetensors.torch import save

from tacotron.errors import VoiceError
from tacotron.keithito.hparams import Hparams, parse_hparams, with_overrides
from tacotron.keithito.tf_checkpoint import Checkpoint
from tacotron.keithito.weights import global_step, keithito_model
from tacotron.model.tacotron2017 import Tacotron2017Config
from tacotron.text.keithito import SYMBOLS, KeithitoFrontend
from tacotron.voice.bundle import MODEL_CARD, WEIGHTS, Bundle, write_bundle
from tacotron.voice.export import half_precision
from tacotron.voice.graphs import attentive_graphs
from tacotron.voice.manifest import GriffinLimSettings, LengthBound, Manifest

PROJECT = "https://github.com/keithito/tacotron"
# Its models have no stop token: speech ends where this much silence begins, as there.
END_SILENCE = 0.8  # seconds

_CARD = """\
# {name}

Imported from a checkpoint of [keithito/tacotron]({project}): {checkpoint}{updates}.
Who reads and under which licence is for whoever trained it to say.
"""


def import_keithito(
    checkpoint: str | Path,
    output: Path,
    *,
    name: str,
    hparams: str = "",
    cleaners: str | None = None,
    license: str = "unspecified",
    language: str = "en-US",
    card: Path | None = None,
) -> Bundle:
    """Write the model of ``checkpoint`` as the voice file ``output``.

    ``checkpoint`` is a path that ends like ``model.ckpt-877000``. ``hparams`` are what it was
    trained with, where that is not the original's default, in its own form
    (``sample_rate=22050,outputs_per_step=2``); sizes are read from the checkpoint, and those given
    must agree. ``cleaners`` go before the hyper-parameter of that name. Raises `VoiceError` where
    the checkpoint is missing, damaged, foreign or doesn't fit the hparams, `TextError` for unknown
    cleaners, and `TacotronError` where the voice can't be written.
    """
    given = parse_hparams(hparams)
    if cleaners is not None:
        given["cleaners"] = cleaners
    frontend = KeithitoFrontend(with_overrides(given).cleaners)
    opened = Checkpoint.open(checkpoint)
    model = keithito_model(opened)
    h = settled(given, model.config, where=str(opened.prefix))
    updates = global_step(opened)
    manifest = Manifest(
        name=name,
        kind="attentive",
        language=language,
        license=license,
        frontend=frontend.name,
        symbols=SYMBOLS,
        speakers=(name,),
        convention=h.convention(),
        reduction_factor=h.outputs_per_step,
        prenet_dropout=0.0,  # on in training alone
        prenet_sizes=h.prenet_depths,
        decoder_size=h.decoder_depth,
        length_bound=LengthBound(base=h.frame_bound, per_symbol=1),
        end_silence=END_SILENCE,
        griffin_lim=GriffinLimSettings(iterations=h.griffin_lim_iters, power=h.power),
        provenance={
            "from": PROJECT,
            "checkpoint": opened.prefix.name,
            "updates": updates,
            "hparams": asdict(h),
        },
    )
    parts = {MODEL_CARD: _card(card, name, opened.prefix.name, updates)}
    parts |= attentive_graphs(model) | {WEIGHTS: save(half_precision(model))}
    write_bundle(output, manifest, parts)
    return Bundle.open(output)


def settled(given: Mapping[str, Any], config: Tacotron2017Config, *, where: str) -> Hparams:
    """The hyper-parameters of a model: as ``given``, its sizes as they are.

    Raises `VoiceError` where a size was given otherwise, or the symbols aren't the original's.
    """
    if config.n_symbols != len(SYMBOLS):
        raise VoiceError(
            f"{where} reads {config.n_symbols} symbols where keithito/tacotron has {len(SYMBOLS)}: "
            "it was trained with a table of its own, which is not known here."
        )
    sizes = {
        "num_mels": config.n_mels,
        "num_freq": config.n_linear,
        "outputs_per_step": config.reduction_factor,
        "embed_depth": config.embedding_size,
        "prenet_depths": config.prenet_sizes,
        "encoder_depth": 2 * config.cbhg_size,
        "postnet_depth": 2 * config.cbhg_size,
        "attention_depth": config.attention_size,
        "decoder_depth": config.decoder_size,
    }
    for key, size in sizes.items():
        if given.get(key, size) != size:
            raise VoiceError(
                f"{where} was trained with {key}={_shown(size)}, not {_shown(given[key])}: leave "
                "that out of the hparams, or name the checkpoint that it belongs to."
            )
    return replace(with_overrides(given), **sizes)


def _shown(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _card(path: Path | None, name: str, checkpoint: str, updates: int | None) -> bytes:
    if path is None:
        trained = f", {updates:,} updates" if updates is not None else ""
        text = _CARD.format(name=name, project=PROJECT, checkpoint=checkpoint, updates=trained)
        return text.encode()
    try:
        return path.read_bytes()
    except OSError as error:
        raise VoiceError(f"Could not read {path} ({error.strerror}).") from error
