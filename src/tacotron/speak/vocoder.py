"""What turns a voice's mel into a waveform."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from tacotron.voice.bundle import Bundle


class Vocoder(Protocol):
    """Turns mels of one voice into waveforms; holds nothing that doing so changes."""

    def __call__(self, mel: np.ndarray) -> np.ndarray:
        """``mel`` float32 [frames, n_mels] in the convention's values -> float32 [samples].

        Frame t lies where the convention's framing puts it; the length is about frames hops.
        """
        ...


class GriffinLimVocoder:
    """Needs no training: finds phases that fit the mel's magnitudes, as the voice's file says."""

    def __init__(self, bundle: Bundle) -> None:
        self._convention = bundle.manifest.convention
        self._settings = bundle.manifest.griffin_lim

    def __call__(self, mel: np.ndarray) -> np.ndarray:
        """See `Vocoder`."""
        from tacotron.audio.griffin_lim import mel_to_wave

        return mel_to_wave(
            mel,
            self._convention,
            iterations=self._settings.iterations,
            power=self._settings.power,
            momentum=self._settings.momentum,
        )


def load_vocoder(bundle: Bundle) -> Vocoder:
    """Return what turns mels of the voice ``bundle`` into waveforms."""
    return GriffinLimVocoder(bundle)
