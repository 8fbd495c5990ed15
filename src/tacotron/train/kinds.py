"""The kinds of model that recipes name: how each is built, taught and heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tacotron.data.batches import Batch
from tacotron.data.corpus import PreparedCorpus
from tacotron.model.nonattentive import NonAttentiveConfig, NonAttentiveTacotron
from tacotron.train.losses import nonattentive_losses
from tacotron.train.recipe import Training, model_config


@dataclass(frozen=True)
class Spoken:
    """Free-running speech of a model in training."""

    mel: Tensor  # float [T, n_mels], the convention's values
    path: Tensor  # int64 [T], the symbol that each frame speaks
    finished: bool = True  # False where a length bound had to end it


@dataclass(frozen=True)
class Kind:
    build: Callable[[PreparedCorpus, Mapping[str, Any]], nn.Module]  # from a recipe's [model]
    losses: Callable[[nn.Module, Batch, Training], dict[str, Tensor]]  # teacher-forced
    reconstruct: Callable[[nn.Module, Batch], Tensor]  # teacher-forced mel, standardized
    speak: Callable[[nn.Module, Tensor, int], Spoken]  # ids int64 [L] and a speaker
    with_linear: bool = False  # whether it learns from linear spectrograms, too


def _build_nonattentive(corpus: PreparedCorpus, overrides: Mapping[str, Any]) -> nn.Module:
    template = NonAttentiveConfig(
        n_symbols=len(corpus.symbols),
        n_speakers=len(corpus.speakers),
        n_mels=corpus.convention.n_mels,
    )
    model = NonAttentiveTacotron(model_config(template, overrides))
    model.mel_mean.fill_(corpus.mean)
    model.mel_deviation.fill_(corpus.std)
    return model


def _run_nonattentive(model: nn.Module, batch: Batch) -> Any:
    return model(
        batch.ids, batch.lengths, batch.speakers, batch.durations, batch.mels, batch.frames
    )


def _speak_nonattentive(model: nn.Module, ids: Tensor, speaker: int) -> Spoken:
    mel, durations = model.infer(ids, speaker)
    return Spoken(mel, torch.repeat_interleave(torch.arange(len(ids)), durations.cpu()))


KINDS: Mapping[str, Kind] = {
    "non-attentive": Kind(
        build=_build_nonattentive,
        losses=lambda model, batch, training: nonattentive_losses(
            _run_nonattentive(model, batch), batch, training
        ),
        reconstruct=lambda model, batch: _run_nonattentive(model, batch).mel,
        speak=_speak_nonattentive,
    ),
}
