"""Changing the sample rate of audio that is still being spoken.

Some formats know few rates (Opus 48, 24, 16, 12 and 8 kHz), OpenAI's ``pcm`` none but 24 kHz. The
result is that of `tacotron.audio.resample` on the whole, but comes block by block and from numpy
alone: a server's first request should not wait until SciPy is loaded.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np

# The filter of `tacotron.audio.resample`: stop band at -80 dB, pass band to 90 % of Nyquist.
_BETA = 7.857
_HALF_PERIODS = 50
_CUTOFF = 0.95


class StreamResampler:
    """Resamples one waveform that comes in blocks."""

    def __init__(self, rate_in: int, rate_out: int) -> None:
        """``rate_in`` and ``rate_out`` in Hz, both positive."""
        divisor = gcd(rate_in, rate_out)
        self._up, self._down = rate_out // divisor, rate_in // divisor
        self._bank = _filter_bank(self._up, self._down)
        reach = self._bank.shape[1] // 2  # input samples that the filter sees to either side
        self._pending = np.zeros(reach, np.float32)
        self._reach = reach
        self._taken = self._given = 0  # samples

    def feed(self, wave: np.ndarray) -> np.ndarray:
        """Append ``wave`` (float32 [samples]) and return what is certain by now, float32."""
        self._taken += len(wave)
        return self._filter(wave)

    def finish(self) -> np.ndarray:
        """Return the rest; in all there are ceil(samples * rate_out / rate_in)."""
        total = -(-self._taken * self._up // self._down)
        missing = total - self._given
        silence = np.zeros(2 * self._reach + self._down, np.float32)
        return self._filter(silence)[:missing]

    def _filter(self, wave: np.ndarray) -> np.ndarray:
        x = np.concatenate([self._pending, wave])
        taps = self._bank.shape[1]
        # Groups of `down` input samples give `up` outputs, each with its own phase of the filter.
        groups = max(0, (len(x) - taps + 1) // self._down)
        y = np.empty((groups, self._up), np.float32)
        if groups:
            seen = np.lib.stride_tricks.sliding_window_view(x, taps)
            for output in range(self._up):
                first, phase = divmod(output * self._down, self._up)
                rows = seen[first : first + groups * self._down : self._down]
                y[:, output] = rows @ self._bank[phase]
        self._pending = x[groups * self._down :]
        self._given += y.size
        return y.reshape(-1)


@lru_cache(maxsize=4)
def _filter_bank(up: int, down: int) -> np.ndarray:
    """The filter's phases, each turned around for a dot product: float32 [up, taps].

    Tap j of phase p weighs the input sample that lies ``j - taps // 2`` samples after the one at or
    before the output, which itself lies p/up samples behind that.
    """
    reach = -(-_HALF_PERIODS * max(up, down) // up) + 1
    distance = np.arange(-reach, reach + 1)[None] - np.arange(up)[:, None] / up
    # In periods of the lower rate; 0.95 of its Nyquist frequency passes.
    periods = distance * min(1.0, up / down)
    inside = np.clip(1 - (periods / _HALF_PERIODS) ** 2, 0, None)
    window = np.where(np.abs(periods) <= _HALF_PERIODS, np.i0(_BETA * np.sqrt(inside)), 0)
    bank = np.sinc(periods * _CUTOFF) * window
    return (bank / bank.sum(axis=1, keepdims=True)).astype(np.float32)
