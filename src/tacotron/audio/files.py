"""Reading any recording, and writing audio to files and pipes."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, Protocol, get_args

import numpy as np
from numpy.typing import ArrayLike

from tacotron.audio.waveform import as_waveform
from tacotron.errors import AudioError
from tacotron.files import atomic_write

AudioFormat = Literal["wav", "flac", "raw"]

# 16-bit samples: dividing by 2^15 on reading and multiplying by it on writing loses nothing.
_FULL_SCALE = 2**15
_HIGHEST = 2**15 - 1
_SAMPLE_BYTES = 2

# A RIFF header holds sizes in 32 bits; all ones is how programs that stream say "until the end".
_WAV_HEADER_BYTES = 44
_UNKNOWN_SIZE = 2**32 - 1


@dataclass(frozen=True, eq=False)
class Audio:
    """A recording as it lay in its file, mixed to one channel."""

    wave: np.ndarray  # float32 [samples]; full scale is 1, floating-point files may exceed it
    sample_rate: int  # Hz
    channels: int  # in the file
    subtype: str  # how the file stored a sample, in libsndfile's words: "PCM_16", "FLOAT", "OPUS"

    @property
    def seconds(self) -> float:
        """The recording's length."""
        return len(self.wave) / self.sample_rate


def read_audio(path: str | Path) -> Audio:
    """Read a wav, flac, ogg (or anything else that libsndfile knows), any rate, width, channels.

    Several channels are mixed to their mean. Raises `AudioError` where the file is missing, empty,
    not audio, damaged, or holds no samples, and where samples are NaN or infinite.
    """
    import soundfile

    path = Path(path)
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "does not exist"
        raise AudioError(f"Could not read {path}: it {problem}; give the path of a recording.")
    if path.stat().st_size == 0:
        raise AudioError(f"Could not read {path}: the file is empty; copy or record it again.")
    try:
        with soundfile.SoundFile(path) as file:
            samples = file.read(dtype="float32", always_2d=True)
            rate, subtype = file.samplerate, file.subtype
    # RuntimeError is libsndfile's; TypeError is what soundfile makes of a .raw without parameters.
    except (OSError, RuntimeError, TypeError) as error:
        raise AudioError(
            f"Could not read {path} ({_libsndfile_reason(error)}): "
            "it is damaged or not a wav, flac or ogg recording."
        ) from error
    if len(samples) == 0:
        raise AudioError(f"Could not read {path}: it holds no samples; record it again.")
    if not np.isfinite(samples).all():
        first = int(np.argmin(np.isfinite(samples).all(axis=1)))
        raise AudioError(
            f"Could not use {path}: it holds samples that are NaN or infinite, the first at "
            f"{first / rate:.3f} s; render it again."
        )
    channels = samples.shape[1]
    wave = samples[:, 0].copy() if channels == 1 else samples.mean(axis=1, dtype=np.float32)
    return Audio(wave, rate, channels, subtype)


def write_audio(
    target: str | Path | IO[bytes],
    wave: ArrayLike,
    sample_rate: int,
    *,
    format: AudioFormat | None = None,
) -> int:
    """Write ``wave`` (float [samples]) as 16-bit mono audio; return how many samples it limited.

    ``target`` is a path, which is replaced atomically, or a binary stream such as a pipe, which
    need not be seekable and stays open. ``format`` is "wav", "flac" or "raw" (headless
    little-endian 16-bit samples); None takes it from the path's suffix, and wav for a stream.
    Samples beyond [-1, 1] are limited, and counted in the return value. Raises `AudioError` for an
    unknown format and NaN or infinite samples, `TacotronError` where the path can't be written.
    """
    wave = as_waveform(wave)
    with audio_writer(target, sample_rate, format=format, samples=len(wave)) as writer:
        writer.write(wave)
    return writer.limited


class AudioWriter(Protocol):
    """What `audio_writer` yields."""

    limited: int  # samples beyond [-1, 1] so far

    def write(self, wave: ArrayLike) -> None:
        """Append float samples [samples]."""


