"""Formats: every sample arrives, in pieces, and a decoder that isn't ours reads them."""

from __future__ import annotations

import io
import wave as wave_module

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tacotron.audio.resample import resample
from tacotron.serve.encode import FORMATS, encode
from tacotron.serve.rate import StreamResampler

RATE = 22_050


def tone(seconds: float, rate: int = RATE, hertz: float = 440.0) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def pieces(wave: np.ndarray, count: int = 5) -> list[np.ndarray]:
    return np.array_split(wave, count)


def decode(data: bytes, name: str) -> tuple[np.ndarray, int]:
    if name == "pcm":
        return np.frombuffer(data, "<i2").astype(np.float32) / 2**15, 24_000
    return soundfile.read(io.BytesIO(data), dtype="float32")


def level_at(wave: np.ndarray, rate: int, hertz: float) -> float:
    """Amplitude of one frequency in ``wave``."""
    turning = np.exp(-2j * np.pi * hertz * np.arange(len(wave)) / rate)
    return 2 * abs(np.mean(wave * turning))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("rate", [16_000, 20_000, 22_050, 48_000])
def test_every_format_at_every_rate(name: str, rate: int) -> None:
    wave = tone(3.0, rate)
    data = b"".join(encode(pieces(wave), rate, name))
    decoded, decoded_rate = decode(data, name)
    # Codecs pad to whole frames.
    assert len(decoded) / decoded_rate == pytest.approx(3.0, abs=0.15)
    middle = decoded[decoded_rate // 2 : 5 * decoded_rate // 2]
    assert level_at(middle, decoded_rate, 440.0) == pytest.approx(0.3, rel=0.08)
    assert level_at(middle, decoded_rate, 660.0) < 0.01


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"flac"}))
def test_bytes_come_while_it_is_spoken(name: str) -> None:
    """Each second of speech gives bytes before the next is asked for."""
    asked = 0

    def speak() -> object:
        nonlocal asked
        for piece in pieces(tone(8.0), 4):
            asked += 1
            yield piece

    work = encode(speak(), RATE, name)
    sizes = []
    for count in (1, 2, 3, 4):
        sizes.append(len(next(work)))
        assert asked == count
    assert all(sizes)


@pytest.mark.parametrize("name", ["wav", "flac"])
def test_lossless_formats_lose_nothing(name: str) -> None:
    samples = np.random.default_rng(5).integers(-(2**15), 2**15, 50_000).astype("<i2")
    wave = samples.astype(np.float32) / 2**15
    decoded, rate = soundfile.read(
        io.BytesIO(b"".join(encode(pieces(wave), RATE, name))), dtype="int16"
    )
    assert rate == RATE
    np.testing.assert_array_equal(decoded, samples)


@pytest.mark.parametrize("name", ["wav", "flac"])
def test_a_short_text_has_its_length_in_the_header(name: str) -> None:
    wave = tone(1.0)
    data = b"".join(encode(pieces(wave), RATE, name, hold_seconds=2.0))
    assert soundfile.info(io.BytesIO(data)).frames == len(wave)


def test_a_wav_is_as_long_as_it_says() -> None:
    data = b"".join(encode(pieces(tone(1.0)), RATE, "wav", hold_seconds=2.0))
    with wave_module.open(io.BytesIO(data)) as file:
        assert len(data) == 44 + 2 * file.getnframes()


@pytest.mark.parametrize("name", ["wav", "flac"])
def test_a_long_text_is_not_held_back(name: str) -> None:
    work = encode(pieces(tone(4.0), 8), RATE, name, hold_seconds=1.0)
    sizes = [len(data) for data in work]
    assert sizes[:2] == [0, 0]  # until a second is there
    assert all(sizes[2:8])


def test_a_flac_of_unknown_length_is_whole() -> None:
    wave = tone(4.0)
    data = bytearray(b"".join(encode(pieces(wave, 8), RATE, "flac", hold_seconds=1.0)))
    # STREAMINFO (RFC 9639, 8.2): the number of samples ends its first 18 bytes, and 0 is unknown.
    length = slice(4 + 4 + 14, 4 + 4 + 18)
    assert data[length] == bytes(4)
    data[length] = len(wave).to_bytes(4, "big")  # libsndfile reads nothing without it
    decoded, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    np.testing.assert_allclose(decoded, wave * 2**15, atol=1)


@settings(max_examples=20)
@given(
    cuts=st.lists(st.integers(1, 4000), min_size=1, max_size=8),
    rates=st.sampled_from([(22_050, 24_000), (44_100, 24_000), (16_000, 24_000), (20_000, 24_000)]),
)
def test_resampling_in_blocks_is_resampling_the_whole(
    cuts: list[int], rates: tuple[int, int]
) -> None:
    wave = np.random.default_rng(sum(cuts)).normal(0, 0.1, sum(cuts)).astype(np.float32)
    resampler = StreamResampler(*rates)
    parts = [resampler.feed(part) for part in np.split(wave, np.cumsum(cuts)[:-1])]
    streamed = np.concatenate([*parts, resampler.finish()])
    whole = resample(wave, *rates)
    assert len(streamed) == len(whole)
    np.testing.assert_allclose(streamed, whole, atol=2e-3)
