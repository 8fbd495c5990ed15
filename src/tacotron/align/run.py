"""``tacotron align``: learn an aligner on a prepared corpus, align it, write what was found."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from tqdm import tqdm

from tacotron.align.aligner import Aligner
from tacotron.align.alignments import FOLDER, Alignments
from tacotron.align.search import monotonic_durations, path_score
from tacotron.align.textgrid import Interval, alignment_json, textgrid
from tacotron.align.training import AlignerTraining, collate, train_aligner
from tacotron.align.warm_start import TrainedAligner, begin_from, corpus_aligner, pack
from tacotron.data.corpus import PreparedCorpus, Utterance
from tacotron.errors import CorpusError
from tacotron.files import atomic_write
from tacotron.voice.bundle import ALIGNER

# Utterances aligned at a time: enough to keep the processor busy, small enough for any memory.
BATCH = 16


def align_corpus(
    folder: Path,
    *,
    settings: AlignerTraining | None = None,
    initial: TrainedAligner | None = None,
) -> Alignments:
    """Train the aligner on the corpus in ``folder`` and align all of it.

    Writes ``alignment/`` inside: durations and scores, the aligner's weights, and per utterance a
    TextGrid and a JSON file. ``initial`` is what the aligner begins from (see `starting_point`).
    Utterances with fewer frames than symbols can't be aligned; they are left out and have no score.
    Raises `CorpusError` for a folder that is no prepared corpus, and where ``initial`` does not fit
    it.
    """
    corpus = PreparedCorpus.open(folder)
    start = None
    if initial is not None:
        start, notes = begin_from(initial, corpus)
        print("\n".join([f"The aligner begins from {initial.source}.", *notes]), file=sys.stderr)
    aligner = train_aligner(corpus, settings or AlignerTraining(), initial=start)
    alignments = find_alignments(corpus, aligner)
    (folder / FOLDER).mkdir(exist_ok=True)
    with atomic_write(folder / FOLDER / ALIGNER) as file:
        file.write(pack(aligner.state_dict(), corpus.symbols, half=False))
    write_files(corpus, alignments)
    alignments.save(folder)
    return alignments


def load_aligner(folder: Path, corpus: PreparedCorpus) -> Aligner:
    """The aligner that was trained on the corpus in ``folder``, for the symbols of ``corpus``.

    Raises `CorpusError` if there is none, or if it does not fit ``corpus``.
    """
    return begin_from(corpus_aligner(folder), corpus)[0].eval()


@torch.inference_mode()
def find_alignments(corpus: PreparedCorpus, aligner: Aligner) -> Alignments:
    """Durations and scores of every utterance that has at least a frame a symbol."""
    places = [p for p, u in enumerate(corpus.utterances) if len(u.symbols) <= u.frames]
    places.sort(key=lambda p: corpus.utterances[p].frames)
    durations, scores = {}, {}
    for group in tqdm(list(_groups(corpus, places)), desc="search", unit="batch", disable=None):
        batch = collate(corpus, group)
        maps = aligner(batch.ids, batch.mels, batch.lengths).numpy()
        for row, place in enumerate(group):
            utterance = corpus.utterances[place]
            log_probs = maps[row, : utterance.frames, : len(utterance.symbols)]
            found = monotonic_durations(log_probs)
            durations[utterance.id] = found
            scores[utterance.id] = path_score(log_probs, found)
    if not durations:
        raise CorpusError(f"No utterance of {corpus.folder} is long enough for its text.")
    order = {u.id: place for place, u in enumerate(corpus.utterances)}
    return Alignments(dict(sorted(durations.items(), key=lambda d: order[d[0]])), scores)


def tiers(
    utterance: Utterance, durations: list[int], seconds_per_frame: float
) -> dict[str, list[Interval]]:
    """Words and symbols of an utterance with their times in its prepared audio, in seconds.

    A frame stands for the hop around its center, so symbol n begins half a hop before its first.
    """
    ends = [0]
    for duration in durations:
        ends.append(ends[-1] + int(duration))
    times = [max(0.0, (end - 0.5) * seconds_per_frame) for end in ends]
    times[-1] = min(ends[-1] * seconds_per_frame, utterance.seconds)
    times = [min(time, times[-1]) for time in times]
    return {
        "words": [Interval(times[w.start], times[w.stop], w.text) for w in utterance.words],
        "symbols": [
            Interval(times[place], times[place + 1], symbol)
            for place, symbol in enumerate(utterance.symbols)
        ],
    }


def write_files(corpus: PreparedCorpus, alignments: Alignments) -> None:
    """A TextGrid and a JSON file per utterance, named like its prepared audio."""
    hop = corpus.convention.hop_length / corpus.convention.sample_rate
    grids, bodies = (corpus.folder / FOLDER / name for name in ("textgrid", "json"))
    grids.mkdir(parents=True, exist_ok=True)
    bodies.mkdir(parents=True, exist_ok=True)
    for utterance in corpus.utterances:
        if utterance.id not in alignments.durations:
            continue
        found = tiers(utterance, alignments.durations[utterance.id].tolist(), hop)
        name = Path(utterance.audio).stem
        (grids / f"{name}.TextGrid").write_text(textgrid(found, utterance.seconds), "utf-8")
        facts = {
            "id": utterance.id,
            "audio": utterance.audio,
            "score": round(alignments.scores[utterance.id], 4),
        }
        body = alignment_json(found, utterance.seconds, **facts)
        (bodies / f"{name}.json").write_text(body, "utf-8")


def _groups(corpus: PreparedCorpus, places: list[int]) -> Iterator[list[int]]:
    """Runs of like length; very long utterances stand alone so that memory stays bounded."""
    group: list[int] = []
    for place in places:
        if group and (len(group) == BATCH or corpus.utterances[place].frames > 2000):
            yield group
            group = []
        group.append(place)
    if group:
        yield group