@contextmanager
def audio_writer(
    target: str | Path | IO[bytes],
    sample_rate: int,
    *,
    format: AudioFormat | None = None,
    samples: int | None = None,
) -> Iterator[AudioWriter]:
    """Write audio chunk by chunk; the arguments and errors are those of `write_audio`.

    A file appears, whole, when the block ends well. A stream receives each chunk at once; its wav
    header tells the length if ``samples`` does, and "until the end" otherwise. Flac reaches a
    stream when the block ends, since its header is written last.
    """
    if sample_rate <= 0:
        raise AudioError(f"Can't write audio at {sample_rate} Hz: give a positive sample rate.")
    chosen = format or _format_of(target)
    if chosen not in get_args(AudioFormat):
        known = ", ".join(get_args(AudioFormat))
        raise AudioError(f"Can't write audio as {chosen!r}: choose one of {known}.")
    writer_class = _FlacWriter if chosen == "flac" else _PcmWriter
    if isinstance(target, (str, Path)):
        with atomic_write(target) as file:
            writer = writer_class(file, sample_rate, header=chosen == "wav", samples=samples)
            yield writer
            writer.finish(seekable=True)
    else:
        writer = writer_class(target, sample_rate, header=chosen == "wav", samples=samples)
        yield writer
        writer.finish(seekable=False)


def _format_of(target: str | Path | IO[bytes]) -> str:
    if not isinstance(target, (str, Path)):
        return "wav"
    suffix = Path(target).suffix.lower().removeprefix(".")
    if suffix in get_args(AudioFormat):
        return suffix
    if suffix in ("pcm", "s16le"):
        return "raw"
    raise AudioError(
        f"Can't tell the audio format of {target} from its name: "
        "end it with .wav, .flac or .raw, or name a format."
    )


class _Counting:
    def __init__(self) -> None:
        self.limited = 0
        self.written = 0

    def _quantize(self, wave: ArrayLike) -> np.ndarray:
        wave = as_waveform(wave)
        self.limited += int((np.abs(wave) > 1.0).sum())
        self.written += len(wave)
        scaled = np.rint(wave * np.float32(_FULL_SCALE))
        return np.clip(scaled, -_FULL_SCALE, _HIGHEST).astype("<i2")


class _PcmWriter(_Counting):
    """Samples as they come, after a RIFF header or none."""

    def __init__(
        self, file: IO[bytes], sample_rate: int, *, header: bool, samples: int | None
    ) -> None:
        super().__init__()
        self._file = file
        self._sample_rate = sample_rate
        self._header = header
        self._promised = samples
        if header:
            file.write(_wav_header(sample_rate, samples))

    def write(self, wave: ArrayLike) -> None:
        self._file.write(self._quantize(wave).tobytes())

    def finish(self, *, seekable: bool) -> None:
        if self._header and seekable and self.written != self._promised:
            self._file.seek(0)
            self._file.write(_wav_header(self._sample_rate, self.written))
        self._file.flush()


class _FlacWriter(_Counting):
    """Flac, encoded in memory: its header, which comes first, holds sums over all samples."""

    def __init__(
        self, file: IO[bytes], sample_rate: int, *, header: bool, samples: int | None
    ) -> None:
        import soundfile

        super().__init__()
        self._file = file
        self._memory = io.BytesIO()
        self._encoder = soundfile.SoundFile(
            self._memory, "w", samplerate=sample_rate, channels=1, format="FLAC", subtype="PCM_16"
        )

    def write(self, wave: ArrayLike) -> None:
        self._encoder.write(self._quantize(wave))

    def finish(self, *, seekable: bool) -> None:
        self._encoder.close()
        self._file.write(self._memory.getbuffer())
        self._file.flush()


def _wav_header(sample_rate: int, samples: int | None) -> bytes:
    """The 44 bytes before 16-bit mono samples; no count, or too large a one, means "to the end"."""
    data = _UNKNOWN_SIZE if samples is None else samples * _SAMPLE_BYTES
    rest = data + _WAV_HEADER_BYTES - 8
    if rest > _UNKNOWN_SIZE:
        data = rest = _UNKNOWN_SIZE
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        rest,
        b"WAVE",
        b"fmt ",
        16,  # bytes of this chunk
        1,  # integer PCM
        1,  # channel
        sample_rate,
        sample_rate * _SAMPLE_BYTES,
        _SAMPLE_BYTES,
        8 * _SAMPLE_BYTES,
        b"data",
        data,
    )


def _libsndfile_reason(error: Exception) -> str:
    text = getattr(error, "error_string", None) or str(error)
    return text.strip().rstrip(".").lower()
