"""What the graphs of a voice are given while it speaks: examples for whoever makes them smaller."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from tacotron.errors import TextError
from tacotron.speak.graphs import Given, watched
from tacotron.speak.synthesizer import Voice
from tacotron.voice.bundle import Bundle
from tacotron.voice.manifest import VOCODER, WaveformSettings

# Short and long, asked, told and exclaimed, with sounds of all kinds.
_SENTENCES = (
    "Good morning!",
    "Would you measure the boy's height, please?",
    "The old church choir enjoyed singing by the fire, though few people ever came to listen.",
    "Six thousand and forty-two visitors, from Zurich to Shanghai, watched both shows this year.",
    "My youngest nephew thinks that vague noises under the bridge are huge, hungry dragons.",
    "Stop! Who shouted, and why was nobody there when the lights went out?",
)


def rehearse(bundle: Bundle) -> Mapping[str, list[Given]]:
    """Speak some sentences, and return what each graph was given, by part.

    Of a vocoder that isn't our own nothing is told: it may work on samples, where rounding hisses.
    A voice that can speak none of the sentences tells nothing. Raises `VoiceError` where its graphs
    can't run.
    """
    given: dict[str, list[Given]] = {}
    voice = Voice(bundle)
    with watched(lambda part, inputs: given.setdefault(part, []).append(inputs)):
        for sentence in _SENTENCES:
            with suppress(TextError):  # another language's symbols
                for _ in voice.synthesize(sentence):
                    pass
    if isinstance(bundle.manifest.vocoder, WaveformSettings):
        given.pop(VOCODER, None)
    return given
