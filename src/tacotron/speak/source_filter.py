"""The second half of our vocoder: pulses and noise, each shaped by its filter, become a waveform.

A network at frame rate (`tacotron.model.vocoder`, in a voice as ``vocoder.onnx``) says for each
frame how high the voice is, how the spectra of a pulse train and of noise are to be shaped, and how
much of the noise swells as the glottis closes. Here both are generated, transformed, multiplied and
overlap-added, as the network was trained to expect. A source and a filter: G. Fant, "Acoustic
Theory of Speech Production", 1960; ending in an inverse STFT: Kaneko et al., "iSTFTNet"
(arXiv 2203.02395).

Frames go in and samples come out in time order, in blocks of any size: what one block leaves
unfinished (phase, noise, frames whose window reaches further, the overlap) waits for the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

# Nearer than this to the middle of a pulse, the closed form is 0 / 0 and its limit is taken.
_PULSE_MIDDLE = 1e-4

# Of breath, from one closure of the glottis to the next: as `tacotron.model.vocoder` has it.
_BREATH_DECAY = 2.5

# Frames under transform at once: their spectra (0.4 MB at n_fft 1024) stay in the cache.
_BLOCK_FRAMES = 32


@dataclass(frozen=True, eq=False)
class Filters:
    """What the network says of T frames; F is ``n_fft // 2 + 1``."""

    f0: np.ndarray  # float [T], Hz, above 0 everywhere: held through unvoiced stretches
    pulse_log_magnitude: np.ndarray  # float32 [T, F], ln
    pulse_phase: np.ndarray  # float32 [T, F], radians
    noise_log_magnitude: np.ndarray  # float32 [T, F], ln
    breath: np.ndarray  # float32 [T], the share of the noise that follows the glottis, 0 to 1

    def __len__(self) -> int:
        return len(self.f0)

    def cut(self, frames: slice) -> Filters:
        """Those ``frames``, as copies: views would keep all of them in memory."""
        return Filters(*(getattr(self, field.name)[frames].copy() for field in fields(self)))


_FIELDS = tuple(field.name for field in fields(Filters))


def concatenate(parts: Sequence[Filters]) -> Filters:
    """The frames of all ``parts``, at least one, in one."""
    return Filters(*(np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS))


