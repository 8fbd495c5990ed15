"""Transcripts shuffled on purpose are the ones that score lowest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tacotron.align import AlignerTraining, Alignments, align_corpus
from tacotron.data.prepare import prepare
from tacotron.data.report import write_report

RATE = 16000
WORDS = ["alpha", "bravo", "kilo", "delta", "echo", "tango", "golf", "hotel", "india", "lima"]


def hum(text: str) -> np.ndarray:
    """A chord for each letter, silence between words: float32."""
    time = np.arange(int(0.08 * RATE)) / RATE
    fade = np.hanning(len(time)) ** 0.25
    parts = [np.zeros(RATE // 20)]
    for letter in text:
        pitch = 200 + 90 * (ord(letter) - ord("a"))
        tone = sum(np.sin(2 * np.pi * pitch * n * time) for n in (1, 1.7, 2.9))
        parts.append(np.zeros(RATE // 16) if letter == " " else 0.1 * tone * fade)
    return np.concatenate([*parts, np.zeros(RATE // 20)]).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """Eighty recordings, aligned; the texts of ten belong to other recordings."""
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
    corpus = folder / "corpus"
    prepare(folder, corpus, workers=1)
    align_corpus(corpus, settings=AlignerTraining(updates=200, prior_updates=100))
    return corpus, {f"u{number:02d}" for number in range(30, 40)}


def test_they_score_lowest(folder: tuple[Path, set[str]]) -> None:
    corpus, wrong = folder
    assert set(Alignments.load(corpus).ranked()[:10]) == wrong


def test_the_report_lists_them(folder: tuple[Path, set[str]]) -> None:
    corpus, wrong = folder
    write_report(corpus)
    page = (corpus / "report.html").read_text("utf-8")
    assert all(name in page for name in wrong)
