"""A corpus of hummed sentences, small enough to prepare, align and train on within seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tacotron.align import AlignerTraining, align_corpus
from tacotron.data.prepare import prepare

RATE = 22050
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def hum(text: str, seed: int) -> np.ndarray:
    """Each letter a tone of its own, a little noise, silence between words: float32."""
    chance = np.random.default_rng(seed)
    time = np.arange(int(0.07 * RATE)) / RATE
    parts = [np.zeros(RATE // 20)]
    for letter in text:
        if letter == " ":
            parts.append(np.zeros(RATE // 25))
            continue
        pitch = 150 + 60 * (ord(letter) - ord("a"))
        tone = np.sin(2 * np.pi * pitch * time) + 0.5 * np.sin(2 * np.pi * 2.1 * pitch * time)
        parts.append(0.2 * tone * np.hanning(len(time)) ** 0.25)
    wave = np.concatenate([*parts, np.zeros(RATE // 20)])
    return (wave + 1e-3 * chance.normal(size=len(wave))).astype(np.float32)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty recordings in LJSpeech layout."""
    folder = tmp_path_factory.mktemp("hummed")
    (folder / "wavs").mkdir()
    chance = np.random.default_rng(0)
    lines = []
    for number in range(40):
        text = " ".join(chance.choice(WORDS, size=3 + number % 3))
        soundfile.write(folder / "wavs" / f"u{number:02d}.wav", hum(text, number), RATE)
        lines.append(f"u{number:02d}|{text}|{text}\n")
    (folder / "metadata.csv").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def corpus_folder(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recordings, prepared and aligned."""
    folder = tmp_path_factory.mktemp("prepared") / "hummed"
    prepare(recordings, folder, workers=1)
    align_corpus(folder, settings=AlignerTraining(updates=30))
    return folder
