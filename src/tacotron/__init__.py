"""Tacotron: text to speech in a voice of your own.

    import tacotron

    voice = tacotron.Voice.load()
    voice.speak_to_file("Hello, world.", "hello.wav")
    for chunk in voice.synthesize("A sentence at a time. As soon as it is spoken."):
        play(chunk.audio, chunk.sample_rate)

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tacotron.errors import (
        AudioError,
        CorpusError,
        TacotronError,
        TextError,
        TrainingError,
        VoiceError,
    )
    from tacotron.speak import Chunk, Prosody, SpokenWord, Voice

    __version__: str

__all__ = [
    "AudioError",
    "Chunk",
    "CorpusError",
    "Prosody",
    "SpokenWord",
    "TacotronError",
    "TextError",
    "TrainingError",
    "Voice",
    "VoiceError",
    "__version__",
]

_SPEAKING = ("Chunk", "Prosody", "SpokenWord", "Voice")


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("tacotron-tts")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = "tacotron.speak" if name in _SPEAKING else "tacotron.errors"
    return getattr(import_module(room), name)


def __dir__() -> list[str]:
    return sorted(__all__)
