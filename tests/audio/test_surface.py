"""What the room offers, and what it costs to enter."""

from __future__ import annotations

import subprocess
import sys
import types

import tacotron.audio

HEAVY = ("scipy", "soundfile", "pyloudnorm", "librosa", "torch", "matplotlib")


def test_the_surface_is_what_all_says():
    public = {
        name
        for name, value in vars(tacotron.audio).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert public == set(tacotron.audio.__all__)


def test_mel_and_griffin_lim_need_numpy_only():
    program = f"""
import io, sys
import numpy as np
from tacotron.audio import get_convention, mel_spectrogram, mel_to_wave, write_audio
for name in ("nvidia", "keithito"):
    c = get_convention(name)
    mel = mel_spectrogram(np.random.default_rng(0).uniform(-0.1, 0.1, 9000), c)
    write_audio(io.BytesIO(), mel_to_wave(mel, c), c.sample_rate)
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
