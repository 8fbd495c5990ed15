"""Waveform <-> mel: conventions, the front end, levels, resampling, Griffin-Lim, audio files."""

from tacotron.audio.convention import (
    CONVENTIONS,
    DEFAULT_CONVENTION,
    SOURCES,
    get_convention,
)
from tacotron.audio.definition import Affine, MeanVariance, MelConvention
from tacotron.audio.files import Audio, audio_writer, read_audio, write_audio
from tacotron.audio.griffin_lim import griffin_lim, linear_to_wave, mel_to_linear, mel_to_wave
from tacotron.audio.levels import (
    Levels,
    active_level_dbfs,
    bandwidth_hz,
    loudness,
    measure_levels,
    noise_floor_dbfs,
    peak_dbfs,
    rms_dbfs,
    set_level,
    trim_silence,
)
from tacotron.audio.mel import (
    Limits,
    count_limits,
    frame_count,
    linear_spectrogram,
    magnitude_spectrogram,
    mel_amplitude,
    mel_filterbank,
    mel_spectrogram,
    scale,
    scale_linear,
    silence,
    unscale,
    unscale_linear,
)
from tacotron.audio.mel_file import read_mel, write_mel
from tacotron.audio.preemphasis import deemphasize, preemphasize
from tacotron.audio.resample import resample

__all__ = [
    "CONVENTIONS",
    "DEFAULT_CONVENTION",
    "SOURCES",
    "Affine",
    "Audio",
    "Levels",
    "Limits",
    "MeanVariance",
    "MelConvention",
    "active_level_dbfs",
    "audio_writer",
    "bandwidth_hz",
    "count_limits",
    "deemphasize",
    "frame_count",
    "get_convention",
    "griffin_lim",
    "linear_spectrogram",
    "linear_to_wave",
    "loudness",
    "magnitude_spectrogram",
    "measure_levels",
    "mel_amplitude",
    "mel_filterbank",
    "mel_spectrogram",
    "mel_to_linear",
    "mel_to_wave",
    "noise_floor_dbfs",
    "peak_dbfs",
    "preemphasize",
    "read_audio",
    "read_mel",
    "resample",
    "rms_dbfs",
    "scale",
    "scale_linear",
    "set_level",
    "silence",
    "trim_silence",
    "unscale",
    "unscale_linear",
    "write_audio",
    "write_mel",
]
