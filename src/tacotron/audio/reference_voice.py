"""A voice made of arithmetic, to measure conventions with: no data, the same samples everywhere.

It has what decides how a mel comes out: harmonics that glide, formants that move, a falling
spectrum, breath, hisses and pauses. What a conversion between two conventions costs on it is within
about a third of what it costs on recorded speech (`benchmarks/mel_conversion.py` prints both).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tacotron.audio.resample import resample

#: Hz: twice the highest frequency that any convention looks at.
RATE = 48_000
SECONDS = 6.0

# Sounds last 80 to 200 ms, as speech's do.
_SHORTEST, _LONGEST = 0.08, 0.20

# Hz: the ranges of formants of vowels, and their bandwidths; a fifth rounds off the top.
_FORMANTS = ((300.0, 800.0), (900.0, 2200.0), (2300.0, 3000.0), (3300.0, 3900.0), (4600.0, 5400.0))
_BANDWIDTHS = (120.0, 180.0, 280.0, 450.0, 900.0)

# Of the sounds: what is voiced, what hisses; the rest are pauses.
_VOICED, _HISSING = 0.65, 0.2

# RMS of the loudest sounds, full scale being 1; of the breath in a sound, beside it; of the room.
_LEVEL, _BREATH, _ROOM = 0.14, 0.02, 1.5e-4


@lru_cache(maxsize=8)
def reference_voice(sample_rate: int) -> np.ndarray:
    """The voice at ``sample_rate`` Hz: read-only float32 [SECONDS * sample_rate]."""
    wave = resample(_voice(), RATE, sample_rate)
    wave.flags.writeable = False
    return wave


@lru_cache(maxsize=1)
def _voice() -> np.ndarray:
    from scipy.signal import lfilter

    random = np.random.default_rng(98)
    samples = int(SECONDS * RATE)
    wave = _ROOM * random.standard_normal(samples)
    edge = RATE // 100  # 10 ms to rise and to fall
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / edge)
    start, phase, pitch = 0, 0.0, 160.0
    while start < samples - 2 * edge:
        length = min(int(random.uniform(_SHORTEST, _LONGEST) * RATE), samples - start)
        kind = random.random()
        if kind < _VOICED:
            # From a man's to a woman's pitch, in glides.
            target = float(np.clip(pitch * random.uniform(0.75, 1.35), 90.0, 260.0))
            turns = phase + np.cumsum(np.linspace(pitch, target, length)) / RATE
            phase, pitch = turns[-1] % 1.0, target
            pulses = np.diff(np.floor(turns), prepend=np.floor(turns[0]))
            sound = pulses * 20.0 + 0.02 * random.standard_normal(length)
            # Glottis and lips together: 6 dB an octave down from 100 Hz.
            sound = lfilter([1.0], [1.0, -np.exp(-2 * np.pi * 100.0 / RATE)], sound)
            for (low, high), width in zip(_FORMANTS, _BANDWIDTHS, strict=True):
                sound = _resonate(sound, random.uniform(low, high), width)
        elif kind < _VOICED + _HISSING:
            sound = _resonate(random.standard_normal(length), random.uniform(3000, 9000), 2500.0)
            sound *= 0.3
        else:
            start += length
            continue
        sound /= np.sqrt(np.mean(sound**2))
        sound += _BREATH * random.standard_normal(length)
        sound *= 10 ** (random.uniform(-18.0, 0.0) / 20)
        fade = min(edge, length // 2)
        sound[:fade] *= ramp[:fade]
        sound[length - fade :] *= ramp[:fade][::-1]
        wave[start : start + length] += _LEVEL * sound
        # Sounds meet: the next begins before this one has gone.
        start += length - edge
    return wave.astype(np.float32)


def _resonate(sound: np.ndarray, hertz: float, width: float) -> np.ndarray:
    """Two poles at ``hertz``, ``width`` Hz wide, with unit gain at 0 Hz."""
    from scipy.signal import lfilter

    radius = np.exp(-np.pi * width / RATE)
    poles = [1.0, -2 * radius * np.cos(2 * np.pi * hertz / RATE), radius**2]
    return lfilter([sum(poles)], poles, sound)
