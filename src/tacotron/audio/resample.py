"""Changing the sample rate."""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import ArrayLike

from tacotron.audio.waveform import as_waveform
from tacotron.errors import AudioError

# The anti-aliasing filter: a Kaiser-windowed sinc whose stop band (-80 dB) begins at the lower of
# the two Nyquist frequencies and whose pass band reaches 90 % of it (9.9 kHz at 22,050 Hz).
# Kaiser's formulas (Oppenheim & Schafer, 7.5.3): beta = 0.1102 (A - 8.7) and a transition of
# (A - 8) / (2.285 * taps) radians, which for 100 taps a period is 10 % of Nyquist.
_BETA = 7.857
_HALF_PERIODS = 50
_CUTOFF = 0.95


def resample(wave: ArrayLike, rate_in: int, rate_out: int) -> np.ndarray:
    """``wave`` at ``rate_out`` Hz: float32 [ceil(samples * rate_out / rate_in)].

    Polyphase filtering through SciPy; equal rates give the samples back as they are. Raises
    `AudioError` for rates that are not positive and for what is not a waveform.
    """
    signal = as_waveform(wave).astype(np.float32, copy=False)
    if rate_in <= 0 or rate_out <= 0:
        raise AudioError(
            f"Can't resample from {rate_in} Hz to {rate_out} Hz: sample rates must be positive."
        )
    if rate_in == rate_out or signal.size == 0:
        return signal
    from scipy.signal import resample_poly

    divisor = gcd(int(rate_in), int(rate_out))
    up, down = int(rate_out) // divisor, int(rate_in) // divisor
    return resample_poly(signal, up, down, window=_lowpass(up, down))


@lru_cache(maxsize=4)
def _lowpass(up: int, down: int) -> np.ndarray:
    from scipy.signal import firwin

    longest = max(up, down)
    taps = firwin(2 * _HALF_PERIODS * longest + 1, _CUTOFF / longest, window=("kaiser", _BETA))
    return taps.astype(np.float32)
