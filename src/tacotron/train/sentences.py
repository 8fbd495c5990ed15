"""Sentences of one's own, spoken at each validation: how the voice comes along, for the ear.

keithito/tacotron has eval.py for it, to be run by hand on a checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import lightning as L
import torch
from torch import Tensor

from tacotron.audio.griffin_lim import mel_to_wave
from tacotron.data.corpus import PreparedCorpus
from tacotron.errors import TextError, TrainingError
from tacotron.text.frontend import get_frontend, symbol_ids
from tacotron.train.kinds import Kind


class SentenceSpeaker(L.Callback):
    """Speaks ``sentences`` as the corpus' first speaker, and puts them into TensorBoard; must
    stand before the moving average among the callbacks, so that it speaks with averaged weights.

    Raises `TrainingError` for a sentence that can't be spoken.
    """

    def __init__(self, sentences: Sequence[str], corpus: PreparedCorpus, kind: Kind):
        self.sentences = list(sentences)
        self.convention = corpus.convention
        self.kind = kind
        self.ids = [_ids(sentence, corpus) for sentence in self.sentences]

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if not trainer.is_global_zero or trainer.sanity_checking:
            return
        board, step = trainer.logger.experiment, trainer.global_step
        for number, (text, ids) in enumerate(zip(self.sentences, self.ids, strict=True), 1):
            with torch.random.fork_rng(devices=[]), torch.no_grad():
                torch.manual_seed(0)
                spoken = self.kind.speak(pl_module.model, ids.to(pl_module.device), 0)
            wave = mel_to_wave(spoken.mel.float().cpu().numpy(), self.convention)
            board.add_audio(f"sentence/{number}", wave, step, self.convention.sample_rate)
            board.add_text(f"sentence/{number}", text, step)


def read_sentences(path: Path) -> list[str]:
    """The lines of a text file that aren't empty. Raises `TrainingError` where there are none."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise TrainingError(f"Could not read the sentences in {path} ({reason}).") from error
    sentences = [line.strip() for line in lines if line.strip()]
    if not sentences:
        raise TrainingError(f"{path} holds no sentence: write one a line.")
    return sentences


def _ids(sentence: str, corpus: PreparedCorpus) -> Tensor:
    if not isinstance(sentence, str):
        raise TrainingError(f"The recipe's sentences hold {sentence!r}, which is no text.")
    try:
        encoded = get_frontend(corpus.frontend).encode(sentence, lexicon=corpus.lexicon)
        ids = symbol_ids(encoded.symbols, corpus.symbols)
    except TextError as error:
        raise TrainingError(
            f"The sentence {sentence!r:.60} can't be spoken while training: {error}"
        ) from error
    if not encoded.words:
        raise TrainingError(f"The sentence {sentence!r:.60} has nothing to speak: give another.")
    return torch.tensor(ids)
