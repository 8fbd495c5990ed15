"""A voice that speaks: `Voice.load`, then `Voice.synthesize`, a sentence at a time, or
`Voice.stream`, as soon as there is something to hear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tacotron.audio.convention import MelConvention
from tacotron.errors import VoiceError
from tacotron.speak.chunks import Chunk, SpokenWord, spoken_words
from tacotron.speak.edges import add_silence, finish, silence, trim
from tacotron.speak.engine import Speech, load_engine
from tacotron.speak.loudness import AmplifiedStream, Amplifier
from tacotron.speak.pauses import pause_speech, pause_utterance
from tacotron.speak.pieces import cut_document
from tacotron.speak.pitch import Pitch
from tacotron.speak.prosody import FASTEST, NEUTRAL, SLOWEST, Prosody
from tacotron.speak.script import End, Line, Reader, arriving_pieces, arriving_ssml
from tacotron.speak.streaming import Passage, block_sizes, stream_passages
from tacotron.speak.vocoder import WaveStream, load_vocoder
from tacotron.text.document import read_document
from tacotron.text.frontend import Lexicon, get_frontend
from tacotron.voice.bundle import LEXICON, Bundle
from tacotron.voice.manifest import Manifest
from tacotron.voice.registry import locate

if TYPE_CHECKING:
    from tacotron.audio.files import AudioFormat

_SHOWN = 8  # speakers listed in a message


@dataclass(frozen=True)
class _Options:
    """How a text is to be spoken, checked."""

    speaker: int
    speed: float
    seed: int
    prosody: Prosody


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
        prosody: Prosody = NEUTRAL,
        lexicon: Lexicon | None = None,
        ssml: bool | None = None,
    ) -> Iterator[Chunk]:
        """Speak ``text``, yielding a `Chunk` a sentence as soon as it is spoken.

        ``speaker`` is one of `speakers`; ``speed`` above 1 is faster (0.25 to 4); the same ``seed``
        (a whole number, 0 or more) gives the same audio, bit for bit; ``prosody`` sets pitch,
        volume and pauses; ``lexicon`` maps lower-case words to their phonemes and goes before the
        voice's own; ``text`` is SSML where ``ssml`` is true, and where that is None and it begins
        with ``<speak`` (`tacotron.text.ssml` says what is read of it). Memory does not grow with
        how long it is spoken.

        Raises `TextError` where nothing in ``text`` can be spoken or SSML is malformed, and
        `VoiceError` where the voice lacks the speaker or can't speak so fast, slow, high or low;
        both at once, before the first chunk. A sentence further on raises `TextError` when it is
        reached and has a symbol that the voice lacks; one with nothing to speak is skipped with a
        warning.
        """
        how = self._options(speaker, speed, seed, prosody)
        lines, count = self._read(text, ssml, lexicon, how)
        return self._speak(lines, count, how)

    def stream(
        self,
        text: str | Iterable[str],
        *,
        speaker: str | None = None,
        speed: float = 1.0,
        seed: int = 0,
        prosody: Prosody = NEUTRAL,
        lexicon: Lexicon | None = None,
        ssml: bool | None = None,
    ) -> Iterator[Chunk]:
        """Speak ``text``, yielding audio while its sentence is still being spoken.

        The chunks, one after another, are what `synthesize` gives (to 1e-4 of full scale), in
        smaller parts: see `Chunk`. The first comes soon, later ones are longer. A text that is
        still arriving may be given as an iterable of its parts, such as lines: a sentence is spoken
        as soon as its end is there, SSML when all of it is. Closing the iterator ends the work.

        Voices without a vocoder yield whole sentences. Otherwise as `synthesize`; where the text is
        arriving, the errors that are raised at once wait for its first sentence.
        """
        how = self._options(speaker, speed, seed, prosody)
        if not isinstance(text, str):
            is_markup, parts = arriving_ssml(text) if ssml is None else (ssml, text)
            if not is_markup:
                lines = self._reader(lexicon, how).read(arriving_pieces(parts, prosody))
                return self._stream(lines, None, how)
            text = "".join(parts)
        lines, count = self._read(text, ssml, lexicon, how)
        return self._stream(lines, count, how)

    def speak_to_file(
        self,
        text: str,
        path: str | Path,
        *,
        format: AudioFormat | None = None,
        speaker: str | None = None,
        speed: float = 1.0,
        seed: int = 0,
        prosody: Prosody = NEUTRAL,
        lexicon: Lexicon | None = None,
        ssml: bool | None = None,
    ) -> float:
        """Speak ``text`` into the audio file ``path``, and return its length in seconds.

        ``format`` is "wav", "flac" or "raw" (16-bit samples); None takes it from the suffix. The
        file appears whole or not at all. Otherwise as `synthesize`; raises `AudioError` for another
        format, and `TacotronError` where the file can't be written.
        """
        from tacotron.audio.files import audio_writer

        chunks = self.synthesize(
            text,
            speaker=speaker,
            speed=speed,
            seed=seed,
            prosody=prosody,
            lexicon=lexicon,
            ssml=ssml,
        )
        samples = 0
        with audio_writer(path, self.sample_rate, format=format) as writer:
            for chunk in chunks:
                writer.write(chunk.audio)
                samples += len(chunk.audio)
        return samples / self.sample_rate

    def _options(self, speaker: str | None, speed: float, seed: int, prosody: Prosody) -> _Options:
        """Raises `VoiceError` for what the voice can't do."""
        if not SLOWEST <= speed <= FASTEST:
            raise VoiceError(
                f"Can't speak at speed {speed:g}: choose from {SLOWEST} to {FASTEST:g}."
            )
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise VoiceError(f"Can't use the seed {seed!r}: choose a whole number, 0 or more.")
        if prosody.changes_pitch and not self._vocoder.moves_pitch:
            raise VoiceError(
                f"The voice {self.name} can't change its pitch: it takes a voice whose vocoder is "
                "a source and a filter."
            )
        return _Options(self._speaker(speaker), speed, seed, prosody)

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

    def _reader(self, lexicon: Lexicon | None, how: _Options) -> Reader:
        return Reader(self._frontend, self.manifest.symbols, lexicon, how.prosody, how.speed)

    def _read(
        self, text: str, ssml: bool | None, lexicon: Lexicon | None, how: _Options
    ) -> tuple[Iterator[Line | End], int]:
        """The lines of ``text``, and how many pieces it has."""
        document = read_document(text, ssml=ssml)
        warnings = document.warnings
        if document.moves_pitch and not self._vocoder.moves_pitch:
            warnings += (f"The voice {self.name} can't change its pitch: it was left as it is.",)
        pieces = cut_document(document, how.prosody)
        return self._reader(lexicon, how).read(pieces, warnings), len(pieces)

    def _speak(self, lines: Iterable[Line | End], count: int, how: _Options) -> Iterator[Chunk]:
        """A chunk a line, with the silence before the next."""
        c = self.convention
        elapsed = 0  # samples
        for line, following in pairwise(lines):
            speech, wave = self._whole(line, how)
            spoken = len(speech.mel)
            before = self._frames(line.silence) if not elapsed else 0
            behind = self._frames(following.silence)
            speech = add_silence(speech, before, behind, c)
            audio = finish(wave, (spoken + behind) * c.hop_length, c.sample_rate)
            skipped = (*(line.skipped if not elapsed else ()), *following.skipped)
            ends = np.cumsum(speech.durations)
            ends[-1] -= behind
            chunk = Chunk(
                audio=np.concatenate([np.zeros(before * c.hop_length, np.float32), audio]),
                sample_rate=c.sample_rate,
                text=line.text,
                normalized=line.encoded.normalized,
                words=spoken_words(line.encoded.words, ends, c),
                mel=speech.mel,
                symbols=line.encoded.symbols,
                durations=speech.durations,
                start=elapsed / c.sample_rate,
                index=line.index,
                count=count,
                warnings=(*line.warnings, *skipped, *speech.warnings),
            )
            elapsed += len(chunk.audio)
            yield chunk

    def _whole(self, line: Line, how: _Options) -> tuple[Speech, np.ndarray]:
        """One line as it is spoken, without silence at its ends, and its waveform."""
        c, contour = self.convention, line.contour
        # A seed of its own for each line: what is spoken does not depend on what was before.
        seed = (how.seed, line.index)
        speech = self._engine.speak(
            line.ids, speaker=how.speaker, speed=contour.speed, seed=seed, pauses=contour.pauses
        )
        speech = trim(pause_speech(speech, contour.pauses, c), line.encoded.words, c)
        wave = self._vocoder(speech, seed=seed, pitch=self._pitch(line, speech.durations, how))
        return speech, Amplifier(np.repeat(contour.volume, speech.durations), c.hop_length)(wave)

    def _pitch(
        self, line: Line, durations: np.ndarray, how: _Options, first: int = 0
    ) -> Pitch | None:
        """The pitch of a line whose symbols last ``durations``, from frame ``first`` on; None where
        it is the voice's own."""
        semitones, span = line.contour.pitch, how.prosody.pitch_range
        if not self._vocoder.moves_pitch or (span == 1.0 and not semitones.any()):
            return None
        return Pitch(np.repeat(semitones, durations)[first:], span)

    def _stream(
        self, lines: Iterable[Line | End], count: int | None, how: _Options
    ) -> Iterator[Chunk]:
        """Chunks as they come, a pause when what follows it is known."""
        elapsed = 0  # samples
        before: Line | None = None
        for line in lines:
            told = line.skipped
            frames = self._frames(line.silence)
            beside = before or line
            if frames or (told and isinstance(line, End)):
                pause = self._pause(beside, frames, elapsed, count, told, first=before is None)
                elapsed += len(pause.audio)
                yield pause
                told = ()
            if isinstance(line, End):
                return
            told += line.warnings
            for chunk in self._parts(line, elapsed, count, how):
                elapsed += len(chunk.audio)
                yield replace(chunk, warnings=(*told, *chunk.warnings))
                told = ()
            before = line

    def _parts(self, line: Line, start: int, count: int | None, how: _Options) -> Iterator[Chunk]:
        """The chunks of one line; the first begins at sample ``start`` of the text."""
        c = self.convention
        if self._vocoder.streams:
            warnings, passages = self._passages(line, how)
        else:
            speech, wave = self._whole(line, how)
            audio = finish(wave, len(speech.mel) * c.hop_length, c.sample_rate)
            passages = [Passage(audio, speech.mel, 0, np.cumsum(speech.durations))]
            warnings = speech.warnings
        for passage in passages:
            first, stop = passage.first, passage.first + len(passage.mel)
            ends = np.clip(passage.ends, first, stop)
            durations = np.diff(ends, prepend=first)
            spoken = np.flatnonzero(durations)
            begin = first * c.hop_length / c.sample_rate
            here = [
                SpokenWord(word.text, word.start - begin, word.end - begin)
                for word in spoken_words(line.encoded.words, passage.ends, c)
                if first <= word.start * c.frame_rate < stop
            ]
            yield Chunk(
                audio=passage.audio,
                sample_rate=c.sample_rate,
                text=line.text,
                normalized=line.encoded.normalized,
                words=tuple(here),
                mel=passage.mel,
                symbols=tuple(line.encoded.symbols[i] for i in spoken),
                durations=durations[spoken],
                start=(start + first * c.hop_length) / c.sample_rate,
                index=line.index,
                count=count,
                warnings=warnings,
            )
            warnings = ()

    def _passages(self, line: Line, how: _Options) -> tuple[tuple[str, ...], Iterator[Passage]]:
        """One line as it is spoken bit by bit: what is to be told, and the bits."""
        c, contour = self.convention, line.contour
        seed = (how.seed, line.index)
        utterance = self._engine.begin(
            line.ids,
            speaker=how.speaker,
            speed=contour.speed,
            seed=seed,
            pauses=contour.pauses,
            blocks=block_sizes(),
        )
        utterance = pause_utterance(utterance, contour.pauses, c)

        def begin(first: int) -> WaveStream:
            pitch = self._pitch(line, utterance.durations, how, first)
            decibels = np.repeat(contour.volume, utterance.durations)[first:]
            stream = self._vocoder.begin(seed=seed, pitch=pitch)
            return AmplifiedStream(stream, Amplifier(decibels, c.hop_length))

        return utterance.warnings, stream_passages(utterance, line.encoded.words, begin, c)

    def _pause(
        self,
        line: Line,
        frames: int,
        start: int,
        count: int | None,
        warnings: tuple[str, ...],
        *,
        first: bool,
    ) -> Chunk:
        """The pause behind ``line``, or before it where it is the ``first``."""
        c = self.convention
        return Chunk(
            audio=np.zeros(frames * c.hop_length, np.float32),
            sample_rate=c.sample_rate,
            text=line.text,
            normalized=line.encoded.normalized,
            words=(),
            mel=silence(frames, c),
            symbols=line.encoded.symbols[:1] if first else line.encoded.symbols[-1:],
            durations=np.array([frames]),
            start=start / c.sample_rate,
            index=line.index,
            count=count,
            warnings=warnings,
        )

    def _frames(self, seconds: float) -> int:
        return round(seconds * self.convention.frame_rate)
