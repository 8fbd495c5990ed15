"""Signals that this room's tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="session")
def reading() -> np.ndarray:
    """1.8 s of a person reading (LJ001-0008, public domain) at 20 kHz: float32 [35669]."""
    with np.load(DATA / "keithito_LJ001-0008.npz") as data:
        return data["wav"]


@pytest.fixture
def noise() -> np.ndarray:
    """Half a second of white noise at 22,050 Hz: float32 [11025]."""
    return (0.1 * np.random.default_rng(0).standard_normal(11025)).astype(np.float32)
