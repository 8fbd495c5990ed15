"""Speech as bytes of a file format, as it comes: what a client plays while the rest is spoken.

MP3, Opus and FLAC are libsndfile's, through soundfile. It encodes into whatever can be written to;
what it would go back and correct at the end (lengths in a header) can only be corrected where it
was not sent yet. Players don't need it; some programs that read files do.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

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
    hold_seconds: float = 0.0  # of speech held back, so that a shorter text has a whole header
    options: Mapping[str, Any] = field(default_factory=dict)  # of the encoder, in soundfile's words


# OpenAI's names.
FORMATS: Mapping[str, Format] = {
    "mp3": Format(
        "audio/mpeg",
        "MP3",
        "MPEG_LAYER_III",
        rates=(8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
        # A constant bit rate, from which players know where they are in a file without a length;
        # the level makes it 64 kbit/s at 16 to 24 kHz, which speech needs no more than.
        options={"bitrate_mode": "CONSTANT", "compression_level": 0.65},
    ),
    "opus": Format("audio/ogg", "OGG", "OPUS", rates=(8000, 12000, 16000, 24000, 48000)),
    # Much that reads files (libsndfile, for one) reads no flac without its length.
    "flac": Format("audio/flac", "FLAC", "PCM_16", hold_seconds=10.0),
    "wav": Format("audio/wav"),
    "pcm": Format("audio/pcm", rates=(OPENAI_PCM_RATE,)),
}


def encode(
    waves: Iterable[np.ndarray], sample_rate: int, name: str, *, hold_seconds: float | None = None
) -> Iterator[bytes]:
    """Yield the bytes that each of ``waves`` (float32 [samples]) adds, and then what ends the file.

    ``name`` is one of `FORMATS`. An item may be empty: codecs look ahead. The header of a wav and a
    flac tells the length, which is only known where the waves end before ``hold_seconds`` (None is
    the format's own): until then all is held back, beyond them it says that it doesn't know.
    """
    format = FORMATS[name]
    if hold_seconds is None:
        hold_seconds = format.hold_seconds
    if format.rates and sample_rate not in format.rates:
        waves, sample_rate = _resampled(waves, sample_rate, format.rate), format.rate
    if format.container:
        return _compressed(waves, sample_rate, format, round(hold_seconds * sample_rate))
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


def _compressed(
    waves: Iterable[np.ndarray], sample_rate: int, format: Format, hold: int
) -> Iterator[bytes]:
    import soundfile

    tap = _Tap()
    spoken = 0  # samples
    with soundfile.SoundFile(
        tap,
        "w",
        samplerate=sample_rate,
        channels=1,
        format=format.container,
        subtype=format.subtype,
        **format.options,
    ) as file:
        for wave in waves:
            file.write(wave)
            spoken += len(wave)
            yield tap.take() if spoken > hold else b""
    yield tap.take()


class _Tap:
    """A file whose bytes are taken as they are written; what was taken can't be corrected."""

    def __init__(self) -> None:
        self._fresh = bytearray()
        self._taken = 0  # bytes; where `_fresh` begins in the file
        self._at = 0

    def write(self, data: bytes) -> int:
        data = bytes(data)
        start = self._at - self._taken
        if start >= 0:
            self._fresh[start : start + len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        end = self._taken + len(self._fresh)
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: end}[whence]
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
        self._taken += len(data)
        return data
