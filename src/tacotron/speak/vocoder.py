"""What turns the spectrograms that a voice speaks into a waveform."""

from __future__ import annotations

from dataclasses import asdict
from typing import Protocol

import numpy as np

from tacotron.speak.engine import Speech
from tacotron.voice.bundle import Bundle


class Vocoder(Protocol):
    """Turns what one voice speaks into waveforms; holds nothing that doing so changes."""

    def __call__(self, speech: Speech) -> np.ndarray:
        """The waveform of ``speech``: float32 [samples].

        Frame t lies where the convention's framing puts it; the length is about frames hops.
        """
        ...


class GriffinLimVocoder:
    """Needs no training: finds phases that fit the magnitudes, as the voice's file says.

    The magnitudes are those of the linear spectrogram where the voice speaks one, or else what the
    mel leaves known of them.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._convention = bundle.manifest.convention
        self._settings = bundle.manifest.griffin_lim

    def __call__(self, speech: Speech) -> np.ndarray:
        """See `Vocoder`."""
        from tacotron.audio.griffin_lim import linear_to_wave, mel_to_wave

        settings = asdict(self._settings)
        if speech.linear is not None:
            return linear_to_wave(speech.linear, self._convention, **settings)
        return mel_to_wave(speech.mel, self._convention, **settings)


def load_vocoder(bundle: Bundle) -> Vocoder:
    """Return what turns the spectrograms of the voice ``bundle`` into waveforms."""
    return GriffinLimVocoder(bundle)
