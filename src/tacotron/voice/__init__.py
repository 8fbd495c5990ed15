"""Voices as files: what one holds, reading and writing it, and which there are."""

from tacotron.voice.bundle import Bundle, write_bundle
from tacotron.voice.manifest import (
    GriffinLimSettings,
    LengthBound,
    Manifest,
    SourceFilterSettings,
    WaveformSettings,
)
from tacotron.voice.registry import DEFAULT_VOICE, find_voices, locate, locate_name, voice_folders

__all__ = [
    "DEFAULT_VOICE",
    "Bundle",
    "GriffinLimSettings",
    "LengthBound",
    "Manifest",
    "SourceFilterSettings",
    "WaveformSettings",
    "find_voices",
    "locate",
    "locate_name",
    "voice_folders",
    "write_bundle",
]
