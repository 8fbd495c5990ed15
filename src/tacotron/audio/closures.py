"""When the glottis closes: where the pulses of a voice are to stand.

Harmonics of a voice are in phase with one another near the instants at which the glottis closes.
There the residual of linear prediction has its peaks (Drugman et al., "Detection of glottal closure
instants from speech signals", IEEE TASLP 20(3), 2012, compares ways to find them). Here a known
pitch gives a pulse train, and what is looked for is only by how much it must be moved.
"""

from __future__ import annotations

import numpy as np

# Linear prediction: coefficients (two a kHz, and some for the glottis); the pre-emphasis before.
_PREDICTORS, _PREEMPHASIS = 26, 0.9
# Band in which closures are looked for, in Hz: above the fundamental's own, below the noise.
_CLOSURE_BAND = (300.0, 5000.0)
# Where closures are looked for, in cycles around the pulses: everywhere, and then more finely. The
# cost is of moving by a whole cycle from frame to frame, squared, in units of correlation.
COARSE_SHIFTS = np.arange(96) / 96 - 0.5
FINE_SHIFTS = np.arange(-24, 25) / 400
_SHIFT_COST, _UNVOICED_SHIFT_COST = 200.0, 10.0
_LARGEST_STEP = 4  # places among the shifts, from frame to frame
_LAG_STEPS = 4  # to a sample, of correlations
_CLOSURE_FFT = 1024


def sample_phase(phase: np.ndarray, f0: np.ndarray, hop_length: int, rate: int) -> np.ndarray:
    """Cycles at each sample of ``(frames - 1) * hop_length``, from values a frame: float64.

    Within a hop, F0 is linear; what it then lacks to the next frame's phase is spread evenly.
    """
    place = np.arange(hop_length) / hop_length
    f0 = np.asarray(f0, np.float64) * hop_length / rate
    start, step = f0[:-1, None], np.diff(f0)[:, None]
    inside = start * place + step * place**2 / 2
    lacking = np.diff(phase) - (f0[:-1] + f0[1:]) / 2
    return (phase[:-1, None] + inside + lacking[:, None] * place).ravel()


def prediction_residual(wave: np.ndarray, frames: int, hop: int) -> np.ndarray:
    """Spectra [frames, bins] of what linear prediction leaves of ``wave``, each of unit power."""
    emphasized = np.append(wave[:1], wave[1:] - _PREEMPHASIS * wave[:-1])
    spectra = _short_spectra(emphasized, frames, hop)
    predictors = np.fft.rfft(_predictors(np.abs(spectra) ** 2), _CLOSURE_FFT)
    left = spectra * predictors
    return left / np.sqrt(np.mean(np.abs(left) ** 2, 1, keepdims=True) + 1e-12)


def _predictors(power: np.ndarray) -> np.ndarray:
    """Prediction error filters [frames, _PREDICTORS + 1] of power spectra (Levinson and Durbin)."""
    correlation = np.fft.irfft(power)[:, : _PREDICTORS + 1]
    error = correlation[:, 0] * 1.0001 + 1e-9
    filters = np.zeros_like(correlation)
    filters[:, 0] = 1.0
    for order in range(1, _PREDICTORS + 1):
        known = filters[:, :order]
        reflection = -(known * correlation[:, order:0:-1]).sum(1) / error
        filters[:, 1 : order + 1] += reflection[:, None] * known[:, ::-1]
        error = error * (1 - reflection**2)
    return filters


