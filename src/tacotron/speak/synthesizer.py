"""A voice that speaks: `Voice.load`, then `Voice.synthesize`, a sentence at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tacotron.audio.convention import MelConvention
from tacotron.errors import VoiceError
from tacotron.speak.edges import add_pause, finish, frame_seconds, trim
from tacotron.speak.engine import load_engine
from tacotron.speak.pieces import Piece, split_pieces
from tacotron.speak.vocoder import load_vocoder
from tacotron.text.frontend import (
    Encoded,
    Lexicon,
    NothingToSpeakError,
    get_frontend,
    symbol_ids,
)
from tacotron.voice.bundle import LEXICON, Bundle
from tacotron.voice.manifest import Manifest
from tacotron.voice.registry import locate

if TYPE_CHECKING:
    from tacotron.audio.files import AudioFormat

SLOWEST, FASTEST = 0.25, 4.0  # beyond these, no symbol is what it was
_SHOWN = 8  # speakers listed in a message


@dataclass(frozen=True)
class SpokenWord:
    """A word and when it is spoken."""

    text: str  # as it stands in the normalized text
    start: float  # seconds
    end: float  # seconds


@dataclass(frozen=True, eq=False)
class Chunk:
    """One spoken sentence (or part of a long one), with the pause that follows it.

    ``audio``, ``mel``, ``durations`` and ``words`` agree exactly: there are ``len(mel) *
    hop_length`` samples, ``durations`` sum to ``len(mel)``, and the words' times follow from the
    durations. The chunks of a text, one after another, are the whole.
    """

    audio: np.ndarray  # float32 [samples], in [-1, 1]
    sample_rate: int  # Hz
    text: str  # as it was given
    normalized: str  # with numbers, abbreviations and the like spelled out
    words: tuple[SpokenWord, ...]  # times in seconds from the chunk's own beginning
    mel: np.ndarray  # float32 [frames, n_mels], in the scaled values of the voice's convention
    symbols: tuple[str, ...]  # what was spoken
    durations: np.ndarray  # int64 [symbols], frames that speak each
    start: float  # seconds from the beginning of the whole text
    index: int  # of this chunk in the text, from 0
    count: int  # pieces in the text; those with nothing to speak give no chunk
    warnings: tuple[str, ...]  # one sentence for each thing that was dropped, guessed or cut

    @property
    def seconds(self) -> float:
        """How long ``audio`` lasts."""
        return len(self.audio) / self.sample_rate

    @property
    def end(self) -> float:
        """When its last word ends: seconds from the beginning of the whole text."""
        return self.start + self.words[-1].end


@dataclass(frozen=True)
class _Prepared:
    """A piece ready to be spoken."""

    index: int
    text: str
    encoded: Encoded
    ids: list[int]
    pause: float | None  # seconds after it at speed 1; None after the last one
    warnings: tuple[str, ...]


class Voice:
    """Speaks text with one voice file. May be shared between threads."""

    def __init__(self, bundle: Bundle) -> None:
        """Load the graphs of ``bundle``. Raises `VoiceError` where they can't run."""
        self.manifest: Manifest = bundle.manifest
        lexicon = None
        if LEXICON in bundle:
            from tacotron.text.lexicon import parse_lexicon

            lexicon = parse_lexicon(bundle.read_text(LEXICON), f"{LEXICON} of {bundle.path}")
        self._frontend = get_frontend(self.manifest.frontend, lexicon)
        self._engine = load_engine(bundle)
        self._vocoder = load_vocoder(bundle)

    @classmethod
    def load(cls, name_or_path: str | Path | None = None) -> Voice:
        """Load a voice by name or from a ``.voice`` file; None is the default voice.

        Raises `VoiceError` where there is no such voice, or its file is torn or foreign.
        """
        return cls(Bundle.open(locate(name_or_path)))

    @property
    def name(self) -> str:
        """What the voice calls itself."""
        return self.manifest.name

    @property
    def speakers(self) -> tuple[str, ...]:
        """Names for ``speaker``; the first is the default."""
        return self.manifest.speakers

    @property
    def convention(self) -> MelConvention:
        """What the numbers in a chunk's mel mean."""
        return self.manifest.convention

    @property
    def sample_rate(self) -> int:
        """Samples a second of all its audio, Hz."""
        return self.manifest.convention.sample_rate

    def synthesize(
        self,
        text: str,
        *,
        speaker: str | None = None,
        speed: float = 1.0,
        seed: int = 0,
        lexicon: Lexicon | None = None,
    ) -> Iterator[Chunk]:
        """Speak ``text``, yielding a `Chunk` a sentence as soon as it is spoken.

        ``speaker`` is one of `speakers`; ``speed`` above 1 is faster (0.25 to 4); the same ``seed``
        (a whole number, 0 or more) gives the same audio, bit for bit; ``lexicon`` maps lower-case
        words to their phonemes and goes before the voice's own. Memory does not grow with the text.

        Raises `TextError` where nothing in ``text`` can be spoken, and `VoiceError` where the voice
        lacks the speaker or can't speak so fast or slow; both at once, before the first chunk.
        A sentence further on raises `TextError` when it is reached and has a symbol that the voice
        lacks; one with nothing to speak is skipped with a warning.
        """
        speaker_id = self._speaker(speaker)
        if not SLOWEST <= speed <= FASTEST:
            raise VoiceError(
                f"Can't speak at speed {speed:g}: choose from {SLOWEST} to {FASTEST:g}."
            )
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise VoiceError(f"Can't use the seed {seed!r}: choose a whole number, 0 or more.")
        pieces = split_pieces(text)
        prepared = self._prepare(pieces, lexicon)
        first = next(prepared)  # raises now rather than when the caller asks for audio
        return self._speak(
            chain([first], prepared), len(pieces), speaker=speaker_id, speed=speed, seed=seed
        )

    def speak_to_file(
        self,
        text: str,
        path: str | Path,
        *,
        format: AudioFormat | None = None,
        speaker: str | None = None,
        speed: float = 1.0,
        seed: int = 0,
        lexicon: Lexicon | None = None,
    ) -> float:
        """Speak ``text`` into the audio file ``path``, and return its length in seconds.

        ``format`` is "wav", "flac" or "raw" (16-bit samples); None takes it from the suffix. The
        file appears whole or not at all. Otherwise as `synthesize`; raises `AudioError` for another
        format, and `TacotronError` where the file can't be written.
        """
        from tacotron.audio.files import audio_writer

        chunks = self.synthesize(text, speaker=speaker, speed=speed, seed=seed, lexicon=lexicon)
        samples = 0
        with audio_writer(path, self.sample_rate, format=format) as writer:
            for chunk in chunks:
                writer.write(chunk.audio)
                samples += len(chunk.audio)
        return samples / self.sample_rate

    def _speaker(self, speaker: str | None) -> int:
        if speaker is None:
            return 0
        if speaker not in self.speakers:
            known = ", ".join(self.speakers[:_SHOWN])
            more = f" and {len(self.speakers) - _SHOWN} more" if len(self.speakers) > _SHOWN else ""
            raise VoiceError(
                f"The voice {self.name} has no speaker {speaker!r:.80}: it has {known}{more}."
            )
        return self.speakers.index(speaker)

    def _prepare(self, pieces: Sequence[Piece], lexicon: Lexicon | None) -> Iterator[_Prepared]:
        """Yield the pieces that can be spoken; raise `TextError` where there are none."""
        ready: _Prepared | None = None
        skipped: list[str] = []
        for index, piece in enumerate(pieces):
            try:
                encoded = self._encode(piece.text, lexicon)
            except NothingToSpeakError as error:
                skipped.append(str(error))
                if ready is not None:
                    ready = replace(ready, pause=max(ready.pause or 0.0, piece.pause))
                continue
            # One piece behind, to know whether it is the last and what was skipped after it.
            if ready is not None:
                yield replace(ready, warnings=(*ready.warnings, *skipped))
                skipped = []
            ids = symbol_ids(encoded.symbols, self.manifest.symbols)
            warnings = (*skipped, *encoded.warnings)
            ready = _Prepared(index, piece.text, encoded, ids, piece.pause, warnings)
            skipped = []
        if ready is None:
            raise NothingToSpeakError(
                skipped[0] if skipped else "The text has nothing to speak: give it a word."
            )
        yield replace(ready, pause=None, warnings=(*ready.warnings, *skipped))

    def _encode(self, text: str, lexicon: Lexicon | None) -> Encoded:
        encoded = self._frontend.encode(text, lexicon=lexicon)
        # The legacy front end takes punctuation alone for words.
        if not any(character.isalnum() for word in encoded.words for character in word.text):
            raise NothingToSpeakError(
                f"The text {text[:40]!r} has nothing to speak: it needs a letter or a number."
            )
        return encoded

    def _speak(
        self, pieces: Iterable[_Prepared], count: int, *, speaker: int, speed: float, seed: int
    ) -> Iterator[Chunk]:
        c = self.convention
        elapsed = 0  # samples
        for piece in pieces:
            words = piece.encoded.words
            # A seed of its own for each piece: what is spoken does not depend on what was before.
            speech = self._engine.speak(
                piece.ids, speaker=speaker, speed=speed, seed=(seed, piece.index)
            )
            speech = trim(speech, words, c)
            wave = self._vocoder(speech)
            if piece.pause is not None:
                pause = round(piece.pause / speed * c.frame_rate)
                speech = add_pause(speech, pause, c)
            ends = np.cumsum(speech.durations)
            starts = ends - speech.durations
            chunk = Chunk(
                audio=finish(wave, len(speech.mel) * c.hop_length, c.sample_rate),
                sample_rate=c.sample_rate,
                text=piece.text,
                normalized=piece.encoded.normalized,
                words=tuple(
                    SpokenWord(
                        word.text,
                        frame_seconds(int(starts[word.start]), c),
                        frame_seconds(int(ends[word.stop - 1]), c),
                    )
                    for word in words
                ),
                mel=speech.mel,
                symbols=piece.encoded.symbols,
                durations=speech.durations,
                start=elapsed / c.sample_rate,
                index=piece.index,
                count=count,
                warnings=(*piece.warnings, *speech.warnings),
            )
            elapsed += len(chunk.audio)
            yield chunk
