"""The fundamental frequency of speech, and the phase of its pulses.

F0 is found by autocorrelation (Boersma, "Accurate short-term analysis of the fundamental frequency
and the harmonics-to-noise ratio of a sampled sound", Proc. IFA 17, 1993): candidates are the peaks
of each frame's autocorrelation, freed of the window's own; the smoothest strong path through them
is taken.

The phase is measured in two steps, so that a pulse train built from it stays in step with the
recording through a whole utterance. First where the path says the fundamental lies, its angle is
followed. But a fundamental's angle depends on the vowel, by a quarter of a period; what is steady
is the instant at which the glottis closes. So pulses are then moved to where the recording's
residual (what linear prediction can't explain) has its peaks: up to several kHz, the harmonics of a
pulse train are then the recording's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tacotron.audio.closures import (
    COARSE_SHIFTS,
    FINE_SHIFTS,
    closure_shifts,
    prediction_residual,
    sample_phase,
)
from tacotron.audio.waveform import as_waveform
from tacotron.errors import AudioError

# Candidates a frame, the unvoiced one beside them.
_CANDIDATES = 6
# Boersma's costs: what an unvoiced frame is worth, an octave's advantage of high over low pitch,
# a jump of an octave from frame to frame, and a change of voicing (per 10 ms, as the paper has it).
_UNVOICED_STRENGTH, _OCTAVE_COST, _JUMP_COST, _VOICING_COST = 0.45, 0.01, 0.35, 0.14
# Frames this much quieter than the loudest (amplitude) are silence.
_SILENCE = 0.03
# Frames under transform at once.
_BLOCK = 512
# Width of the smoothing of the fundamental's complex amplitude, in seconds: over two periods, less
# than a pitch movement.
_PHASE_WINDOW = 0.03


@dataclass(frozen=True)
class Pitch:
    """The voice's fundamental, a value a frame; frame t is centered on sample t * hop_length."""

    f0: np.ndarray  # float32 [frames], Hz; held and interpolated through what is not voiced
    voiced: np.ndarray  # bool [frames]
    phase: np.ndarray  # float64 [frames], cycles since the beginning; pulses are at whole numbers


def track_pitch(
    wave: ArrayLike,
    sample_rate: int,
    hop_length: int,
    *,
    lowest: float = 60.0,
    highest: float = 480.0,
) -> Pitch:
    """The pitch of ``wave`` (float [samples]) at ``1 + samples // hop_length`` frames.

    ``lowest`` and ``highest`` are the range in Hz in which F0 is looked for. A wave without any
    voiced frame gets the geometric middle of the range throughout. Raises `AudioError` for an empty
    or non-finite wave and for an impossible range.
    """
    wave = as_waveform(wave)
    if wave.size == 0:
        raise AudioError("The waveform is empty: pitch needs at least one sample.")
    if not 0 < lowest < highest < sample_rate / 4:
        raise AudioError(
            f"Pitch can't be looked for between {lowest:g} and {highest:g} Hz at {sample_rate} Hz: "
            "give a range below a quarter of the sample rate."
        )
    frequency, strength, level = _candidates(wave, sample_rate, hop_length, lowest, highest)
    path = _best_path(frequency, strength, level, hop_length / sample_rate, highest)
    coarse = np.take_along_axis(frequency, path[:, None], 1)[:, 0]
    voiced = coarse > 0
    f0 = _held(coarse, voiced, np.sqrt(lowest * highest))
    phase = _phase(f0, sample_rate, hop_length)
    if voiced.any():
        phase += _drift(wave, phase, f0, voiced, sample_rate, hop_length)
        residual = prediction_residual(wave, len(phase), hop_length)
        for shifts in (COARSE_SHIFTS, FINE_SHIFTS):
            f0 = _rate_of(phase, f0, sample_rate / hop_length)
            phase = phase - closure_shifts(
                residual, phase, f0, voiced, sample_rate, hop_length, shifts
            )
        f0 = _rate_of(phase, f0, sample_rate / hop_length)
    return Pitch(f0.astype(np.float32), voiced, phase)


