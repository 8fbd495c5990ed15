"""A little corpus factory: recordings that look like speech to a level meter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE = 16000

PROMPTS = (
    "The cat sat down.",
    "Open the window.",
    "Give me the book.",
    "She came home late.",
    "Where is the dog?",
    "It was a cold day.",
    "They went to the sea.",
    "We like the rain.",
)


def speechlike(seconds: float, *, rate: int = RATE, seed: int = 0, peak: float = 0.3) -> np.ndarray:
    """Return syllables of a buzz over faint noise, half a second of noise at both ends."""
    chance = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.7 * time + seed)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    buzz = sum(np.cos(k * phase) / k for k in range(1, 40))
    syllables = 0.15 + 0.85 * np.sin(np.pi * 4 * time) ** 2
    pause = np.zeros(rate // 2)
    wave = np.concatenate([pause, buzz * syllables, pause])
    wave = peak * wave / np.abs(wave).max()
    return (wave + 1e-4 * chance.standard_normal(len(wave))).astype(np.float32)


@pytest.fixture
def recording() -> Callable[..., np.ndarray]:
    return speechlike


@pytest.fixture
def make_corpus(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a corpus in LJSpeech layout and returns its folder."""

    def make(count: int = 8, *, name: str = "corpus") -> Path:
        folder = tmp_path / name
        (folder / "wavs").mkdir(parents=True)
        lines = []
        for number in range(count):
            text = PROMPTS[number % len(PROMPTS)]
            wave = speechlike(1.2 + 0.1 * (number % 4), seed=number)
            soundfile.write(folder / "wavs" / f"u{number:03}.wav", wave, RATE)
            lines.append(f"u{number:03}|{text}|{text}\n")
        (folder / "metadata.csv").write_text("".join(lines), encoding="utf-8")
        return folder

    return make
