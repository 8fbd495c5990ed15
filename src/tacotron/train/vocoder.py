"""Training a vocoder: its data, its losses, and copies of held-out recordings to listen to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import lightning as L
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from tacotron.audio.convention import MelConvention
from tacotron.audio.following import MelBands, held_to_mel
from tacotron.audio.mel import mel_filterbank, mel_spectrogram
from tacotron.data.corpus import PreparedCorpus
from tacotron.data.segments import SegmentDataset, SegmentOrder, Segments
from tacotron.errors import TrainingError
from tacotron.model.critics import Critics, CriticsConfig
from tacotron.model.vocoder import SourceFilterVocoder, VocoderConfig, recorded_phase
from tacotron.train.forced import forced_mels
from tacotron.train.pictures import copy_figure
from tacotron.train.recipe import Recipe, Training, model_config
from tacotron.train.spectral import (
    coherence_error,
    energy_distances,
    hiss_error,
    look,
    pitch_deviation,
    pitch_error,
    some_resolutions,
)
from tacotron.train.task import Task
from tacotron.train.warm_start import take_over_vocoder
from tacotron.voice.bundle import Bundle
from tacotron.voice.registry import locate

# Batches of held-out segments that the held-out loss is taken on.
HELDOUT_BATCHES = 4
# Share of a bin's magnitude that must turn alike for its mean rotation to mean anything.
COHERENT = 0.15
SMALL = 1e-6  # keeps silence from being divided by
# Of the held-out recordings that are copied at each look, those that TensorBoard gets.
SHOWN = 2


def vocoder_task(
    recipe: Recipe, corpus_folder: Path, run: Path, *, forced_by: str | None = None
) -> Task:
    """The training of a vocoder on the prepared corpus in ``corpus_folder`` (no alignment needed).

    ``forced_by`` is a voice, by name or path, whose teacher-forced mels take the place of the
    recordings' in a share of the segments; the corpus must then be aligned. Raises `CorpusError`
    where the corpus is not prepared or its recordings are too short, `TrainingError` where its mel
    convention is not one that the vocoder can start from.
    """
    corpus = PreparedCorpus.open(corpus_folder)
    convention = corpus.convention
    check_convention(convention)
    template = VocoderConfig(
        n_mels=convention.n_mels,
        sample_rate=convention.sample_rate,
        n_fft=convention.n_fft,
        hop_length=convention.hop_length,
    )
    model = SourceFilterVocoder(model_config(template, recipe.model))
    model.fit_to(convention, corpus.mean, corpus.std)
    frames = recipe.training.segment_frames
    forced = forced_mels(Bundle.open(locate(forced_by)), corpus, run) if forced_by else None
    learned = SegmentDataset(
        corpus, "train", frames, forced=forced, forced_share=recipe.training.forced_share
    )
    model.begin_at(mean_rotation(model, learned, recipe.training.seed))
    heldout = heard = None
    if any(corpus.utterances[i].frames >= frames for i in corpus.indices("heldout")):
        heldout = SegmentDataset(corpus, "heldout", frames)
        heard = CopyListener(heldout, run, recipe.training.listen_to)
    bank = torch.from_numpy(mel_filterbank(convention).copy())
    return Task(
        model=model,
        losses=lambda model, batch, training: vocoder_losses(model, bank, batch, training),
        description={"model": asdict(model.config)},
        learned=lambda start, rank, processes: _loader(learned, recipe, start, rank),
        heldout=_heldout_loader(heldout, recipe) if heldout else None,
        listeners=[heard] if heard else [],
        critics=Critics(CriticsConfig()) if recipe.training.passing_weight else None,
        take_over=lambda voice: take_over_vocoder(model, Bundle.open(locate(voice))),
    )


def check_convention(convention: MelConvention) -> None:
    """Raise `TrainingError`, naming the field, if the vocoder can't be trained on mels of it."""
    wrong = [
        f"{name} {getattr(convention, name)}"
        for name, fits in (
            ("framing", ("center-reflect", "center-constant")),
            ("power", (1.0,)),
            ("preemphasis", (0.0,)),
            ("win_length", (convention.n_fft,)),
            ("window", ("hann",)),
        )
        if getattr(convention, name) not in fits
    ]
    if wrong:
        raise TrainingError(
            f"The vocoder can't learn from the mel convention {convention.name} "
            f"({', '.join(wrong)}): prepare the corpus with --convention nvidia."
        )


@torch.no_grad()
def mean_rotation(model: SourceFilterVocoder, dataset: SegmentDataset, seed: int) -> Tensor:
    """By how much the voice's phase is turned against minimum phase, on average: radians, float
    [F]. The glottis, which opens slowly before it closes, is no minimum-phase filter."""
    batch = dataset.collate(
        [dataset[p] for p in SegmentOrder(dataset, size=64, seed=seed).batch(0)]
    )
    periodic = model.periodic(model(batch.mels)[0], _phase(model, batch), batch.f0)
    spectrum = model.transform(batch.wave)
    voiced = batch.voiced[..., None]
    turned = (spectrum * periodic.conj() / (periodic.abs() + SMALL) * voiced).sum((0, 1))
    coherence = turned.abs() / ((spectrum.abs() * voiced).sum((0, 1)) + SMALL)
    return torch.where(coherence > COHERENT, turned.angle(), 0.0)


