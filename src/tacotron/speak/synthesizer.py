"""A voice that speaks: `Voice.load`, then `Voice.synthesize`, a sentence at a time, or
`Voice.stream`, as soon as there is something to hear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tacotron.audio.convention import MelConvention
from tacotron.errors import VoiceError
from tacotron.speak.arriving import arriving_sentences
from tacotron.speak.chunks import Chunk, SpokenWord
from tacotron.speak.edges import add_pause, finish, frame_seconds, silence, trim
from tacotron.speak.engine import load_engine
from tacotron.speak.pieces import Piece, split_pieces
from tacotron.speak.prosody import FASTEST, PARAGRAPH_PAUSE, SENTENCE_PAUSE, SLOWEST
from tacotron.speak.streaming import Passage, block_sizes, stream_passages
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

_SHOWN = 8  # speakers listed in a message


@dataclass(frozen=True)
class _Options:
    """How a text is to be spoken, checked."""

    speaker: int
    speed: float
    seed: int


@dataclass(frozen=True)
class _Prepared:
    """A piece ready to be spoken."""

    index: int
    text: str
    encoded: Encoded
    ids: list[int]
    gap: float  # seconds of silence before it at speed 1; 0 before the first
    warnings: tuple[str, ...]  # of its own
    skipped: tuple[str, ...]  # one for each piece before it that has nothing to speak


@dataclass(frozen=True)
class _End:
    """Behind the last piece of a text."""

    skipped: tuple[str, ...]  # as in _Prepared


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
        how = self._options(speaker, speed, seed)
        pieces = split_pieces(text)
        prepared = self._prepared(pieces, lexicon)
        return self._speak(prepared, len(pieces), how)

    def stream(
        self,
        text: str | Iterable[str],
        *,
        speaker: str | None = None,
        speed: float = 1.0,
        seed: int = 0,
        lexicon: Lexicon | None = None,
    ) -> Iterator[Chunk]:
        """Speak ``text``, yielding audio while its sentence is still being spoken.

        The chunks, one after another, are what `synthesize` gives (to 1e-4 of full scale), in
        smaller parts: see `Chunk`. The first comes soon, later ones are longer. A text that is
        still arriving may be given as an iterable of its parts, such as lines: a sentence is spoken
        as soon as its end is there. Closing the iterator ends the work.

        Voices without a vocoder yield whole sentences. Otherwise as `synthesize`; where the text is
        arriving, the errors that are raised at once wait for its first sentence.
        """
        how = self._options(speaker, speed, seed)
        if isinstance(text, str):
            pieces = split_pieces(text)
            return self._stream(self._prepared(pieces, lexicon), len(pieces), how)
        return self._stream(self._prepared(_arriving(text), lexicon), None, how)

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

    def _options(self, speaker: str | None, speed: float, seed: int) -> _Options:
        """Raises `VoiceError` for what the voice can't do."""
        if not SLOWEST <= speed <= FASTEST:
            raise VoiceError(
                f"Can't speak at speed {speed:g}: choose from {SLOWEST} to {FASTEST:g}."
            )
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise VoiceError(f"Can't use the seed {seed!r}: choose a whole number, 0 or more.")
        return _Options(self._speaker(speaker), speed, seed)

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

    def _prepared(
        self, pieces: Iterable[Piece], lexicon: Lexicon | None
    ) -> Iterator[_Prepared | _End]:
        """The pieces that can be spoken, and the end. The first is prepared now, so that what is
        wrong with it is raised now: `TextError` where there is none."""
        prepared = self._prepare(pieces, lexicon)
        first = next(prepared)
        if isinstance(first, _End):
            skipped = first.skipped or ("The text has nothing to speak: give it a word.",)
            raise NothingToSpeakError(skipped[0])
        return chain([first], prepared)

    def _prepare(
        self, pieces: Iterable[Piece], lexicon: Lexicon | None
    ) -> Iterator[_Prepared | _End]:
        skipped: list[str] = []
        gap: float | None = None  # None until something was spoken
        index = -1
        for piece in pieces:
            index += bool(piece.text)
            try:
                encoded = self._encode(piece.text, lexicon)
            except NothingToSpeakError as error:
                if piece.text:
                    skipped.append(str(error))
                gap = None if gap is None else max(gap, piece.pause)
                continue
            ids = symbol_ids(encoded.symbols, self.manifest.symbols)
            yield _Prepared(
                index, piece.text, encoded, ids, gap or 0.0, encoded.warnings, tuple(skipped)
            )
            skipped, gap = [], piece.pause
        yield _End(tuple(skipped))

    def _encode(self, text: str, lexicon: Lexicon | None) -> Encoded:
        encoded = self._frontend.encode(text, lexicon=lexicon)
        # The legacy front end takes punctuation alone for words.
        if not any(character.isalnum() for word in encoded.words for character in word.text):
            raise NothingToSpeakError(
                f"The text {text[:40]!r} has nothing to speak: it needs a letter or a number."
            )
        return encoded

    def _speak(
        self, prepared: Iterable[_Prepared | _End], count: int, how: _Options
    ) -> Iterator[Chunk]:
        """A chunk a piece, with the silence before the next."""
        c = self.convention
        elapsed = 0  # samples
        for piece, following in pairwise(prepared):
            # A seed of its own for each piece: what is spoken does not depend on what was before.
            seed = (how.seed, piece.index)
            speech = self._engine.speak(piece.ids, speaker=how.speaker, speed=how.speed, seed=seed)
            speech = trim(speech, piece.encoded.words, c)
            wave = self._vocoder(speech, seed=seed)
            ends = np.cumsum(speech.durations)
            if isinstance(following, _Prepared):
                speech = add_pause(speech, self._gap(following, how), c)
            skipped = (*(piece.skipped if not elapsed else ()), *following.skipped)
            chunk = Chunk(
                audio=finish(wave, len(speech.mel) * c.hop_length, c.sample_rate),
                sample_rate=c.sample_rate,
                text=piece.text,
                normalized=piece.encoded.normalized,
                words=_spoken_words(piece, ends, c),
                mel=speech.mel,
                symbols=piece.encoded.symbols,
                durations=speech.durations,
                start=elapsed / c.sample_rate,
                index=piece.index,
                count=count,
                warnings=(*piece.warnings, *skipped, *speech.warnings),
            )
            elapsed += len(chunk.audio)
            yield chunk

    def _stream(
        self, prepared: Iterable[_Prepared | _End], count: int | None, how: _Options
    ) -> Iterator[Chunk]:
        """Chunks as they come, a pause when what follows it is known."""
        elapsed = 0  # samples
        before: _Prepared | None = None
        for piece in prepared:
            told = piece.skipped
            if before is not None:
                frames = self._gap(piece, how) if isinstance(piece, _Prepared) else 0
                if frames or (told and isinstance(piece, _End)):
                    pause = self._pause(before, frames, elapsed, count, told)
                    elapsed += len(pause.audio)
                    yield pause
                    told = ()
            if isinstance(piece, _End):
                return
            told += piece.warnings
            for chunk in self._parts(piece, elapsed, count, how):
                elapsed += len(chunk.audio)
                yield replace(chunk, warnings=(*told, *chunk.warnings))
                told = ()
            before = piece

    def _parts(
        self, piece: _Prepared, start: int, count: int | None, how: _Options
    ) -> Iterator[Chunk]:
        """The chunks of one piece; the first begins at sample ``start`` of the text."""
        c, words = self.convention, piece.encoded.words
        seed = (how.seed, piece.index)
        options = {"speaker": how.speaker, "speed": how.speed, "seed": seed}
        vocoder = self._vocoder.begin(seed=seed)
        if vocoder is None:
            speech = trim(self._engine.speak(piece.ids, **options), words, c)
            audio = finish(
                self._vocoder(speech, seed=seed), len(speech.mel) * c.hop_length, c.sample_rate
            )
            passages = [Passage(audio, speech.mel, 0, np.cumsum(speech.durations))]
            warnings = speech.warnings
        else:
            utterance = self._engine.begin(piece.ids, **options, blocks=block_sizes())
            passages = stream_passages(utterance, words, vocoder, c)
            warnings = utterance.warnings
        for passage in passages:
            first, stop = passage.first, passage.first + len(passage.mel)
            ends = np.clip(passage.ends, first, stop)
            durations = np.diff(ends, prepend=first)
            spoken = np.flatnonzero(durations)
            begin = first * c.hop_length / c.sample_rate
            here = [
                SpokenWord(word.text, word.start - begin, word.end - begin)
                for word in _spoken_words(piece, passage.ends, c)
                if first <= word.start * c.frame_rate < stop
            ]
            yield Chunk(
                audio=passage.audio,
                sample_rate=c.sample_rate,
                text=piece.text,
                normalized=piece.encoded.normalized,
                words=tuple(here),
                mel=passage.mel,
                symbols=tuple(piece.encoded.symbols[i] for i in spoken),
                durations=durations[spoken],
                start=(start + first * c.hop_length) / c.sample_rate,
                index=piece.index,
                count=count,
                warnings=warnings,
            )
            warnings = ()

    def _pause(
        self,
        piece: _Prepared,
        frames: int,
        start: int,
        count: int | None,
        warnings: tuple[str, ...],
    ) -> Chunk:
        """The pause behind ``piece``."""
        c = self.convention
        return Chunk(
            audio=np.zeros(frames * c.hop_length, np.float32),
            sample_rate=c.sample_rate,
            text=piece.text,
            normalized=piece.encoded.normalized,
            words=(),
            mel=silence(frames, c),
            symbols=piece.encoded.symbols[-1:],
            durations=np.array([frames]),
            start=start / c.sample_rate,
            index=piece.index,
            count=count,
            warnings=warnings,
        )

    def _gap(self, piece: _Prepared, how: _Options) -> int:
        """Frames of silence before ``piece``."""
        return round(piece.gap / how.speed * self.convention.frame_rate)


def _arriving(parts: Iterable[str]) -> Iterator[Piece]:
    """The pieces of a text that is still being written; an empty one between paragraphs."""
    for sentence in arriving_sentences(parts):
        if sentence is None:
            yield Piece("", (), PARAGRAPH_PAUSE)
            continue
        *pieces, last = split_pieces(sentence)
        yield from pieces
        yield replace(last, pause=SENTENCE_PAUSE)


def _spoken_words(piece: _Prepared, ends: np.ndarray, c: MelConvention) -> tuple[SpokenWord, ...]:
    """The words of a piece, from where its symbols end, in frames: int64 [symbols]."""
    starts = np.concatenate([[0], ends[:-1]])
    return tuple(
        SpokenWord(
            word.text,
            frame_seconds(int(starts[word.start]), c),
            frame_seconds(int(ends[word.stop - 1]), c),
        )
        for word in piece.encoded.words
    )
