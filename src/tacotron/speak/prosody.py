"""How a voice is to speak: pauses, volume, pitch, and what of that each symbol of a piece gets."""

from __future__ import annotations

from dataclasses import dataclass

from tacotron.errors import VoiceError

SLOWEST, FASTEST = 0.25, 4.0  # times the voice's own speed; beyond these, no symbol is what it was

# Bounds of what `Prosody` holds; SSML that asks for more gets this much.
HIGHEST_PITCH = 12.0  # semitones up or down: beyond an octave nothing sounds like a person
WIDEST_RANGE = 3.0
QUIETEST, LOUDEST = -60.0, 20.0  # dB
LONGEST_PAUSE = 60.0  # seconds, all breaks at one place together

# Silence after a piece, in seconds at speed 1. Speech itself keeps a little at its edges.
CLAUSE_PAUSE = 0.12  # where a long sentence was cut
SENTENCE_PAUSE = 0.35
PARAGRAPH_PAUSE = 0.7

PAUSE_MARKS = frozenset(",;:\u2014")  # what a voice pauses at within a sentence


@dataclass(frozen=True)
class Prosody:
    """How a voice is to speak. Raises `VoiceError` for what no voice can."""

    pitch: float = 0.0  # semitones higher than its own
    pitch_range: float = 1.0  # how far its pitch moves, as a factor: 0 is monotone
    volume: float = 0.0  # dB louder than its own
    comma_pause: float | None = None  # seconds at speed 1, also at ; : and dashes; None: its own
    sentence_pause: float = SENTENCE_PAUSE  # seconds at speed 1
    paragraph_pause: float = PARAGRAPH_PAUSE  # seconds at speed 1

    def __post_init__(self) -> None:
        for name, low, high, unit in (
            ("pitch", -HIGHEST_PITCH, HIGHEST_PITCH, " semitones"),
            ("pitch_range", 0.0, WIDEST_RANGE, ""),
            ("volume", QUIETEST, LOUDEST, " dB"),
            ("comma_pause", 0.0, LONGEST_PAUSE, " seconds"),
            ("sentence_pause", 0.0, LONGEST_PAUSE, " seconds"),
            ("paragraph_pause", 0.0, LONGEST_PAUSE, " seconds"),
        ):
            value = getattr(self, name)
            if name == "comma_pause" and value is None:
                continue
            if not isinstance(value, (int, float)) or not low <= value <= high:
                raise VoiceError(
                    f"Can't speak with a {name.replace('_', ' ')} of {value!r:.40}: choose from "
                    f"{low:g} to {high:g}{unit}."
                )

    @property
    def changes_pitch(self) -> bool:
        """Whether the voice speaks at another pitch than its own."""
        return self.pitch != 0.0 or self.pitch_range != 1.0

    @property
    def clause_pause(self) -> float:
        """Seconds at speed 1 after the parts of a sentence too long to be spoken at once."""
        return CLAUSE_PAUSE if self.comma_pause is None else self.comma_pause


NEUTRAL = Prosody()
