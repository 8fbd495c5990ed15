"""How loud a recording is, how noisy, how wide its band, and where its speech begins and ends.

Levels are in dB relative to full scale (dBFS): 0 is a square wave from -1 to 1. Silence has no
level; it is given as `SILENCE_DBFS`, so that every figure is a number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tacotron.audio.preemphasis import preemphasize
from tacotron.audio.waveform import as_waveform
from tacotron.errors import AudioError

SILENCE_DBFS = -120.0  # below the quantization noise of 16 bits (-98 dBFS) by far

# Energies are taken over 25 ms every 10 ms: long enough for two periods of a deep voice.
_FRAME_SECONDS = 0.025
_STEP_SECONDS = 0.010

# Percentiles of a recording's frame energies that stand for its noise and its speech.
_NOISE_PERCENTILE = 5
_SPEECH_PERCENTILE = 95

# A frame is speech where it is within this share of the way down from speech to noise, and never
# further below the speech than 40 dB (where a recording's silence is digital).
_ACTIVE_SHARE = 0.7
_ACTIVE_RANGE_DB = 40.0
# A trim looks outward from there for quiet consonants: down to this much above the noise.
_EDGE_ABOVE_NOISE_DB = 4.0
_EDGE_RANGE_DB = 55.0
_EDGE_SECONDS = 0.15
# Anything shorter is a click. A 25 ms frame sees a click for as long as itself.
_SHORTEST_SPEECH_SECONDS = 0.05
_PREEMPHASIS = 0.97  # so that hum and rumble don't count as speech, and an "s" does

# Bandwidth is looked for in bands of this width.
_BAND_HZ = 250.0
_BAND_VARIES_DB = 10.0  # steady noise in such a band varies by 6 dB from P5 to P95
_BAND_RANGE_DB = 65.0  # below the strongest band

_LOUDNESS_BLOCK_SECONDS = 0.4  # ITU-R BS.1770

# The highest peak that `set_level` makes: 16-bit audio and resampling need a little room.
PEAK_LIMIT_DBFS = -0.5


@dataclass(frozen=True)
class Levels:
    """What `measure_levels` finds."""

    peak_dbfs: float
    rms_dbfs: float  # of the whole recording, pauses included
    active_dbfs: float  # RMS while there is speech
    noise_floor_dbfs: float  # P5 of the frames' energies
    bandwidth_hz: float  # the highest frequency at which there is speech
    loudness_lufs: float  # integrated loudness, ITU-R BS.1770


def measure_levels(wave: ArrayLike, sample_rate: int) -> Levels:
    """All levels of a recording (float [samples]). Raises as `loudness` does."""
    return Levels(
        peak_dbfs(wave),
        rms_dbfs(wave),
        active_level_dbfs(wave, sample_rate),
        noise_floor_dbfs(wave, sample_rate),
        bandwidth_hz(wave, sample_rate),
        loudness(wave, sample_rate),
    )


def peak_dbfs(wave: ArrayLike) -> float:
    """The largest magnitude in dBFS. Raises `AudioError` for what is not a waveform."""
    x = as_waveform(wave)
    return _dbfs(float(np.abs(x).max(initial=0.0)) ** 2)


def rms_dbfs(wave: ArrayLike) -> float:
    """The root mean square in dBFS. Raises `AudioError` for what is not a waveform."""
    return _dbfs(_mean_square(as_waveform(wave)))


def active_level_dbfs(wave: ArrayLike, sample_rate: int) -> float:
    """The RMS in dBFS of those frames that hold speech, whatever pauses lie between them.

    Raises `AudioError` for what is not a waveform.
    """
    x = as_waveform(wave)
    power = _frame_power(x, sample_rate)
    active = power[_speech(x, sample_rate)]
    return _dbfs(float(active.mean())) if active.size else rms_dbfs(x)


def noise_floor_dbfs(wave: ArrayLike, sample_rate: int) -> float:
    """The level in dBFS that 5 % of the frames stay below; of speech without pauses, not noise.

    Raises `AudioError` for what is not a waveform.
    """
    power = _frame_power(as_waveform(wave), sample_rate)
    return _dbfs(float(np.percentile(power, _NOISE_PERCENTILE)) if power.size else 0.0)


def bandwidth_hz(wave: ArrayLike, sample_rate: int) -> float:
    """The highest frequency whose energy rises and falls as speech does; 0 where nothing does.

    What is steady (hum, hiss) is not counted, nor what is 65 dB below the strongest band. Raises
    `AudioError` for what is not a waveform.
    """
    x = as_waveform(wave)
    frames = _frames(x, sample_rate)
    if len(frames) < 2:
        return 0.0
    window = np.hanning(frames.shape[1] + 2)[1:-1]
    bins_per_band = max(1, round(_BAND_HZ * frames.shape[1] / sample_rate))
    bands = (frames.shape[1] // 2) // bins_per_band
    if bands == 0:
        return 0.0
    energy = np.empty((len(frames), bands))
    for start in range(0, len(frames), 1024):
        spectrum = np.fft.rfft(frames[start : start + 1024] * window)[:, 1:]
        power = spectrum.real**2 + spectrum.imag**2
        banded = power[:, : bands * bins_per_band].reshape(len(power), bands, bins_per_band)
        energy[start : start + len(power)] = banded.sum(axis=2)
    low, high = np.percentile(energy, (_NOISE_PERCENTILE, _SPEECH_PERCENTILE), axis=0)
    silent = 10.0 ** (SILENCE_DBFS / 10)
    varies = high > np.maximum(low, silent) * 10 ** (_BAND_VARIES_DB / 10)
    audible = high > high.max() * 10 ** (-_BAND_RANGE_DB / 10)
    found = np.flatnonzero(varies & audible)
    if found.size == 0:
        return 0.0
    return float((found[-1] + 1) * bins_per_band * sample_rate / frames.shape[1])


def loudness(wave: ArrayLike, sample_rate: int) -> float:
    """Integrated loudness in LUFS (ITU-R BS.1770-4, through pyloudnorm).

    Of a clip shorter than the standard's block of 0.4 s it is the loudness of the whole clip as one
    block. Raises `AudioError` where pyloudnorm isn't installed, and for what is not a waveform.
    """
    x = as_waveform(wave)
    try:
        import pyloudnorm
    except ImportError as error:
        raise AudioError(
            "Measuring loudness needs pyloudnorm: install it with pip install tacotron-tts[train]."
        ) from error
    if x.size == 0 or not x.any():
        return SILENCE_DBFS
    block = min(_LOUDNESS_BLOCK_SECONDS, x.size / sample_rate)
    # A float's rounding must not make the block a sample longer than the clip.
    block = min(block, np.nextafter(x.size / sample_rate, 0.0))
    with np.errstate(divide="ignore"):
        lufs = pyloudnorm.Meter(sample_rate, block_size=block).integrated_loudness(x)
    return max(SILENCE_DBFS, float(lufs))


def set_level(wave: ArrayLike, target_dbfs: float, *, sample_rate: int | None = None) -> np.ndarray:
    """``wave`` with one gain, so that its RMS is ``target_dbfs``: float32 [samples].

    With ``sample_rate`` the active level is set instead, which pauses don't lower. The gain stops
    where the peak would pass `PEAK_LIMIT_DBFS`; silence stays silence. Raises `AudioError` for what
    is not a waveform.
    """
    x = as_waveform(wave)
    peak = peak_dbfs(x)
    if peak <= SILENCE_DBFS:
        return x.astype(np.float32)
    level = rms_dbfs(x) if sample_rate is None else active_level_dbfs(x, sample_rate)
    gain_db = min(target_dbfs - level, PEAK_LIMIT_DBFS - peak)
    return (x * 10 ** (gain_db / 20)).astype(np.float32)


def trim_silence(
    wave: ArrayLike, sample_rate: int, *, margin_seconds: float = 0.06
) -> tuple[int, int]:
    """Where speech begins and ends, as ``(start, end)`` in samples, margins included.

    The threshold lies between this recording's own speech level and noise floor, so quiet and noisy
    recordings are trimmed as well as studio ones; clicks of less than 50 ms don't count, and soft
    consonants at the edges do. Without any speech the whole is kept: ``(0, samples)``. Raises
    `AudioError` for what is not a waveform.
    """
    x = as_waveform(wave)
    db, loud, noise = _speech_db(x, sample_rate)
    active = np.flatnonzero(_runs(db > _threshold(loud, noise)))
    if active.size == 0:
        return 0, x.size
    soft = db > max(noise + _EDGE_ABOVE_NOISE_DB, loud - _EDGE_RANGE_DB)
    reach = round(_EDGE_SECONDS / _STEP_SECONDS)
    first, last = int(active[0]), int(active[-1])
    before = soft[max(0, first - reach) : first][::-1]
    after = soft[last + 1 : last + 1 + reach]
    first -= int(np.argmin(before)) if not before.all() else before.size
    last += int(np.argmin(after)) if not after.all() else after.size
    margin = round(margin_seconds * sample_rate)
    step, length = _frame_samples(sample_rate)
    # A frame's energy lies around its middle.
    start = first * step + length // 2 - margin
    end = last * step + length // 2 + margin
    return max(0, start), min(x.size, end)


def _speech(x: np.ndarray, sample_rate: int) -> np.ndarray:
    db, loud, noise = _speech_db(x, sample_rate)
    return _runs(db > _threshold(loud, noise))


def _threshold(loud: float, noise: float) -> float:
    return loud - min(_ACTIVE_RANGE_DB, _ACTIVE_SHARE * (loud - noise))


def _speech_db(x: np.ndarray, sample_rate: int) -> tuple[np.ndarray, float, float]:
    """Each frame's energy in dB after pre-emphasis, and the levels of speech and of noise."""
    power = _frame_power(preemphasize(x, _PREEMPHASIS), sample_rate)
    db = 10 * np.log10(np.maximum(power, 10 ** (SILENCE_DBFS / 10)))
    if db.size == 0:
        return db, SILENCE_DBFS, SILENCE_DBFS
    noise, loud = np.percentile(db, (_NOISE_PERCENTILE, _SPEECH_PERCENTILE))
    return db, float(loud), float(noise)