class SourceFilter:
    """The waveform of one utterance: `push` frames as they come, then `finish`.

    Frame t is centered on sample ``t * hop_length``; T frames give ``(T - 1) * hop_length``
    samples, the same (to float32's rounding) in whichever blocks they were pushed.
    """

    def __init__(
        self,
        *,
        sample_rate: int,
        n_fft: int,
        hop_length: int,
        noise: Callable[[int], np.ndarray],
    ) -> None:
        """``noise`` gives that many further samples of white noise of variance 1, float32.

        Raises `ValueError` where half of ``n_fft`` is no multiple of ``hop_length``.
        """
        if n_fft % (2 * hop_length):
            raise ValueError(f"n_fft {n_fft} must be a multiple of twice the hop {hop_length}")
        self._sample_rate, self._n_fft, self._hop = sample_rate, n_fft, hop_length
        self._noise = noise
        self._columns = n_fft // hop_length  # hops under the window
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)  # Hann, periodic
        self._synthesis = window.astype(np.float32)
        # NumPy transforms float32 as such only with norm="forward", which divides by n_fft.
        self._analysis = (window * n_fft).astype(np.float32)
        self._squares = (window**2).astype(np.float32).reshape(self._columns, hop_length)
        self._steady = self._squares.sum(axis=0)  # where all windows overlap

        self._frames = 0  # pushed
        self._done = 0  # transformed
        self._rows_out = self._columns // 2  # hops of the padded signal given out, or cut off
        self._last: Filters | None = None  # frame pushed
        self._phase: float | None = None  # cycles, of the last sample generated; the first has 0
        self._waiting: list[Filters] = []  # from frame `done` on
        # Pulses and noise from the first sample under frame `done` on: zeros before the beginning.
        self._sources = np.zeros((2, n_fft // 2), np.float32)
        self._overlap = np.zeros((self._columns - 1, hop_length), np.float32)

    def push(self, filters: Filters) -> np.ndarray:
        """Take the next frames; return the samples that are final now: float32 [samples]."""
        if len(filters) == 0:
            return np.zeros(0, np.float32)
        self._waiting.append(filters)
        self._frames += len(filters)
        self._extend(filters)
        # A frame is ready when the sources reach to the end of its window.
        return self._transform(self._frames - self._columns // 2 - self._done)

    def finish(self) -> np.ndarray:
        """Return the rest, float32 [samples]: behind the last frame's center lies silence."""
        silence = np.zeros((2, self._n_fft // 2), np.float32)
        self._sources = np.concatenate([self._sources, silence], axis=1)
        wave = self._transform(self._frames - self._done)
        # Rows behind the last frame's first, where windows are lacking.
        rows = range(self._frames, self._frames - 1 + self._columns // 2)
        ends = [
            self._overlap[row - self._frames] / self._squares_at(row)
            for row in rows
            if row >= self._rows_out
        ]
        return np.concatenate([wave, *ends])

    def _extend(self, filters: Filters) -> None:
        """Generate pulses and noise up to the center of the last of these frames."""
        known = filters if self._last is None else concatenate([self._last, filters])
        self._last = known.cut(slice(len(known) - 1, None))
        if len(known) < 2:
            return
        hertz = self._between(known.f0)
        steps = hertz.astype(np.float64) / self._sample_rate
        steps[0] = 0.0 if self._phase is None else self._phase + steps[0]
        phase = np.cumsum(steps)
        self._phase = float(phase[-1] % 1.0)
        pulses = pulse_train(phase, hertz, self._sample_rate)
        breath = self._noise(len(phase)) * breath_envelope(phase, self._between(known.breath))
        self._sources = np.concatenate([self._sources, [pulses, breath]], axis=1)

    def _between(self, values: np.ndarray) -> np.ndarray:
        """A value for each sample of one a frame: float32 [(frames - 1) * hop_length]."""
        values = values.astype(np.float32)
        place = np.arange(self._hop, dtype=np.float32) / np.float32(self._hop)
        return (values[:-1, None] + np.diff(values)[:, None] * place).reshape(-1)

    def _transform(self, count: int) -> np.ndarray:
        """Filter the next ``count`` frames; return the samples that no later frame changes."""
        if count <= 0:
            return np.zeros(0, np.float32)
        filters, self._waiting = self._next(count)
        windows = np.lib.stride_tricks.sliding_window_view(self._sources, self._n_fft, axis=1)
        windows = windows[:, :: self._hop][:, :count]
        rows = np.zeros((count + self._columns - 1, self._hop), np.float32)
        rows[: self._columns - 1] = self._overlap
        for start in range(0, count, _BLOCK_FRAMES):
            block = slice(start, min(start + _BLOCK_FRAMES, count))
            pulses, noise = np.fft.rfft(windows[:, block] * self._analysis, norm="forward")
            pieces = np.fft.irfft(_shape(filters, block, pulses, noise), n=self._n_fft)
            pieces *= self._synthesis
            pieces = pieces.reshape(len(pieces), self._columns, self._hop)
            for column in range(self._columns):
                rows[block.start + column : block.stop + column] += pieces[:, column]
        first = self._done
        self._done += count
        self._sources = self._sources[:, count * self._hop :].copy()
        self._overlap = rows[count:].copy()
        final = rows[max(0, self._rows_out - first) : count]
        lacking = min(self._columns - 1 - self._rows_out, len(final))
        for row in range(lacking):  # no windows before the first frame
            final[row] *= self._steady / self._squares_at(self._rows_out + row)
        self._rows_out += len(final)
        return (final / self._steady).reshape(-1)

    def _next(self, count: int) -> tuple[Filters, list[Filters]]:
        """The next ``count`` frames that wait, and those that go on waiting."""
        together = concatenate(self._waiting)
        rest = together.cut(slice(count, None))
        return together.cut(slice(count)), [rest] if len(rest) else []

    def _squares_at(self, row: int) -> np.ndarray:
        """Sum of the squared windows over that hop of the padded signal: float32 [hop_length].

        Column c of the window over ``row`` belongs to frame ``row - c``, of those there are.
        """
        return self._squares[max(0, row - self._frames + 1) : row + 1].sum(axis=0)


def pulse_train(phase: np.ndarray, f0: np.ndarray, sample_rate: int) -> np.ndarray:
    """A pulse at every whole number of ``phase``, holding no partial above half the rate.

    ``phase`` float64 [samples], cycles; ``f0`` float32 [samples], Hz. Returns float32 [samples] of
    power 1: the sum of K cosines of equal amplitude in its closed form, Dirichlet's kernel.
    """
    partials = np.floor(np.float32(sample_rate / 2) / f0 - np.float32(0.5))
    partials = np.maximum(partials, np.float32(1.0))
    odd = 2.0 * partials + np.float32(1.0)
    # Whole cycles are taken off in float64, the sines then are as good in float32. Both change
    # their signs together from cycle to cycle, `odd` being odd.
    turn = phase - np.rint(phase)
    many = 0.5 * odd * turn
    many -= np.rint(many)
    below = np.sin((np.pi * turn).astype(np.float32))
    above = np.sin((2.0 * np.pi * many).astype(np.float32))
    middle = np.abs(below) < _PULSE_MIDDLE
    below[middle] = 1.0
    train = above / (2.0 * below) - np.float32(0.5)
    train[middle] = partials[middle]
    return train * np.sqrt(2.0 / partials)


def breath_envelope(phase: np.ndarray, share: np.ndarray) -> np.ndarray:
    """By how much noise is louder or softer than on average: float32 [samples].

    ``phase`` float64 [samples], cycles, is whole where the glottis closes. ``share`` float32
    [samples], 0 to 1, of the power decays from there; the rest stays even.
    """
    decay = np.exp(np.float32(-_BREATH_DECAY) * (phase - np.floor(phase)).astype(np.float32))
    power = decay * np.float32(_BREATH_DECAY / (1.0 - np.exp(-_BREATH_DECAY)))
    return np.sqrt(1 + share * (power - 1))


def _shape(filters: Filters, block: slice, pulses: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """The spectra of a block of frames: complex64 [frames, F]. Overwrites what it is given."""
    phase = filters.pulse_phase[block]
    gain = np.exp(filters.pulse_log_magnitude[block])
    turned = np.empty_like(pulses)
    np.multiply(gain, np.cos(phase), out=turned.real)
    np.multiply(gain, np.sin(phase), out=turned.imag)
    pulses *= turned
    noise *= np.exp(filters.noise_log_magnitude[block])
    pulses += noise
    return pulses
