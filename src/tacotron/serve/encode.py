"""Speech as bytes of a file format, as it comes: what a client plays while the rest is spoken.

MP3, Opus and FLAC are libsndfile's, through soundfile. It encodes into whatever can be written to;
what it would go back and correct at the end (a length in a header) stays as it was sent, which
every one of these formats allows for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from tacotron.audio.files import audio_writer
from tacotron.serve.rate import StreamResampler

OPENAI_PCM_RATE = 24_000  # Hz: headless samples can't tell, and OpenAI's clients expect this


@dataclass(frozen=True)
class Format:
    """A file format that speech can be sent in."""

    media_type: str
    container: str | None = None  # libsndfile's names; None: written by ourselves
    subtype: str | None = None
    rates: tuple[int, ...] = ()  # the only sample rates it knows, Hz; none: any
    rate: int = OPENAI_PCM_RATE  # what others are resampled to, Hz
    quality: float | None = None  # libsndfile's compression level, from 0 (best) to 1


# OpenAI's names.
FORMATS: Mapping[str, Format] = {
    "mp3": Format(
        "audio/mpeg",
        "MP3",
        "MPEG_LAYER_III",
        rates=(8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    ),
    "opus": Format("audio/ogg", "OGG", "OPUS", rates=(8000, 12000, 16000, 24000, 48000)),
    "flac": Format("audio/flac", "FLAC", "PCM_16"),
    "wav": Format("audio/wav"),
    "pcm": Format("audio/pcm", rates=(OPENAI_PCM_RATE,)),
}


def encode(
    waves: Iterable[np.ndarray], sample_rate: int, name: str, *, hold_seconds: float = 0.0
) -> Iterator[bytes]:
    """Yield the bytes that each of ``waves`` (float32 [samples]) adds, and then what ends the file.

    ``name`` is one of `FORMATS`. An item may be empty: codecs look ahead. A wav begins with its
    length, which is only known where the waves end before ``hold_seconds``: until then it is held
    back, and beyond them the header says "until the end".
    """
    format = FORMATS[name]
    if format.rates and sample_rate not in format.rates:
        waves, sample_rate = _resampled(waves, sample_rate, format.rate), format.rate
    if format.container:
        return _compressed(waves, sample_rate, format)
    if name == "wav":
        return _wav(waves, sample_rate, round(hold_seconds * sample_rate))
    return pcm(waves, sample_rate)


def pcm(waves: Iterable[np.ndarray], sample_rate: int) -> Iterator[bytes]:
    """Yield each of ``waves`` (float32 [samples]) as 16-bit little-endian samples at its rate."""
    tap = _Tap()
    with audio_writer(tap, sample_rate, format="raw") as writer:
        for wave in waves:
            writer.write(wave)
            yield tap.take()


def _resampled(waves: Iterable[np.ndarray], rate_in: int, rate_out: int) -> Iterator[np.ndarray]:
    resampler = StreamResampler(rate_in, rate_out)
    for wave in waves:
        yield resampler.feed(wave)
    yield resampler.finish()


def _wav(waves: Iterable[np.ndarray], sample_rate: int, hold: int) -> Iterator[bytes]:
    tap = _Tap()
    held: list[np.ndarray] = []
    writer = None
    with ExitStack() as stack:
        for wave in waves:
            if writer is None:
                held.append(wave)
                if sum(map(len, held)) > hold:
                    writer = stack.enter_context(audio_writer(tap, sample_rate, format="wav"))
                    writer.write(np.concatenate(held))
                    held.clear()
            else:
                writer.write(wave)
            yield tap.take()
        if writer is None:
            whole = np.concatenate(held)
            writer = stack.enter_context(
                audio_writer(tap, sample_rate, format="wav", samples=len(whole))
            )
            writer.write(whole)
    yield tap.take()


def _compressed(waves: Iterable[np.ndarray], sample_rate: int, format: Format) -> Iterator[bytes]:
    import soundfile

    tap = _Tap()
    with soundfile.SoundFile(
        tap,
        "w",
        samplerate=sample_rate,
        channels=1,
        format=format.container,
        subtype=format.subtype,
        compression_level=format.quality,
    ) as file:
        for wave in waves:
            file.write(wave)
            yield tap.take()
    yield tap.take()


class _Tap:
    """A file whose bytes are taken as they are written; corrections further up are dropped."""

    def __init__(self) -> None:
        self._fresh = bytearray()
        self._at = 0
        self._end = 0

    def write(self, data: bytes) -> int:
        data = bytes(data)
        if self._at == self._end:
            self._fresh += data
            self._end += len(data)
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Nothing: soundfile asks for the method, and libsndfile doesn't call it to write."""
        return b""

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        """The bytes since the last call."""
        data = bytes(self._fresh)
        self._fresh.clear()
        return data
