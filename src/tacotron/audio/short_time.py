"""Signals that are changed in their short-time spectra, block by block.

An STFT, what is done to its frames, and the inverse STFT that fits it best (Griffin and Lim,
"Signal estimation from modified short-time Fourier transform", IEEE TASSP 32(2), 1984), for signals
that come in blocks of any size: what one block leaves unfinished (frames whose window reaches
further, the overlap) waits for the next.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# Frames under transform at once: their spectra (0.4 MB at n_fft 1024) stay in the cache.
_BLOCK_FRAMES = 32

# Given the spectra of some frames, complex64 [signals, frames, n_fft / 2 + 1], which it may
# overwrite, returns one for each frame, [frames, n_fft / 2 + 1].
Change = Callable[[np.ndarray], np.ndarray]


class ShortTime:
    """One pass: `push` samples as they come, then `finish`.

    Frame t is centered on sample ``t * hop_length``; T frames take and give ``(T - 1) *
    hop_length`` samples, and zeros lie around. The result is the same (to float32's rounding) in
    whichever blocks samples were pushed.
    """

    def __init__(self, *, signals: int, n_fft: int, hop_length: int) -> None:
        """Raises `ValueError` where half of ``n_fft`` is no multiple of ``hop_length``."""
        if n_fft % (2 * hop_length):
            raise ValueError(f"n_fft {n_fft} must be a multiple of twice the hop {hop_length}")
        self._n_fft, self._hop = n_fft, hop_length
        self._columns = n_fft // hop_length  # hops under the window
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)  # Hann, periodic
        self._synthesis = window.astype(np.float32)
        # NumPy transforms float32 as such only with norm="forward", which divides by n_fft.
        self._analysis = (window * n_fft).astype(np.float32)
        self._squares = (window**2).astype(np.float32).reshape(self._columns, hop_length)
        self._steady = self._squares.sum(axis=0)  # where all windows overlap

        self._frames = 0  # transformed
        self._rows_out = self._columns // 2  # hops of the padded signal given out, or cut off
        # From the first sample under the next frame on: zeros before the beginning.
        self._held = np.zeros((signals, n_fft // 2), np.float32)
        self._overlap = np.zeros((self._columns - 1, hop_length), np.float32)

    def push(self, samples: np.ndarray, change: Change) -> np.ndarray:
        """Take the next ``samples``, float32 [signals, samples], whole hops of them; return those
        that no later frame changes, float32 [samples]. ``change`` is for all frames that are full
        now, in their order."""
        self._held = np.concatenate([self._held, samples], axis=1)
        return self._transform(change)

    def finish(self, change: Change) -> np.ndarray:
        """Return the rest, float32 [samples]: behind what was pushed lies silence."""
        silence = np.zeros((len(self._held), self._n_fft // 2), np.float32)
        wave = self.push(silence, change)
        # Rows behind the last frame's first, where windows are lacking.
        rows = range(self._frames, self._frames - 1 + self._columns // 2)
        ends = [
            self._overlap[row - self._frames] / self._squares_at(row)
            for row in rows
            if row >= self._rows_out
        ]
        return np.concatenate([wave, *ends])

    def _transform(self, change: Change) -> np.ndarray:
        """Change all frames whose windows are full; return the samples that are final then."""
        count = (self._held.shape[1] - self._n_fft) // self._hop + 1
        if count <= 0:
            return np.zeros(0, np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(self._held, self._n_fft, axis=1)
        windows = windows[:, :: self._hop]
        rows = np.zeros((count + self._columns - 1, self._hop), np.float32)
        rows[: self._columns - 1] = self._overlap
        for start in range(0, count, _BLOCK_FRAMES):
            block = slice(start, min(start + _BLOCK_FRAMES, count))
            spectra = np.fft.rfft(windows[:, block] * self._analysis, norm="forward")
            pieces = np.fft.irfft(change(spectra), n=self._n_fft)
            pieces *= self._synthesis
            pieces = pieces.reshape(len(pieces), self._columns, self._hop)
            for column in range(self._columns):
                rows[block.start + column : block.stop + column] += pieces[:, column]
        first = self._frames
        self._frames += count
        self._held = self._held[:, count * self._hop :].copy()
        self._overlap = rows[count:].copy()
        final = rows[max(0, self._rows_out - first) : count]
        lacking = min(self._columns - 1 - self._rows_out, len(final))
        for row in range(lacking):  # no windows before the first frame
            final[row] *= self._steady / self._squares_at(self._rows_out + row)
        self._rows_out += len(final)
        return (final / self._steady).reshape(-1)

    def _squares_at(self, row: int) -> np.ndarray:
        """Sum of the squared windows over that hop of the padded signal: float32 [hop_length].

        Column c of the window over ``row`` belongs to frame ``row - c``, of those there are.
        """
        return self._squares[max(0, row - self._frames + 1) : row + 1].sum(axis=0)
