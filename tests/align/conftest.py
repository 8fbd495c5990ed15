"""Eighty hummed recordings, the texts of ten of which belong to others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tacotron.align import AlignerTraining, align_corpus
from tacotron.data.corpus import PreparedCorpus
from tacotron.data.prepare import prepare

RATE = 16000
LETTER, PAUSE, EDGE = 0.08, 1 / 16, 1 / 20  # seconds
WORDS = ["alpha", "bravo", "kilo", "delta", "echo", "tango", "golf", "hotel", "india", "lima"]
WRONG = frozenset(f"u{number:02d}" for number in range(30, 40))


def hum(text: str) -> np.ndarray:
    """A chord for each letter, silence between words: float32."""
    time = np.arange(int(LETTER * RATE)) / RATE
    fade = np.hanning(len(time)) ** 0.25
    parts = [np.zeros(int(EDGE * RATE))]
    for letter in text:
        pitch = 200 + 90 * (ord(letter) - ord("a"))
        tone = sum(np.sin(2 * np.pi * pitch * n * time) for n in (1, 1.7, 2.9))
        parts.append(np.zeros(int(PAUSE * RATE)) if letter == " " else 0.1 * tone * fade)
    return np.concatenate([*parts, np.zeros(int(EDGE * RATE))]).astype(np.float32)


def hummed_starts(text: str) -> np.ndarray:
    """When each word of `hum` starts, in seconds after the first."""
    lengths = [LETTER * len(word) + PAUSE for word in text.split()]
    return np.cumsum([0.0, *lengths[:-1]])


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recordings, prepared and not aligned."""
    folder = tmp_path_factory.mktemp("shuffled")
    (folder / "wavs").mkdir()
    chance = np.random.default_rng(1)
    texts = [" ".join(chance.choice(WORDS, size=5)) for _ in range(80)]
    for number, text in enumerate(texts):
        soundfile.write(folder / "wavs" / f"u{number:02d}.wav", hum(text), RATE)
    listed = texts[:]
    listed[30:40] = [*texts[31:40], texts[30]]
    lines = [f"u{number:02d}|{text}\n" for number, text in enumerate(listed)]
    (folder / "metadata.csv").write_text("".join(lines), "utf-8")
    prepare(folder, folder / "corpus", workers=1)
    return folder / "corpus"


@pytest.fixture(scope="session")
def aligned(prepared: Path) -> Path:
    """The same corpus, aligned from scratch."""
    align_corpus(prepared, settings=AlignerTraining(updates=100, prior_updates=60))
    return prepared


@pytest.fixture
def corpus(prepared: Path) -> PreparedCorpus:
    return PreparedCorpus.open(prepared)
