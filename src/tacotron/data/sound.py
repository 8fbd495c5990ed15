"""The sound of a whole corpus, as training reads it: one file of samples, and the pitch they have.

Tracking pitch takes minutes, so it is done once, by the first training that asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from tacotron.audio.pitch import track_pitch
from tacotron.data.corpus import PreparedCorpus
from tacotron.data.workers import cores, worker_pool
from tacotron.errors import CorpusError
from tacotron.files import atomic_write

SAMPLES_FILE, PITCH_FILE = "samples.i16", "pitch.npy"
PITCH_TYPE = np.dtype([("f0", "<f4"), ("phase", "<f8"), ("voiced", "?")])
FULL_SCALE = 32768.0
# Recordings at a time for a process: fewer are done before it has started.
FEW = 64


def recorded_sound(corpus: PreparedCorpus) -> tuple[np.ndarray, np.ndarray]:
    """All samples of ``corpus``, int16 [samples], and the pitch of all frames, `PITCH_TYPE`
    [frames]: mapped, and made where they are missing or older than the corpus.

    Raises `CorpusError` where they are damaged.
    """
    samples, pitch = corpus.folder / SAMPLES_FILE, corpus.folder / PITCH_FILE
    total = sum(item.samples for item in corpus.utterances)
    frames = sum(item.frames for item in corpus.utterances)
    prepared = (corpus.folder / "corpus.json").stat().st_mtime
    if not all(p.is_file() and p.stat().st_mtime >= prepared for p in (samples, pitch)):
        _write_sound(corpus, samples, pitch)
    mapped = np.memmap(samples, "<i2", "r")
    tracked = np.load(pitch, mmap_mode="r", allow_pickle=False)
    if len(mapped) != total or len(tracked) != frames or tracked.dtype != PITCH_TYPE:
        raise CorpusError(f"{samples} or {pitch} is cut short: delete both, they are made again.")
    return mapped, tracked


def _write_sound(corpus: PreparedCorpus, samples: Path, pitch: Path) -> None:
    tracked = np.zeros(sum(item.frames for item in corpus.utterances), PITCH_TYPE)
    with atomic_write(samples) as file:
        found = tqdm(
            _track_all(corpus),
            "pitch",
            total=len(corpus),
            unit=" recordings",
            disable=not sys.stderr.isatty(),
        )
        for item, (recorded, rows) in zip(corpus.utterances, found, strict=True):
            file.write(recorded.tobytes())
            # Framings without padding at the ends have a frame or two less.
            tracked[item.offset : item.offset + item.frames] = rows[: item.frames]
    with atomic_write(pitch) as file:
        np.save(file, tracked, allow_pickle=False)


def _track_all(corpus: PreparedCorpus) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """`_track` of every utterance, in their order, on all cores where there are many."""
    if len(corpus) < FEW:
        yield from (_track(corpus, number) for number in range(len(corpus)))
        return
    with worker_pool(cores()) as pool:
        yield from pool.map(partial(_track, corpus), range(len(corpus)), chunksize=FEW)


def _track(corpus: PreparedCorpus, number: int) -> tuple[np.ndarray, np.ndarray]:
    """The samples of an utterance, int16 [samples], and its pitch, `PITCH_TYPE` [frames]."""
    convention = corpus.convention
    wave = corpus.audio(number)
    found = track_pitch(wave, convention.sample_rate, convention.hop_length)
    rows = np.zeros(len(found.f0), PITCH_TYPE)
    rows["f0"], rows["phase"], rows["voiced"] = found.f0, found.phase, found.voiced
    return np.round(np.clip(wave, -1, 1) * (FULL_SCALE - 1)).astype("<i2"), rows