def _phase(model: SourceFilterVocoder, batch: Segments) -> Tensor:
    """The phase of the recordings' own pulses: cycles, double [B, samples]."""
    return recorded_phase(batch.phase, batch.f0, model.config.hop_length, model.config.sample_rate)


def vocoder_losses(
    model: SourceFilterVocoder, bank: Tensor, batch: Segments, training: Training
) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor]]:
    """Errors of copies of the segments, made with the recordings' own F0 and pulses in step; and,
    for critics, part of the copies and of the recordings (float [B, samples] each)."""
    filters, logits = model(batch.mels)
    phase, recorded = _phase(model, batch), batch.wave
    periodic = model.periodic(filters, phase, batch.f0)
    noises = (torch.randn_like(recorded), torch.randn_like(recorded))
    hiss, again = (model.hiss(filters, phase, noise) for noise in noises)
    spoken, respoken = (model.inverse_transform(periodic + noise) for noise in (hiss, again))
    bank, resolutions = bank.to(recorded.device), some_resolutions()
    looks = (look(model, bank, wave, resolutions) for wave in (spoken, respoken, recorded))
    rate = model.config.sample_rate
    spectra, mel = energy_distances(*looks, rate)
    # The transform pads with zeros what in the recording goes on: no use at the very ends.
    inner = slice(2, -2)
    spectrum, voiced = model.transform(recorded)[:, inner], batch.voiced[:, inner]
    errors = {
        "spectra": spectra,
        "mel": mel,
        "pitch": pitch_error(model.pitch, logits, batch.f0, batch.voiced),
        "coherence": coherence_error(periodic[:, inner], spectrum, voiced),
        "hiss": hiss_error(hiss[:, inner], spectrum, voiced, rate),
    }
    loss = (
        errors["spectra"]
        + training.mel_weight * errors["mel"]
        + training.pitch_weight * errors["pitch"]
        + training.coherence_weight * errors["coherence"]
        + training.hiss_weight * errors["hiss"]
    )
    size = min(spoken.shape[1], training.critic_samples)
    start = int(torch.randint(spoken.shape[1] - size + 1, ()))
    part = slice(start, start + size)
    errors = {"loss": loss, **errors, "cents": pitch_deviation(filters, batch)}
    return errors, (spoken[:, part], recorded[:, part])


class CopyListener(L.Callback):
    """Copies held-out recordings (their mel, spoken again with the F0 read off it) at each look."""

    def __init__(self, dataset: SegmentDataset, run: Path, count: int):
        self.corpus = dataset.corpus
        self.heard = dataset.utterances[:count]
        self.run = run

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if not trainer.is_global_zero or trainer.sanity_checking:
            return
        step, board = trainer.global_step, trainer.logger.experiment
        convention = self.corpus.convention
        errors = []
        for place, (mel, wave) in enumerate(self._copies(pl_module.model, pl_module.device)):
            copied = mel_spectrogram(wave, convention)
            width = min(len(mel), len(copied))
            errors.append(float(np.abs(copied[:width] - mel[:width]).mean()))
            if place < SHOWN:
                item = self.corpus.utterances[self.heard[place]]
                board.add_audio(f"copy/{item.id}", wave, step, convention.sample_rate)
                figure = copy_figure({"recorded": mel, "copied": copied}, item.normalized)
                board.add_figure(f"mel/{item.id}", figure, step)
        error = float(np.mean(errors))
        board.add_scalar("copy/mel", error, step)
        loss = float(trainer.callback_metrics["heldout/loss"])
        cents = float(trainer.callback_metrics["heldout/cents"])
        facts = {"update": step, "heldout_loss": loss, "copy_mel": error, "cents": cents}
        with (self.run / "verdicts.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({k: round(v, 4) for k, v in facts.items()}) + "\n")
        trainer.print(
            f"update {step}: held-out loss {loss:.3f}; copies differ by {error:.3f} in the mel, "
            f"F0 by {cents:.0f} cents"
        )

    def _copies(
        self, model: nn.Module, device: torch.device
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The mel of each held-out recording and the waveform made from it, as when speaking."""
        bands = MelBands(self.corpus.convention)
        for utterance in self.heard:
            mel = np.asarray(self.corpus.mel(utterance), dtype=np.float32)
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                wave = model.infer(torch.from_numpy(mel)[None].to(device))
            yield mel, held_to_mel(wave[0].float().cpu().numpy(), mel, bands)


def _loader(dataset: SegmentDataset, recipe: Recipe, start: int, rank: int) -> DataLoader:
    training = recipe.training
    order = SegmentOrder(
        dataset,
        size=max(1, training.frames_per_batch // training.segment_frames),
        seed=training.seed,
        start=start,
        rank=rank,
    )
    workers = 2 if torch.cuda.is_available() else 0
    return DataLoader(dataset, batch_sampler=order, collate_fn=dataset.collate, num_workers=workers)


def _heldout_loader(dataset: SegmentDataset, recipe: Recipe) -> DataLoader:
    training = recipe.training
    size = max(1, training.frames_per_batch // training.segment_frames)
    order = SegmentOrder(dataset, size=size, seed=0)
    batches = [order.batch(step) for step in range(HELDOUT_BATCHES)]
    return DataLoader(dataset, batch_sampler=batches, collate_fn=dataset.collate)
