"""A moved pitch is the one that was asked for, at the loudness that each frequency had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tacotron.audio.convention import get_convention
from tacotron.audio.pitch import track_pitch
from tacotron.speak import Prosody, Voice
from tacotron.speak.pitch import Pitch, PitchMover, mean_octave, move_pitch
from tacotron.speak.source_filter import Filters, SourceFilter, concatenate
from tacotron.voice import SourceFilterSettings

NVIDIA = get_convention("nvidia")
RATE, N_FFT, HOP = NVIDIA.sample_rate, NVIDIA.n_fft, NVIDIA.hop_length
SETTINGS = SourceFilterSettings(NVIDIA, N_FFT, HOP, context=2)
HERTZ = np.arange(NVIDIA.n_bins) * RATE / N_FFT
FRAMES = 120


def formants(hertz: np.ndarray) -> np.ndarray:
    """ln magnitude of a smooth spectrum with two resonances."""
    peaks = [(600.0, 250.0), (1700.0, 400.0)]
    return np.log(0.01 + sum(np.exp(-(((hertz - at) / wide) ** 2)) for at, wide in peaks))


def harmonic_filters(f0: np.ndarray) -> Filters:
    """Filters as the network gives them: `formants` at the harmonics, deep gaps between."""
    number = HERTZ / f0[:, None]
    distance = np.abs(number - np.maximum(1, np.rint(number))) * f0[:, None]  # Hz
    log_magnitude = np.where(distance <= 2 * RATE / N_FFT, formants(HERTZ), -14.0)
    log_magnitude = np.where(HERTZ < 2000, log_magnitude, formants(HERTZ))
    zeros = np.zeros_like(log_magnitude, np.float32)
    return Filters(
        f0.astype(np.float32),
        log_magnitude.astype(np.float32),
        zeros,
        zeros - np.float32(14),
        zeros[:, 0],
    )


def speak(filters: Filters) -> np.ndarray:
    synthesis = SourceFilter(
        sample_rate=RATE, n_fft=N_FFT, hop_length=HOP, noise=lambda n: np.zeros(n, np.float32)
    )
    return np.concatenate([synthesis.push(filters), synthesis.finish()])


def move(filters: Filters, semitones: float, span: float = 1.0) -> Filters:
    pitch = Pitch(np.full(len(filters), semitones), span)
    return move_pitch(filters, pitch, sample_rate=RATE, n_fft=N_FFT)


@pytest.fixture
def melody() -> Filters:
    return harmonic_filters(190 + 25 * np.sin(np.arange(FRAMES) / 12))


@pytest.mark.parametrize("semitones", [-12.0, -4.0, 4.0, 12.0])
def test_the_wave_has_the_pitch(melody: Filters, semitones: float) -> None:
    wished = melody.f0 * 2 ** (semitones / 12)
    heard = track_pitch(speak(move(melody, semitones)), RATE, HOP)
    inside = slice(4, FRAMES - 4)
    np.testing.assert_allclose(heard.f0[inside], wished[inside], rtol=0.03)


def test_monotone_is_on_the_mean(melody: Filters) -> None:
    flat = move(melody, 0.0, 0.0)
    np.testing.assert_allclose(flat.f0, 2 ** mean_octave(melody), rtol=1e-6)
    assert melody.f0.min() < flat.f0[0] < melody.f0.max()


def test_the_range_grows_around_the_mean(melody: Filters) -> None:
    own, wide = np.log2(melody.f0), np.log2(move(melody, 0.0, 2.0).f0)
    mean = mean_octave(melody)
    np.testing.assert_allclose(wide - mean, 2 * (own - mean), atol=1e-5)


def test_silence_does_not_count_for_the_mean(melody: Filters) -> None:
    quiet = melody.pulse_log_magnitude.copy()
    quiet[: FRAMES // 2] -= 12.0
    half = replace(melody, pulse_log_magnitude=quiet)
    later = np.log2(melody.f0[FRAMES // 2 :]).mean()
    assert mean_octave(half) == pytest.approx(later, abs=0.01)


@pytest.mark.parametrize("semitones", [-5.0, 3.0, 7.0])
def test_harmonics_are_as_loud_as_the_voice_is_there(semitones: float) -> None:
    """Left as it is, the filter would silence what falls between its harmonics."""
    filters = harmonic_filters(np.full(FRAMES, 210.0))
    moved = move(filters, semitones)
    place = np.arange(1, int(3000 / moved.f0[0])) * moved.f0[0]
    place = place[place >= 210.0]  # below its lowest harmonic nothing is known of a voice
    found = np.interp(place, HERTZ, moved.pulse_log_magnitude[FRAMES // 2])
    own = np.interp(place, HERTZ, filters.pulse_log_magnitude[FRAMES // 2])
    # A straight line between harmonics 210 Hz apart is not quite a curve.
    np.testing.assert_allclose(found, formants(place), atol=0.5)
    assert np.abs(own - formants(place)).max() > 5


def test_phase_is_that_of_the_harmonics() -> None:
    """A delay turns all phases evenly: between harmonics too, however the filter winds there."""
    f0 = np.full(8, 200.0)
    filters = harmonic_filters(f0)
    delay = 0.4e-3
    turned = np.angle(np.exp(-2j * np.pi * HERTZ * delay)).astype(np.float32)
    at_harmonics = np.abs(HERTZ / 200 - np.rint(HERTZ / 200)) * 200 <= 2 * RATE / N_FFT
    wild = np.where(at_harmonics, turned, 1.0).astype(np.float32)
    phase = np.tile(wild, (len(f0), 1))
    moved = move(replace(filters, pulse_phase=phase), 3.0)
    between = (HERTZ > 250) & (HERTZ < 1900)
    error = np.angle(np.exp(1j * (moved.pulse_phase[4] + 2 * np.pi * HERTZ * delay)))
    assert np.abs(error[between]).max() < 0.15


@pytest.mark.parametrize("span", [1.0, 0.5])
@pytest.mark.parametrize("block", [1, 7, FRAMES])
def test_blocks_give_what_the_whole_gives(melody: Filters, span: float, block: int) -> None:
    pitch = Pitch(np.linspace(-3, 3, FRAMES), span)
    whole = move_pitch(melody, pitch, sample_rate=RATE, n_fft=N_FFT)
    mover = PitchMover(pitch, SETTINGS)
    parts = []
    for start in range(0, FRAMES, block):
        part = melody.cut(slice(start, start + block))
        moved = mover.push(part, last=start + block >= FRAMES)
        parts += [moved] if moved else []
    moved = concatenate(parts)
    np.testing.assert_allclose(moved.f0, whole.f0, rtol=1e-6)
    np.testing.assert_allclose(moved.pulse_log_magnitude, whole.pulse_log_magnitude, atol=1e-5)
    turn = np.exp(1j * moved.pulse_phase) - np.exp(1j * whole.pulse_phase)
    assert np.abs(turn).max() < 1e-4


def test_a_neutral_prosody_changes_no_bit(make_voice: Callable[..., Voice]) -> None:
    voice = make_voice()
    plain = [chunk.audio.tobytes() for chunk in voice.synthesize("Bee, see. Bee.")]
    neutral = voice.synthesize("Bee, see. Bee.", prosody=Prosody(pitch=0.0, volume=0.0))
    assert [chunk.audio.tobytes() for chunk in neutral] == plain


@pytest.mark.parametrize(
    "prosody",
    [
        Prosody(pitch=4.0, volume=-6.0),
        Prosody(pitch_range=0.5),
        Prosody(comma_pause=1.0, volume=3.0),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "Bee, see. Bee.",
        "<speak><break time='1s'/>Bee <prosody pitch='+3st' volume='-6dB' rate='50%'>see, you"
        "</prosody> <break time='700ms'/> bee.<break time='1s'/></speak>",
    ],
)
def test_streams_are_the_same(
    make_voice: Callable[..., Voice], prosody: Prosody, text: str
) -> None:
    voice = make_voice()
    whole, streamed = (
        np.concatenate([chunk.audio for chunk in speak(text, prosody=prosody, seed=2)])
        for speak in (voice.synthesize, voice.stream)
    )
    np.testing.assert_allclose(streamed, whole, rtol=0, atol=1e-4)


def test_the_voice_is_heard_higher(make_voice: Callable[..., Voice]) -> None:
    """The vocoder's F0 lies from 100 to 200 Hz, and all of it moves."""
    voice = make_voice()
    own, high = (
        np.concatenate([chunk.audio for chunk in voice.synthesize("Bee, see.", prosody=prosody)])
        for prosody in (Prosody(), Prosody(pitch=7.0))
    )
    assert len(own) == len(high)
    assert np.abs(own - high).max() > 0.01


def test_markup_of_pitch_is_told_where_there_is_none(make_voice: Callable[..., Voice]) -> None:
    voice = make_voice(vocoder=None)
    (plain,) = voice.synthesize("Bee.")
    (marked,) = voice.synthesize("<speak><prosody pitch='+2st'>Bee.</prosody></speak>")
    assert marked.audio.tobytes() == plain.audio.tobytes()
    (warning,) = marked.warnings
    assert "can't change its pitch" in warning
