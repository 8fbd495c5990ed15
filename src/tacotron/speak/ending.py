"""Where speech is over, for voices whose models never say so."""

from __future__ import annotations

import numpy as np

from tacotron.audio.convention import MelConvention
from tacotron.audio.mel import unscale

SILENT_DB = -40.0  # a frame this far below the loudest is silent


def end_of_speech(mel: np.ndarray, c: MelConvention, silence: float) -> int | None:
    """After how many frames ``mel`` float32 [frames, n_mels] falls silent for ``silence`` seconds,
    the last ones included; None where it never does. What comes before its first sound is no end.
    """
    energy = (unscale(mel, c) ** np.float32(2 / c.power)).sum(axis=1)
    loud = np.flatnonzero(energy > energy.max() * 10 ** (SILENT_DB / 10))
    gaps = np.diff(np.append(loud, len(mel))) - 1  # silent frames behind each loud one
    ends = np.flatnonzero(gaps >= silence * c.frame_rate)
    return int(loud[ends[0]]) + 1 if len(ends) else None
