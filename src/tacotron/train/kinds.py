"""The kinds of model that recipes name: how each is built, taught and heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tacotron.audio.mel import linear_spectrogram
from tacotron.data.batches import Batch
from tacotron.data.corpus import PreparedCorpus
from tacotron.model.nonattentive import (
    NonAttentiveConfig,
    NonAttentiveOutput,
    NonAttentiveTacotron,
)
from tacotron.model.tacotron2017 import Tacotron2017, Tacotron2017Config
from tacotron.train.losses import attention_path, attentive_losses, nonattentive_losses
from tacotron.train.recipe import Training, model_config

# Utterances that the statistics of linear spectrograms are taken from.
SAMPLED = 64


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
    if model.config.pitch_size:
        model.upsampler.pattern.fit_to(corpus.convention)
    return model


def run_nonattentive(model: nn.Module, batch: Batch) -> NonAttentiveOutput:
    """What a `NonAttentiveTacotron` makes of ``batch``, teacher-forced."""
    return model(
        batch.ids,
        batch.lengths,
        batch.speakers,
        batch.durations,
        batch.mels,
        batch.frames,
        batch.octaves,
    )


def _speak_nonattentive(model: nn.Module, ids: Tensor, speaker: int) -> Spoken:
    mel, durations = model.infer(ids, speaker)
    return Spoken(mel, torch.repeat_interleave(torch.arange(len(ids)), durations.cpu()))


def _build_attentive(corpus: PreparedCorpus, overrides: Mapping[str, Any]) -> nn.Module:
    template = Tacotron2017Config(
        n_symbols=len(corpus.symbols),
        n_speakers=len(corpus.speakers),
        n_mels=corpus.convention.n_mels,
        n_linear=corpus.convention.n_bins,
    )
    model = Tacotron2017(model_config(template, overrides))
    model.mel_mean.fill_(corpus.mean)
    model.mel_deviation.fill_(corpus.std)
    places = np.linspace(0, len(corpus) - 1, min(SAMPLED, len(corpus))).astype(int)
    waves = (corpus.audio(place) for place in places)
    sampled = np.concatenate([linear_spectrogram(wave, corpus.convention) for wave in waves])
    model.linear_mean.fill_(float(sampled.mean(dtype=np.float64)))
    model.linear_deviation.fill_(float(sampled.std(dtype=np.float64)))
    return model


def _run_attentive(model: nn.Module, batch: Batch, led: bool = False) -> Any:
    path = attention_path(batch, model.config.reduction_factor) if led else None
    return model(batch.ids, batch.lengths, batch.mels, batch.frames, batch.speakers, path)


def _attentive_losses(model: nn.Module, batch: Batch, training: Training) -> dict[str, Tensor]:
    linear = (batch.linear - model.linear_mean) / model.linear_deviation
    # Attention is led in learning alone: held-out speech shows where it goes by itself.
    led = model.training and model.updates < training.led_updates
    return attentive_losses(_run_attentive(model, batch, led), linear, batch, training)


def _speak_attentive(model: nn.Module, ids: Tensor, speaker: int) -> Spoken:
    speech = model.infer(ids, speaker)
    path = speech.alignment.argmax(1).repeat_interleave(model.config.reduction_factor)
    return Spoken(speech.mel, path.cpu(), finished=not speech.bound_hit)


KINDS: Mapping[str, Kind] = {
    "non-attentive": Kind(
        build=_build_nonattentive,
        losses=lambda model, batch, training: nonattentive_losses(
            run_nonattentive(model, batch), batch, training
        ),
        reconstruct=lambda model, batch: run_nonattentive(model, batch).mel,
        speak=_speak_nonattentive,
    ),
    "attentive": Kind(
        build=_build_attentive,
        losses=_attentive_losses,
        reconstruct=lambda model, batch: _run_attentive(model, batch).mel,
        speak=_speak_attentive,
        with_linear=True,
    ),
}
