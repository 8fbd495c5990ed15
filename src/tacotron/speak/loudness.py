"""Louder or softer: gains that change from frame to frame, on samples as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tacotron.speak.vocoder import WaveStream


class Amplifier:
    """Amplifies the waveform of one utterance, block by block."""

    def __init__(self, decibels: np.ndarray, hop_length: int) -> None:
        """``decibels`` float [frames] louder, minus infinity for silence. Frame t is centered on
        sample ``t * hop_length``; in between, gains change evenly."""
        self._gains = np.float_power(10.0, decibels / 20)
        self._is_even = bool((self._gains == self._gains[0]).all())
        self._hop = hop_length
        self._samples = 0

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """The next samples, float32 [samples], amplified; the same array where that is none."""
        place = np.arange(self._samples, self._samples + len(wave)) / self._hop
        self._samples += len(wave)
        if not self._is_even:
            gains = np.interp(place, np.arange(len(self._gains)), self._gains)
            return wave * gains.astype(np.float32)
        return wave if self._gains[0] == 1.0 else wave * np.float32(self._gains[0])


class AmplifiedStream:
    """A `tacotron.speak.vocoder.WaveStream` whose samples go through an `Amplifier`."""

    def __init__(self, stream: WaveStream, amplifier: Amplifier) -> None:
        self._stream = stream
        self._amplifier = amplifier

    def push(self, mel: np.ndarray, *, last: bool = False) -> np.ndarray:
        """See `tacotron.speak.vocoder.WaveStream`."""
        return self._amplifier(self._stream.push(mel, last=last))
