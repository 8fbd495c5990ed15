"""The verdict on a model in training: it speaks freely, and the aligner tells what it hears.

Losses and attention peaks can look perfect while a model babbles; speech that was not teacher-
forced, on text that was not trained on, can't. A free-running mel of a held-out sentence should fit
its own text better than the same words in another order, by as much as the recording does: that
margin over the recording's is the score. Babble has none, however smooth it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import lightning as L
import numpy as np
import torch
from torch import Tensor

from tacotron.align.aligner import Aligner
from tacotron.align.score import reordered, text_score
from tacotron.data.batches import PieceDataset
from tacotron.train.kinds import Kind, Spoken
from tacotron.train.pictures import comparison_figure

# From which verdict score on speech is called clear, and emerging. A recognizer's word error rate
# was 45 % at 0.84 and 7 % at 1.1 (averaged mels are smoother than recordings, so 1 is no bound).
CLEAR, EMERGING = 1.0, 0.4
# Utterances that TensorBoard gets as pictures and sound at each look.
SHOWN = 2


@dataclass(frozen=True)
class Verdict:
    """What the aligner heard at one look."""

    score: float  # margin of the own text over reordered ones: 1 like the recordings, 0 babble
    recognized: float  # share of utterances with any such margin
    length: float  # spoken seconds over recorded seconds
    finished: float  # share that ended by itself

    def sentence(self) -> str:
        word = "clear speech" if self.score >= CLEAR else "speech emerging"
        if self.score < EMERGING:
            word = "babble"
        return (
            f"free-running: {word} (score {self.score:.2f}, recognized {self.recognized:.0%}, "
            f"length {self.length:.2f} of the recordings')"
        )


class Listener(L.Callback):
    """Listens at each validation; must stand before the moving average among the callbacks, so
    that it hears the averaged weights."""

    def __init__(self, dataset: PieceDataset, kind: Kind, aligner: Aligner, run: Path):
        self.corpus = dataset.corpus
        self.dataset = dataset  # whole held-out utterances
        self.kind = kind
        self.aligner = aligner
        self.run = run
        self._wrong = [self._reordered(piece.utterance) for piece in dataset.pieces]
        self._natural = float(np.mean(self._margins([self._recorded(p) for p in self._places()])))

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if not trainer.is_global_zero or trainer.sanity_checking:
            return
        spoken = [self._speak(pl_module, place) for place in self._places()]
        verdict = self.judge(spoken)
        values = {"score": verdict.score, "recognized": verdict.recognized}
        for name, value in values.items():
            trainer.logger.experiment.add_scalar(f"free/{name}", value, trainer.global_step)
        with (self.run / "verdicts.jsonl").open("a", encoding="utf-8") as file:
            loss = float(trainer.callback_metrics["heldout/loss"])
            facts = {"update": trainer.global_step, "heldout_loss": loss, **verdict.__dict__}
            file.write(json.dumps({k: round(v, 4) for k, v in facts.items()}) + "\n")
        trainer.print(
            f"update {trainer.global_step}: held-out loss {loss:.3f}; {verdict.sentence()}"
        )
        self._show(trainer, pl_module, spoken[:SHOWN])

    def judge(self, spoken: list[Spoken]) -> Verdict:
        """The verdict on free-running speech of the held-out utterances, in their order."""
        mels = [(s.mel.float().cpu() - self.corpus.mean) / self.corpus.std for s in spoken]
        margins = self._margins(mels)
        recorded = [self.corpus.utterances[place].frames for place in self._places()]
        return Verdict(
            score=float(np.mean(margins)) / self._natural,
            recognized=float(np.mean([margin > 0 for margin in margins])),
            length=sum(map(len, mels)) / sum(recorded),
            finished=float(np.mean([s.finished for s in spoken])),
        )

    def _places(self) -> list[int]:
        return [piece.utterance for piece in self.dataset.pieces]

    def _margins(self, mels: list[Tensor]) -> list[float]:
        """By how much each mel (standardized) fits its own text better than the best other."""
        margins = []
        for place, wrong, mel in zip(self._places(), self._wrong, mels, strict=True):
            own = text_score(self.aligner, torch.from_numpy(self.corpus.ids(place)), mel)
            others = [text_score(self.aligner, torch.from_numpy(ids), mel) for ids in wrong]
            # Too few frames for its symbols (-inf for all): nothing of the text can be in it.
            margins.append(own - max(others) if np.isfinite(own) else 0.0)
        return margins

    def _speak(self, pl_module: L.LightningModule, place: int) -> Spoken:
        ids = torch.from_numpy(self.corpus.ids(place)).to(pl_module.device)
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            return self.kind.speak(pl_module.model, ids, self.corpus.utterances[place].speaker)

    def _recorded(self, place: int) -> Tensor:
        mel = torch.from_numpy(np.asarray(self.corpus.mel(place), dtype=np.float32))
        return (mel - self.corpus.mean) / self.corpus.std

    def _reordered(self, place: int) -> list[np.ndarray]:
        ids, words = self.corpus.ids(place), self.corpus.utterances[place].words
        return [reordered(ids, words, seed) for seed in range(3)]

    def _show(self, trainer: L.Trainer, pl_module: L.LightningModule, spoken: list[Spoken]) -> None:
        """Mels and sound, teacher-forced and free-running side by side, into TensorBoard."""
        from tacotron.audio.griffin_lim import mel_to_wave

        board, step = trainer.logger.experiment, trainer.global_step
        convention = self.corpus.convention
        for piece, speech in zip(self.dataset.pieces, spoken, strict=False):
            utterance = self.corpus.utterances[piece.utterance]
            batch = self.dataset.collate([piece]).to(pl_module.device)
            with torch.random.fork_rng(devices=[]), torch.no_grad():
                torch.manual_seed(0)
                forced = self.kind.reconstruct(pl_module.model, batch)[0, : utterance.frames]
            forced = forced.float().cpu() * self.corpus.std + self.corpus.mean
            mels = {
                "recorded": np.asarray(self.corpus.mel(piece.utterance), dtype=np.float32),
                "teacher-forced": forced.numpy(),
                "free-running": speech.mel.float().cpu().numpy(),
            }
            figure = comparison_figure(mels, speech.path.numpy(), utterance.normalized)
            board.add_figure(f"mel/{utterance.id}", figure, step)
            for name in ("teacher-forced", "free-running"):
                wave = mel_to_wave(mels[name], convention)
                board.add_audio(f"{name}/{utterance.id}", wave, step, convention.sample_rate)