def _runs(active: np.ndarray) -> np.ndarray:
    """``active`` without the runs that are too short to be speech."""
    shortest = round((_SHORTEST_SPEECH_SECONDS + _FRAME_SECONDS) / _STEP_SECONDS)
    edges = np.flatnonzero(np.diff(active, prepend=False, append=False))
    kept = active.copy()
    for start, stop in edges.reshape(-1, 2):
        kept[start:stop] = stop - start >= min(shortest, active.size)
    return kept


def _frame_samples(sample_rate: int) -> tuple[int, int]:
    return max(1, round(_STEP_SECONDS * sample_rate)), max(1, round(_FRAME_SECONDS * sample_rate))


def _frames(x: np.ndarray, sample_rate: int) -> np.ndarray:
    """Overlapping frames [frames, length] as a view; one zero-padded frame of a shorter signal."""
    step, length = _frame_samples(sample_rate)
    if x.size == 0:
        return np.empty((0, length))
    if x.size < length:
        x = np.pad(x, (0, length - x.size))
    return np.lib.stride_tricks.sliding_window_view(x, length)[::step]


def _frame_power(x: np.ndarray, sample_rate: int) -> np.ndarray:
    """The mean square of each frame [frames]."""
    frames = _frames(x, sample_rate)
    return np.einsum("tn,tn->t", frames, frames, dtype=np.float64) / frames.shape[1]


def _mean_square(x: np.ndarray) -> float:
    return float(np.mean(np.square(x, dtype=np.float64))) if x.size else 0.0


def _dbfs(power: float) -> float:
    return 10 * float(np.log10(max(power, 10 ** (SILENCE_DBFS / 10))))
