"""How loud a recording is, how noisy, how wide its band, and where its speech begins and ends.

Levels are in dB relative to full scale (dBFS): 0 is a square wave from -1 to 1. Silence has no
level; it is given as `SILENCE_DBFS`, so that every figure is a number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tacotron.audio.waveform import as_waveform
from tacotron.errors import AudioError

SILENCE_DBFS = -120.0  # below the quantization noise of 16 bits (-98 dBFS) by far
_SILENT_POWER = 10.0 ** (SILENCE_DBFS / 10)

# Energies are taken over 25 ms every 10 ms: long enough for two periods of a deep voice.
_FRAME_SECONDS = 0.025
_STEP_SECONDS = 0.010
_BLOCK_FRAMES = 512  # under transform at once

# Percentiles of a recording's frame energies that stand for its noise and its speech.
_NOISE_PERCENTILE = 5
_SPEECH_PERCENTILE = 95

# Speech is looked for in bands (edges in Hz), since a vowel dies away below a hiss and an "s" below
# hum: a frame holds speech where any band stands this far above the band's own noise, and no
# further below the speech than 42 dB (where a recording's silence is digital).
_SPEECH_BANDS_HZ = (100.0, 400.0, 1000.0, 2500.0, 5500.0, np.inf)
_ABOVE_NOISE_DB = 9.0
_RANGE_DB = 42.0
# From its first and last such frames a trim goes on outward as far as soft consonants may last.
_SOFT_ABOVE_NOISE_DB = 6.0
_SOFT_RANGE_DB = 50.0
_SOFT_SECONDS = 0.15
# Anything shorter is a click. Frames see it for longer by their own length.
_SHORTEST_SPEECH_SECONDS = 0.05

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
    speech, _ = _speech_frames(x, sample_rate)
    power = _frame_power(x, sample_rate)[speech]
    return _dbfs(float(power.mean())) if power.size else rms_dbfs(x)


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
    edges = np.append(np.arange(0.0, sample_rate / 2, _BAND_HZ), np.inf)
    energy = _band_power(as_waveform(wave), sample_rate, edges)
    if len(energy) == 0:
        return 0.0
    low, high = np.percentile(energy, (_NOISE_PERCENTILE, _SPEECH_PERCENTILE), axis=0)
    varies = high > np.maximum(low, _SILENT_POWER) * 10 ** (_BAND_VARIES_DB / 10)
    audible = high > high.max() * 10 ** (-_BAND_RANGE_DB / 10)
    found = np.flatnonzero(varies & audible)
    return float(min(edges[found[-1] + 1], sample_rate / 2)) if found.size else 0.0


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

    The threshold follows this recording's own speech level and noise, so that quiet and noisy ones
    are trimmed as well as a studio's; clicks of less than 50 ms don't count, and soft consonants at
    the edges do. Without any speech the whole is kept: ``(0, samples)``. Raises `AudioError` for
    what is not a waveform.
    """
    x = as_waveform(wave)
    speech, soft = _speech_frames(x, sample_rate)
    found = np.flatnonzero(speech)
    if found.size == 0:
        return 0, x.size
    reach = round(_SOFT_SECONDS / _STEP_SECONDS)
    first, last = int(found[0]), int(found[-1])
    first -= _leading(soft[max(0, first - reach) : first][::-1])
    last += _leading(soft[last + 1 : last + 1 + reach])
    step, length = _frame_samples(sample_rate)
    margin = round(margin_seconds * sample_rate)
    # A frame's energy lies around its middle.
    start, end = (frame * step + length // 2 for frame in (first, last))
    return max(0, start - margin), min(x.size, end + margin)


def _speech_frames(x: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Which frames hold speech, and which at least a soft sound: bool [frames] each."""
    power = _band_power(x, sample_rate, np.array(_SPEECH_BANDS_HZ))
    if len(power) == 0:
        return np.zeros(0, bool), np.zeros(0, bool)
    db = 10 * np.log10(np.maximum(power, _SILENT_POWER))
    whole = 10 * np.log10(np.maximum(power.sum(axis=1), _SILENT_POWER))
    loud = np.percentile(whole, _SPEECH_PERCENTILE)
    noise = np.percentile(db, _NOISE_PERCENTILE, axis=0)
    speech = (db > np.maximum(noise + _ABOVE_NOISE_DB, loud - _RANGE_DB)).any(axis=1)
    soft = (db > np.maximum(noise + _SOFT_ABOVE_NOISE_DB, loud - _SOFT_RANGE_DB)).any(axis=1)
    return _runs(speech), soft


def _leading(flags: np.ndarray) -> int:
    """How many of ``flags`` are set before the first that isn't."""
    return int(flags.size if flags.all() else np.argmin(flags))


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


def _band_power(x: np.ndarray, sample_rate: int, edges: np.ndarray) -> np.ndarray:
    """The power of each frame in each band between ``edges`` (Hz): [frames, len(edges) - 1]."""
    frames = _frames(x, sample_rate)
    length = frames.shape[1]
    window = np.hanning(length + 2)[1:-1]
    hertz = np.fft.rfftfreq(length, 1 / sample_rate)
    member = (hertz[:, None] >= edges[:-1]) & (hertz[:, None] < edges[1:])
    # A sine of amplitude 1 has a power of 1/2, which the window spreads over its main lobe.
    member = member * (2 / (length * np.square(window).sum()))
    power = np.empty((len(frames), len(edges) - 1))
    for start in range(0, len(frames), _BLOCK_FRAMES):
        spectrum = np.fft.rfft(frames[start : start + _BLOCK_FRAMES] * window)
        power[start : start + len(spectrum)] = (spectrum.real**2 + spectrum.imag**2) @ member
    return power


def _mean_square(x: np.ndarray) -> float:
    return float(np.mean(np.square(x, dtype=np.float64))) if x.size else 0.0


def _dbfs(power: float) -> float:
    return 10 * float(np.log10(max(power, _SILENT_POWER)))
