"""Recordings in, audio out, and what is said when a file is no good."""

from __future__ import annotations

import io
import os
import struct
import threading
import wave as wave_module
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tacotron.audio import audio_writer, read_audio, read_mel, write_audio, write_mel
from tacotron.errors import AudioError, TacotronError

RATE = 22_050


@pytest.fixture
def tone() -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE // 2) / RATE)).astype(np.float32)


@pytest.mark.parametrize(
    ("format", "subtype", "tolerance"),
    [
        ("WAV", "PCM_U8", 2e-2),
        ("WAV", "PCM_16", 1e-4),
        ("WAV", "PCM_24", 1e-6),
        ("WAV", "PCM_32", 1e-6),
        ("WAV", "FLOAT", 1e-7),
        ("WAV", "DOUBLE", 1e-7),
        ("WAVEX", "PCM_16", 1e-4),
        ("FLAC", "PCM_16", 1e-4),
        ("FLAC", "PCM_24", 1e-6),
        ("OGG", "VORBIS", 5e-2),
    ],
)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_kind_of_recording_is_read(tmp_path, tone, format, subtype, tolerance, channels):
    # The channels differ; their mean is the tone.
    spread = 0.2 * np.linspace(-1, 1, channels) if channels > 1 else np.zeros(1)
    path = tmp_path / f"a.{format.lower().removesuffix('ex')}"
    soundfile.write(path, tone[:, None] * (1 + spread), RATE, format=format, subtype=subtype)
    audio = read_audio(path)
    assert (audio.sample_rate, audio.channels, audio.subtype) == (RATE, channels, subtype)
    assert audio.wave.dtype == np.float32
    assert audio.seconds == pytest.approx(0.5, abs=0.01)
    np.testing.assert_allclose(audio.wave, tone, atol=tolerance)


@pytest.mark.parametrize("rate", [8000, 11_025, 48_000, 96_000])
def test_every_rate_is_read(tmp_path, tone, rate):
    soundfile.write(tmp_path / "a.wav", tone, rate)
    assert read_audio(tmp_path / "a.wav").sample_rate == rate


def test_ogg_opus_is_read(tmp_path, tone):
    soundfile.write(tmp_path / "a.ogg", tone, 24_000, format="OGG", subtype="OPUS")
    audio = read_audio(tmp_path / "a.ogg")
    assert (audio.sample_rate, audio.subtype) == (24_000, "OPUS")


def test_floats_beyond_full_scale_are_kept(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([0.5, 1.5, -2.0]), RATE, subtype="FLOAT")
    assert read_audio(tmp_path / "a.wav").wave.tolist() == [0.5, 1.5, -2.0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"hello, world\n" * 100, "damaged or not"),
        (b"RIFF\x00\x00\x00\x00WAVE", "damaged or not"),
        (b"fLaC" + bytes(100), "damaged or not"),
        (b"OggS" + bytes(100), "damaged or not"),
    ],
)
@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "raw"])
def test_a_file_that_is_no_recording_is_the_users_mistake(tmp_path, content, said, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=said) as caught:
        read_audio(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(AudioError, match="does not exist"):
        read_audio(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="is a folder"):
        read_audio(tmp_path)


def test_a_recording_without_samples_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), RATE)
    with pytest.raises(AudioError, match="no samples"):
        read_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_recording_with_nan_is_refused_and_says_where(tmp_path, tone, bad):
    tone[RATE // 4] = bad
    soundfile.write(tmp_path / "a.wav", tone, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"NaN or infinite, the first at 0\.250 s"):
        read_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
@given(share=st.floats(0.0, 1.0))
def test_a_truncated_recording_is_read_in_part_or_refused(tmp_path_factory, suffix, share):
    path = tmp_path_factory.mktemp("cut") / f"a.{suffix}"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 5000), RATE)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    try:
        audio = read_audio(path)
    except AudioError:
        return
    assert 0 < len(audio.wave) <= 5000
    assert np.isfinite(audio.wave).all()


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_sixteen_bits_survive_reading_and_writing(tmp_path, suffix):
    samples = np.arange(-(2**15), 2**15, dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", samples, RATE)
    first = read_audio(tmp_path / "a.wav")
    copy = tmp_path / f"b.{suffix}"
    assert write_audio(copy, first.wave, RATE) == 0
    assert np.array_equal(soundfile.read(copy, dtype="int16")[0], samples)


def test_wav_is_what_the_standard_library_reads(tmp_path, tone):
    write_audio(tmp_path / "a.wav", tone, RATE)
    with wave_module.open(str(tmp_path / "a.wav")) as file:
        assert file.getparams()[:4] == (1, 2, RATE, len(tone))


def test_raw_is_little_endian_samples(tmp_path):
    write_audio(tmp_path / "a.raw", [0.5, -1.0], RATE)
    assert (tmp_path / "a.raw").read_bytes() == struct.pack("<hh", 16384, -32768)
    write_audio(tmp_path / "a.bin", [0.5, -1.0], RATE, format="raw")
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "a.raw").read_bytes()