def _candidates(
    wave: np.ndarray, rate: int, hop: int, lowest: float, highest: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """F0 in Hz and strength of the candidates, [frames, _CANDIDATES] each (the first is unvoiced:
    0 Hz), and each frame's peak amplitude over the loudest one's, [frames]."""
    size = int(3 * rate / lowest) // 2 * 2
    window = np.hanning(size + 1)[:size]
    padded = 1 << (size + int(rate / lowest)).bit_length()
    own = np.fft.irfft(np.abs(np.fft.rfft(window, padded)) ** 2)
    shortest, longest = int(rate / highest), int(rate / lowest) + 1
    own = own[: longest + 2] / own[0]
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, size // 2), size)[::hop]
    total = 1 + wave.size // hop
    frequency = np.zeros((total, _CANDIDATES))
    strength = np.zeros((total, _CANDIDATES))
    level = np.zeros(total)
    for begin in range(0, total, _BLOCK):
        block = frames[begin : begin + _BLOCK]
        block = block - block.mean(1, keepdims=True)
        level[begin : begin + len(block)] = np.abs(block).max(1)
        power = np.abs(np.fft.rfft(block * window, padded)) ** 2
        correlation = np.fft.irfft(power)[:, : longest + 2]
        correlation /= np.maximum(correlation[:, :1], 1e-12)
        correlation /= own
        peak = np.zeros_like(correlation, bool)
        inner = correlation[:, 1:-1]
        peak[:, 1:-1] = (inner > correlation[:, :-2]) & (inner >= correlation[:, 2:])
        peak[:, :shortest] = False
        score = np.where(peak & (correlation > 0.2), correlation, -np.inf)
        score -= _OCTAVE_COST * np.log2(np.maximum(np.arange(longest + 2), 1) * lowest / rate)
        lags = np.argpartition(-score, _CANDIDATES - 2, axis=1)[:, : _CANDIDATES - 1]
        rows = np.arange(len(block))[:, None]
        left, middle, right = (
            correlation[rows, np.clip(lags + k, 0, longest + 1)] for k in (-1, 0, 1)
        )
        bend = left - 2 * middle + right
        flat = np.abs(bend) < 1e-9
        shift = np.where(flat, 0.0, 0.5 * (left - right) / np.where(flat, 1.0, bend))
        found = np.isfinite(score[rows, lags])
        span = slice(begin, begin + len(block))
        frequency[span, 1:] = np.where(found, rate / (lags + np.clip(shift, -0.5, 0.5)), 0.0)
        height = np.minimum(1.0, middle - 0.25 * (left - right) * shift)
        strength[span, 1:] = np.where(found, height, -np.inf)
    return frequency, strength, level / max(level.max(), 1e-9)


def _best_path(
    frequency: np.ndarray, strength: np.ndarray, level: np.ndarray, step: float, highest: float
) -> np.ndarray:
    """Which candidate each frame takes: int64 [frames] (Viterbi)."""
    quiet = np.maximum(0.0, 2 - level / _SILENCE * (1 + _UNVOICED_STRENGTH))
    strength = strength.copy()
    strength[:, 0] = _UNVOICED_STRENGTH + quiet
    octave = np.log2(np.maximum(frequency, 1.0) / highest)
    strength[:, 1:] += _OCTAVE_COST * octave[:, 1:]
    voiced = frequency > 0
    scale = 0.01 / step
    best = strength[0]
    back = np.zeros(frequency.shape, np.int64)
    for t in range(1, len(frequency)):
        both = voiced[t - 1][:, None] & voiced[t][None]
        jump = _JUMP_COST * np.abs(octave[t - 1][:, None] - octave[t][None])
        change = _VOICING_COST * (voiced[t - 1][:, None] != voiced[t][None])
        reached = best[:, None] - scale * np.where(both, jump, change)
        back[t] = reached.argmax(0)
        best = reached.max(0) + strength[t]
    path = np.zeros(len(frequency), np.int64)
    path[-1] = best.argmax()
    for t in range(len(frequency) - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path


def _held(f0: np.ndarray, voiced: np.ndarray, otherwise: float) -> np.ndarray:
    """``f0`` with straight lines (in ln) through what is not voiced, held at both ends."""
    if not voiced.any():
        return np.full(len(f0), otherwise)
    places = np.flatnonzero(voiced)
    return np.exp(np.interp(np.arange(len(f0)), places, np.log(f0[places])))


def _phase(f0: np.ndarray, rate: int, hop: int) -> np.ndarray:
    """Cycles at each frame, from 0: the integral of ``f0``, linear between frames."""
    steps = (f0[:-1] + f0[1:]) / 2 * hop / rate
    return np.concatenate([[0.0], np.cumsum(steps)])


def _drift(
    wave: np.ndarray,
    phase: np.ndarray,
    f0: np.ndarray,
    voiced: np.ndarray,
    rate: int,
    hop: int,
) -> np.ndarray:
    """Cycles by which the recording's fundamental runs ahead of ``phase``, [frames].

    The fundamental is brought to 0 Hz and smoothed; its angle is what is left. Across unvoiced
    stretches the angle is interpolated.
    """
    samples = (len(phase) - 1) * hop
    if samples == 0:
        return np.zeros(len(phase))
    turned = wave[:samples] * np.exp(-2j * np.pi * sample_phase(phase, f0, hop, rate))
    half = int(_PHASE_WINDOW * rate)
    window = np.hanning(2 * half + 1)
    power = 1 << (samples + 2 * half).bit_length()
    smooth = np.fft.ifft(np.fft.fft(turned, power) * np.fft.fft(window, power))
    at = np.minimum(np.arange(len(phase)) * hop, samples - 1) + half
    smooth = smooth[at]
    places = np.flatnonzero(voiced)
    angle = np.unwrap(np.angle(smooth[places]))
    # A whole turn across a gap is nobody's: restart each voiced stretch nearest to the one before.
    return np.interp(np.arange(len(phase)), places, angle) / (2 * np.pi)


def _rate_of(phase: np.ndarray, f0: np.ndarray, frame_rate: float) -> np.ndarray:
    """F0 in Hz as the slope of ``phase``: it knows better than a correlation's peak, near which
    (``f0``) it is kept."""
    if len(phase) < 2:
        return f0
    return np.clip(np.gradient(phase) * frame_rate, 0.8 * f0, 1.25 * f0)
