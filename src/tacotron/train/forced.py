"""Mels as an acoustic model makes them, teacher-forced: what a vocoder will really be given.

They are smoother than recordings' but run in step with them, so a vocoder can learn to make the
recordings of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from tacotron.align.alignments import Alignments
from tacotron.data.batches import BatchOrder, PieceDataset
from tacotron.data.corpus import MELS_FILE, PreparedCorpus, map_mels
from tacotron.data.pieces import pieces_of
from tacotron.errors import TrainingError
from tacotron.files import atomic_write
from tacotron.train.kinds import KINDS, run_nonattentive
from tacotron.train.warm_start import take_over
from tacotron.voice.bundle import Bundle

FORCED_FILE = "forced.f16"
# Frames at a time, and in a piece of an utterance: what training does by default.
BATCH_FRAMES, PIECE_FRAMES = 12000, 1500
# What a run's model is built for, not what a recipe may say of it.
BUILT_FOR = ("n_symbols", "n_speakers", "n_mels")


def forced_mels(bundle: Bundle, corpus: PreparedCorpus, folder: Path) -> np.ndarray:
    """The mels of all frames of ``corpus`` as the voice ``bundle`` makes them when it hears the
    recordings frame by frame: float16 [frames, n_mels], the convention's values, mapped.

    Kept in ``folder`` and made only once. Utterances that are not aligned keep their own. Raises
    `TrainingError` for a voice that is not non-attentive or of another convention, `CorpusError`
    where the corpus is not aligned, and `VoiceError` for a voice without training weights.
    """
    path = folder / FORCED_FILE
    if not path.is_file():
        _write(bundle, corpus, path)
    mels = map_mels(path, bands=corpus.convention.n_mels)
    if len(mels) < sum(item.frames for item in corpus.utterances):
        raise TrainingError(f"{path} is cut short: delete it, it is made again.")
    return mels


def _write(bundle: Bundle, corpus: PreparedCorpus, path: Path) -> None:
    if bundle.manifest.kind != "non-attentive":
        raise TrainingError(
            f"The voice {bundle.manifest.name} is {bundle.manifest.kind}: mels can be forced only "
            "out of a non-attentive one."
        )
    alignments = Alignments.load(corpus.folder)
    settings = {
        name: value
        for name, value in bundle.manifest.provenance["model"].items()
        if name not in BUILT_FOR
    }
    model = KINDS["non-attentive"].build(corpus, settings)
    take_over(model, bundle, corpus)
    model.eval()
    pieces = [
        piece
        for place, item in enumerate(corpus.utterances)
        if item.id in alignments.durations
        for piece in pieces_of(place, item.symbols, alignments.durations[item.id], PIECE_FRAMES)
    ]
    dataset = PieceDataset(
        corpus,
        pieces,
        reduction_factor=model.config.reduction_factor,
        with_pitch=model.config.pitch_size > 0,
    )
    order = BatchOrder(
        [int(piece.durations.sum()) for piece in pieces],
        frame_budget=BATCH_FRAMES,
        frame_multiple=dataset.frame_multiple,
        seed=0,
    )
    mels = np.array(map_mels(corpus.folder / MELS_FILE, bands=corpus.convention.n_mels))
    torch.manual_seed(0)
    batches = tqdm(order.epoch(0), "forced mels", unit=" batches", disable=not sys.stderr.isatty())
    for numbers in batches:
        chosen = [pieces[number] for number in numbers]
        batch = dataset.collate(chosen)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            made = run_nonattentive(model, batch).mel.float() * corpus.std + corpus.mean
        for row, piece in enumerate(chosen):
            start = corpus.utterances[piece.utterance].offset + piece.frames.start
            length = int(piece.durations.sum())
            mels[start : start + length] = made[row, :length].half().numpy()
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        file.write(mels.astype("<f2").tobytes())