def closure_shifts(
    residual: np.ndarray,
    phase: np.ndarray,
    f0: np.ndarray,
    voiced: np.ndarray,
    rate: int,
    hop: int,
    shifts: np.ndarray,
) -> np.ndarray:
    """Cycles, out of ``shifts``, by which closures come after the pulses of ``phase``, [frames].

    The smoothest path through the strongest correlations of pulses and residual; the polarity of
    the recording is the one that correlates better. Interpolated through what is not voiced.
    """
    frames = len(phase)
    if frames < 2:
        return np.zeros(frames)
    pulses = _pulses(sample_phase(phase, f0, hop, rate), np.repeat(f0[:-1], hop), rate)
    spectra = _short_spectra(pulses, frames, hop)
    hertz = np.arange(residual.shape[1]) * rate / _CLOSURE_FFT
    band = (hertz > _CLOSURE_BAND[0]) & (hertz < _CLOSURE_BAND[1])
    energy = np.sqrt((np.abs(spectra) ** 2 * band).sum(1) * (np.abs(residual) ** 2 * band).sum(1))
    cross = np.conj(spectra) * residual * band / (energy[:, None] + 1e-12)
    fine = _LAG_STEPS * _CLOSURE_FFT
    correlation = np.fft.irfft(cross, fine) * (fine / 2)
    lags = np.round(shifts * (_LAG_STEPS * rate) / f0[:, None]).astype(np.int64) % fine
    score = np.take_along_axis(correlation, lags, 1) * voiced[:, None]
    if np.maximum(-score, 0).max(1).sum() > np.maximum(score, 0).max(1).sum():
        score = -score
    path = _smooth_path(score, voiced, shifts)
    places = np.flatnonzero(voiced)
    # Around a period's circle the path may go on; from stretch to stretch it takes the near way.
    moved = np.unwrap(shifts[path[places]], period=1.0)
    return np.interp(np.arange(frames), places, moved)


def _smooth_path(score: np.ndarray, voiced: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Place among ``shifts`` for each frame: int64 [frames] (Viterbi).

    Shifts that fill a period are a circle; fewer have ends, which are not passed.
    """
    steps = np.arange(-_LARGEST_STEP, _LARGEST_STEP + 1)
    spacing = shifts[1] - shifts[0]
    circle = bool(np.isclose(spacing * len(shifts), 1.0))
    cost = (steps * spacing) ** 2
    places = np.arange(len(shifts))
    sources = places[None] - steps[:, None]
    outside = (sources < 0) | (sources >= len(shifts))
    sources %= len(shifts)
    barred = np.where(outside & (not circle), np.inf, 0.0)
    best = score[0]
    back = np.zeros(score.shape, np.int64)
    for t in range(1, len(score)):
        weight = _SHIFT_COST if voiced[t] else _UNVOICED_SHIFT_COST
        reached = best[sources] - weight * cost[:, None] - barred
        chosen = reached.argmax(0)
        back[t] = sources[chosen, places]
        best = reached[chosen, places] + score[t]
    path = np.zeros(len(score), np.int64)
    path[-1] = best.argmax()
    for t in range(len(score) - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path


def _pulses(phase: np.ndarray, f0: np.ndarray, rate: int) -> np.ndarray:
    """Band-limited pulses at whole ``phase``: Dirichlet's kernel, as `tacotron.model.vocoder`."""
    harmonics = np.maximum(1.0, np.floor(rate / 2 / f0 - 0.5))
    half = np.pi * (phase % 1)
    sine = np.sin(half)
    small = np.abs(sine) < 1e-4
    ratio = np.sin((2 * harmonics + 1) * half) / (2 * np.where(small, 1.0, sine)) - 0.5
    return np.where(small, harmonics, ratio) * np.sqrt(2 / harmonics)


def _short_spectra(wave: np.ndarray, frames: int, hop: int) -> np.ndarray:
    """Hann-windowed spectra [frames, bins], frame t centered on sample t * hop."""
    half = _CLOSURE_FFT // 2
    room = (frames - 1) * hop + _CLOSURE_FFT
    padded = np.zeros(room)
    used = wave[: room - half]
    padded[half : half + len(used)] = used
    cut = np.lib.stride_tricks.sliding_window_view(padded, _CLOSURE_FFT)[::hop][:frames]
    window = np.hanning(_CLOSURE_FFT + 1)[:_CLOSURE_FFT]
    return np.fft.rfft(cut * window)
