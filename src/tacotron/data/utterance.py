"""One utterance through all steps: read, encode, resample, trim, level, measure, extract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tacotron.audio.convention import MelConvention, get_convention
from tacotron.audio.files import read_audio, write_audio
from tacotron.audio.levels import (
    active_level_dbfs,
    bandwidth_hz,
    loudness,
    noise_floor_dbfs,
    peak_dbfs,
    set_level,
    trim_silence,
)
from tacotron.audio.mel import mel_spectrogram
from tacotron.audio.resample import resample
from tacotron.data.checks import (
    FULL_SCALE,
    Recorded,
    exclusion_by_length,
    exclusion_by_sound,
    flags_of_utterance,
)
from tacotron.data.readers import Entry
from tacotron.errors import AudioError, TextError
from tacotron.text.frontend import Frontend

#: Loudness is only shown in the report, so preparing does without pyloudnorm where it is missing.
MEASURES_LOUDNESS = find_spec("pyloudnorm") is not None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What decides how an utterance is prepared; other values make other corpora."""

    convention: MelConvention = field(default_factory=lambda: get_convention("nvidia"))
    frontend: str = "english"  # name of the text front end
    lexicon: Mapping[str, tuple[str, ...]] | None = None  # word -> phonemes, overrides
    level_dbfs: float = -23.0  # of active speech, RMS; the limit of EBU R 128 by another measure
    margin_seconds: float = 0.06  # silence kept at both ends: more of it costs alignment


@dataclass(frozen=True)
class Prepared:
    """A usable utterance: its line of utterances.jsonl as far as it alone decides it, its mel."""

    record: dict[str, Any]
    mel: NDArray[np.float16]  # [frames, n_mels]


@dataclass(frozen=True)
class Unusable:
    """An utterance that nothing can be learned from."""

    reason: str


def prepare_utterance(
    entry: Entry, flac: Path, *, settings: Settings, frontend: Frontend
) -> Prepared | Unusable:
    """Prepare one listed utterance, and write its recording to ``flac``.

    The mel is that of the 16-bit samples in ``flac``, so it can be had again from them.
    """
    if entry.problem:
        return Unusable(entry.problem)
    if not entry.text:
        return Unusable("empty text")
    try:
        encoded = frontend.encode(entry.text, lexicon=settings.lexicon)
        audio = read_audio(entry.audio)
    except TextError as error:
        return Unusable(f"unspeakable text: {error}")
    except AudioError as error:
        return Unusable(f"unreadable: {error}")
    if not encoded.words:
        return Unusable("unspeakable text: it has no word")
    recorded = Recorded(
        peak_dbfs=peak_dbfs(audio.wave),
        clipped_share=float(np.mean(np.abs(audio.wave) >= FULL_SCALE)),
    )
    if reason := exclusion_by_sound(recorded):
        return Unusable(reason)

    convention = settings.convention
    rate = convention.sample_rate
    levels = _levels(audio.wave, audio.sample_rate, recorded)
    wave = resample(audio.wave, audio.sample_rate, rate)
    start, stop = trim_silence(wave, rate, margin_seconds=settings.margin_seconds)
    wave = set_level(wave[start:stop], settings.level_dbfs, sample_rate=rate)
    # What the file will hold, so that the mel belongs to it.
    wave = (np.round(wave * 32768).clip(-32768, 32767) / 32768).astype(np.float32)
    mel = mel_spectrogram(wave, convention).astype(np.float16)
    seconds = len(wave) / rate
    if reason := exclusion_by_length(len(encoded.symbols), len(mel), seconds):
        return Unusable(reason)
    write_audio(flac, wave, rate, format="flac")
    levels["peak_after_dbfs"] = peak_dbfs(wave)
    flags = flags_of_utterance(
        recorded=recorded,
        seconds=seconds,
        symbols=len(encoded.symbols),
        speech_to_noise_db=levels["speech_to_noise_db"],
        source_rate=audio.sample_rate,
        rate=rate,
        text_warnings=encoded.warnings,
    )
    record = {
        "id": entry.id,
        "speaker": entry.speaker,
        "text": entry.text,
        "normalized": encoded.normalized,
        "symbols": encoded.symbols,
        "words": [(word.text, word.start, word.stop) for word in encoded.words],
        "audio": f"{flac.parent.name}/{flac.name}",
        "samples": len(wave),
        "seconds": round(seconds, 4),
        "frames": len(mel),
        "flags": [*entry.flags, *flags],
        "levels": {name: round(float(value), 4) for name, value in levels.items()},
    }
    return Prepared(record, mel)


def _levels(wave: NDArray[np.float32], rate: int, recorded: Recorded) -> dict[str, float]:
    """Measure the recording as it came."""
    active, noise = active_level_dbfs(wave, rate), noise_floor_dbfs(wave, rate)
    levels = {
        "source_rate": rate,
        "source_seconds": len(wave) / rate,
        "peak_dbfs": recorded.peak_dbfs,
        "clipped_share": recorded.clipped_share,
        "active_dbfs": active,
        "noise_dbfs": noise,
        "speech_to_noise_db": active - noise,
        "bandwidth_hz": bandwidth_hz(wave, rate),
    }
    if MEASURES_LOUDNESS:
        levels["loudness_lufs"] = loudness(wave, rate)
    return levels