@pytest.mark.parametrize("format", ["wav", "flac", "raw"])
def test_samples_beyond_full_scale_are_limited_and_counted(format):
    stream = io.BytesIO()
    assert write_audio(stream, [0.0, 1.0, 1.5, -1.0, -7.0], RATE, format=format) == 2
    stream.seek(0)
    raw = {"samplerate": RATE, "channels": 1, "format": "RAW", "subtype": "PCM_16"}
    samples, _ = soundfile.read(stream, dtype="int16", **(raw if format == "raw" else {}))
    assert samples.tolist() == [0, 32767, 32767, -32768, -32768]


@pytest.mark.parametrize("format", ["wav", "flac", "raw"])
def test_nothing_can_be_written(tmp_path, format):
    path = tmp_path / f"a.{format}"
    write_audio(path, np.zeros(0, np.float32), RATE)
    assert path.exists()


@pytest.mark.parametrize("format", ["wav", "flac", "raw"])
@pytest.mark.parametrize("known", [True, False])
def test_a_pipe_takes_audio_chunk_by_chunk(tone, format, known):
    reader, writer = os.pipe()
    received = bytearray()

    def drain() -> None:
        with os.fdopen(reader, "rb") as stream:
            received.extend(stream.read())

    thread = threading.Thread(target=drain)
    thread.start()
    with (
        os.fdopen(writer, "wb", buffering=0) as stream,
        audio_writer(stream, RATE, format=format, samples=len(tone) if known else None) as audio,
    ):
        for chunk in np.array_split(tone, 7):
            audio.write(chunk)
    thread.join()
    expected = np.rint(tone * 2**15).astype("<i2")
    if format == "raw":
        assert bytes(received) == expected.tobytes()
    else:
        samples, rate = soundfile.read(io.BytesIO(bytes(received)), dtype="int16")
        assert rate == RATE
        assert np.array_equal(samples, expected)


def test_each_chunk_reaches_a_stream_at_once(tone):
    stream = io.BytesIO()
    with audio_writer(stream, RATE) as audio:
        audio.write(tone)
        assert len(stream.getvalue()) == 44 + 2 * len(tone)


def test_chunks_in_a_file_get_a_header_with_their_length(tmp_path, tone):
    with audio_writer(tmp_path / "a.wav", RATE) as audio:
        for chunk in np.array_split(tone, 3):
            audio.write(chunk)
    with wave_module.open(str(tmp_path / "a.wav")) as file:
        assert file.getnframes() == len(tone)


def test_a_failure_leaves_the_old_file(tmp_path, tone):
    path = tmp_path / "a.wav"
    write_audio(path, tone, RATE)
    before = path.read_bytes()

    def fail_half_way() -> None:
        with audio_writer(path, RATE) as audio:
            audio.write(tone)
            audio.write(tone * np.nan)

    with pytest.raises(AudioError, match="NaN"):
        fail_half_way()
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.wav"]


def test_a_format_must_be_known(tmp_path, tone):
    with pytest.raises(AudioError, match=r"\.wav, \.flac or \.raw"):
        write_audio(tmp_path / "a.mp3", tone, RATE)
    with pytest.raises(AudioError, match="choose one of wav, flac, raw"):
        write_audio(tmp_path / "a.wav", tone, RATE, format="mp3")
    with pytest.raises(AudioError, match="positive"):
        write_audio(tmp_path / "a.wav", tone, 0)


def test_a_missing_folder_is_the_users_mistake(tmp_path, tone):
    with pytest.raises(TacotronError, match="choose a folder"):
        write_audio(tmp_path / "none" / "a.wav", tone, RATE)


def test_a_mel_survives_its_file(tmp_path):
    mel = np.random.default_rng(0).standard_normal((7, 80)).astype(np.float32)
    write_mel(tmp_path / "a.npy", mel)
    assert np.array_equal(read_mel(tmp_path / "a.npy"), mel)
    assert np.load(tmp_path / "a.npy").dtype == np.float32


@pytest.mark.parametrize(
    "make",
    [
        lambda path: None,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"hello"),
        lambda path: np.save(path, np.zeros(80)),
        lambda path: np.save(path, np.zeros((2, 80), np.int64)),
        lambda path: np.save(path, np.array([{}]), allow_pickle=True),
        lambda path: path.write_bytes(npy(np.zeros((9, 80)))[:200]),
    ],
    ids=["missing", "empty", "text", "one dimension", "integers", "pickle", "truncated"],
)
def test_a_file_that_is_no_mel_is_the_users_mistake(tmp_path: Path, make):
    make(tmp_path / "a.npy")
    with pytest.raises(AudioError, match="mel"):
        read_mel(tmp_path / "a.npy")


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()
