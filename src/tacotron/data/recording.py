"""One recording through all steps: read, measure, resample, trim, level, extract its mel.

Nothing here knows the text, so correcting a transcript never costs this work again.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tacotron.audio.convention import MelConvention, get_convention
from tacotron.audio.files import read_audio, write_audio
from tacotron.audio.levels import (
    PEAK_LIMIT_DBFS,
    active_level_dbfs,
    bandwidth_hz,
    loudness,
    noise_floor_dbfs,
    peak_dbfs,
    trim_silence,
)
from tacotron.audio.mel import mel_spectrogram
from tacotron.audio.resample import resample
from tacotron.data.checks import FULL_SCALE, exclusion_by_rate, exclusion_by_sound
from tacotron.data.listing import WHOLE, Span
from tacotron.errors import AudioError, CorpusError

#: Loudness is only shown in the report, so preparing does without pyloudnorm where it is missing.
MEASURES_LOUDNESS = find_spec("pyloudnorm") is not None


@dataclass(frozen=True, kw_only=True)
class SoundSettings:
    """What decides how recordings are prepared; other values make other features."""

    convention: MelConvention = field(default_factory=lambda: get_convention("nvidia"))
    level_dbfs: float = -23.0  # RMS that active speech is brought to, unless peaks would clip
    margin_seconds: float = 0.06  # silence kept at both ends: more of it costs alignment


@dataclass(frozen=True)
class Sound:
    """A usable recording."""

    record: dict[str, Any]  # audio, samples, seconds, frames, levels: as in utterances.jsonl
    mel: NDArray[np.float16]  # [frames, n_mels]


@dataclass(frozen=True)
class Unusable:
    """A recording that nothing can be learned from."""

    reason: str


def prepare_recording(
    path: str, flac: Path, settings: SoundSettings, *, span: Span = WHOLE
) -> Sound | Unusable:
    """Prepare the ``span`` of the recording at ``path``, and write it to ``flac``: 16-bit, mono.

    The mel is that of the samples in ``flac``, so it can be had again from them. Levels are those
    of that span as it came: ``source_rate`` and ``bandwidth_hz`` in Hz, ``source_seconds``,
    ``clipped_share`` (of the samples), ``peak_dbfs``, ``active_dbfs`` (speech), ``noise_dbfs``,
    ``speech_to_noise_db``, ``loudness_lufs`` where pyloudnorm is installed, and ``gain_db``, what
    levelling added. Raises `CorpusError` where ``flac`` can't be written.
    """
    try:
        audio = read_audio(path)
    except AudioError as error:
        return Unusable(f"unreadable: {error}")
    if reason := exclusion_by_rate(audio.sample_rate):
        return Unusable(reason)
    stop = None if span.stop is None else round(span.stop * audio.sample_rate)
    wave = audio.wave[round(span.start * audio.sample_rate) : stop]
    if not len(wave) and len(audio.wave):
        return Unusable("shorter than its labels say")
    levels = _levels(wave, audio.sample_rate)
    if reason := exclusion_by_sound(levels["peak_dbfs"], levels["clipped_share"]):
        return Unusable(reason)
    rate = settings.convention.sample_rate
    wave = resample(wave, audio.sample_rate, rate)
    start, stop = trim_silence(wave, rate, margin_seconds=settings.margin_seconds)
    wave = wave[start:stop]
    room = PEAK_LIMIT_DBFS - peak_dbfs(wave)
    levels["gain_db"] = min(settings.level_dbfs - levels["active_dbfs"], room)
    wave = wave * 10 ** (levels["gain_db"] / 20)
    # What the file will hold, so that the mel belongs to it.
    wave = (np.rint(wave * 32768).clip(-32768, 32767) / 32768).astype(np.float32)
    mel = mel_spectrogram(wave, settings.convention).astype(np.float16)
    _write_flac(flac, wave, rate)
    record = {
        "audio": f"{flac.parent.name}/{flac.name}",
        "samples": len(wave),
        "seconds": round(len(wave) / rate, 4),
        "frames": len(mel),
        "levels": {name: round(float(value), 4) for name, value in levels.items()},
    }
    return Sound(record, mel)


def _levels(wave: NDArray[np.float32], rate: int) -> dict[str, float]:
    active, noise = active_level_dbfs(wave, rate), noise_floor_dbfs(wave, rate)
    levels = {
        "source_rate": rate,
        "source_seconds": len(wave) / rate,
        "clipped_share": float(np.mean(np.abs(wave) >= FULL_SCALE)),
        "peak_dbfs": peak_dbfs(wave),
        "active_dbfs": active,
        "noise_dbfs": noise,
        "speech_to_noise_db": active - noise,
        "bandwidth_hz": bandwidth_hz(wave, rate),
    }
    if MEASURES_LOUDNESS:
        levels["loudness_lufs"] = loudness(wave, rate)
    return levels


def _write_flac(path: Path, wave: NDArray[np.float32], rate: int) -> None:
    # Neither synced nor atomic, which would take longer than all else: the part that it belongs
    # to isn't finished before it is written.
    memory = io.BytesIO()
    write_audio(memory, wave, rate, format="flac")
    try:
        path.write_bytes(memory.getbuffer())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CorpusError(
            f"Could not write {path} ({reason}): choose a folder that may be written to and has "
            "room."
        ) from error
