"""Another pitch for the source-filter vocoder: F0 is moved, and the filters are freed of the old.

A mel resolves single harmonics below 1 kHz, so the pulses' filter has the old F0 in it: high where
harmonics are, anything between them. As soon as the pulses move, they would fall into the gaps.
What the filter does to each harmonic is therefore read off, and drawn on between them: the
spectral envelope, as analysis-by-synthesis vocoders find it (McAulay and Quatieri, "Speech
analysis/synthesis based on a sinusoidal representation", IEEE Trans. ASSP 34(4), 1986).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tacotron.speak.source_filter import Filters, concatenate
from tacotron.voice.manifest import SourceFilterSettings

# A harmonic's energy lies in the main lobe of the Hann window's transform, this far to each side.
_LOBE_BINS = 2
_LOWEST = 20.0  # Hz


@dataclass(frozen=True, eq=False)
class Pitch:
    """How an utterance's pitch is to differ from what the vocoder reads off its mel."""

    semitones: np.ndarray  # float [frames], higher
    range: float = 1.0  # factor on the distance from the utterance's mean, in semitones


class PitchMover:
    """Moves the pitch of one utterance's filters as they come."""

    def __init__(self, pitch: Pitch, settings: SourceFilterSettings) -> None:
        self._pitch = pitch
        self._rate, self._n_fft = settings.convention.sample_rate, settings.n_fft
        self._done = 0  # frames
        self._waiting: list[Filters] = []

    def push(self, filters: Filters | None, *, last: bool) -> Filters | None:
        """Take the next frames, if there are any; return those that can be known now, if any."""
        if filters is not None:
            self._waiting.append(filters)
        if not self._waiting or (self._pitch.range != 1.0 and not last):
            return None
        filters, self._waiting = concatenate(self._waiting), []
        start, self._done = self._done, self._done + len(filters)
        pitch = replace(self._pitch, semitones=self._pitch.semitones[start : self._done])
        return move_pitch(filters, pitch, sample_rate=self._rate, n_fft=self._n_fft)


def move_pitch(filters: Filters, pitch: Pitch, *, sample_rate: int, n_fft: int) -> Filters:
    """``filters`` for another ``pitch``; both have T frames, the whole utterance where its range
    changes, any part of it otherwise."""
    f0 = np.log2(filters.f0.astype(np.float64))
    if pitch.range != 1.0:
        mean = mean_octave(filters)
        f0 = mean + pitch.range * (f0 - mean)
    f0 = np.exp2(f0 + pitch.semitones / 12)
    # Slower pulses are no pitch, and faster ones have no partial but the first.
    f0 = np.clip(f0, _LOWEST, sample_rate / 4).astype(np.float32)
    log_magnitude, phase = _between_harmonics(filters, sample_rate / n_fft)
    return replace(filters, f0=f0, pulse_log_magnitude=log_magnitude, pulse_phase=phase)


def mean_octave(filters: Filters) -> float:
    """The mean of log2 F0 (Hz), where each frame counts for the energy of its pulses: F0 is there
    in silence and in what is not voiced too."""
    energy = np.exp(2.0 * filters.pulse_log_magnitude.astype(np.float64)).sum(axis=1)
    return float(np.average(np.log2(filters.f0), weights=energy))


def _between_harmonics(filters: Filters, bin_hertz: float) -> tuple[np.ndarray, np.ndarray]:
    """ln magnitude and phase, float32 [T, F] each, that equal the filter's at each multiple of F0
    and change evenly between them."""
    bins = filters.pulse_log_magnitude.shape[1]
    spacing = filters.f0.astype(np.float64)[:, None] / bin_hertz  # bins between harmonics
    number = np.arange(1, max(1, int((bins - 1) / spacing.min())) + 1)
    place = np.minimum(
        number * spacing, bins - 1
    )  # [T, harmonics], those beyond the last bin on it
    around = np.rint(place).astype(np.int64)[..., None] + np.arange(-_LOBE_BINS, _LOBE_BINS + 1)
    weight = _lobe(around - place[..., None]) ** 2 * ((around >= 0) & (around < bins))
    around = np.clip(around, 0, bins - 1)
    frame = np.arange(len(place))[:, None, None]
    gain = np.exp(filters.pulse_log_magnitude[frame, around].astype(np.float64))
    turned = gain * np.exp(1j * filters.pulse_phase[frame, around])
    level = np.log((weight * gain**2).sum(axis=2) / weight.sum(axis=2)) / 2
    phase = np.unwrap(np.angle((weight * turned).sum(axis=2)), axis=1)
    # Each bin lies between two harmonics; those before the first and behind the last are as it.
    at = np.clip(np.arange(bins) / spacing - 1, 0, len(number) - 1)
    before = np.minimum(at.astype(np.int64), max(0, len(number) - 2))
    after = np.minimum(before + 1, len(number) - 1)
    share = at - before
    log_magnitude, drawn = (
        np.take_along_axis(values, before, axis=1) * (1 - share)
        + np.take_along_axis(values, after, axis=1) * share
        for values in (level, phase)
    )
    return log_magnitude.astype(np.float32), drawn.astype(np.float32)


def _lobe(bins: np.ndarray) -> np.ndarray:
    """The Hann window's transform that many ``bins`` from its middle, where it is 1."""
    inside = np.abs(np.abs(bins) - 1) > 1e-6
    safe = np.where(inside, bins, 0.0)
    lobe = np.where(inside, np.sinc(safe) / (1 - safe**2), 0.5)
    return np.where(np.abs(bins) < _LOBE_BINS, lobe, 0.0)
