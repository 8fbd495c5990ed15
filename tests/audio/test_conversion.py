"""Converting mels: exact where it can be, near direct extraction where it can't, and honest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.audio import (
    CONVENTIONS,
    Affine,
    MeanVariance,
    frame_count,
    get_convention,
    mel_spectrogram,
    resample,
)
from tacotron.audio.conversion import (
    convert_mel,
    covered_bands,
    decibels,
    expected_error,
    is_exact,
    retime,
)
from tacotron.audio.mel import band_edges
from tacotron.errors import AudioError

NVIDIA = get_convention("nvidia")
UNCLIPPED = [
    NVIDIA,
    replace(NVIDIA, name="log10", log="log10"),
    replace(NVIDIA, name="db", log="db", reference_db=20.0),
    replace(NVIDIA, name="unit", log="db", reference_db=20.0, scaling=Affine(-120.0, 0.0)),
    replace(NVIDIA, name="four", scaling=Affine(-12.0, 2.0, -4.0, 4.0)),
    replace(NVIDIA, name="standard", scaling=MeanVariance(-5.5, 2.1)),
    replace(NVIDIA, name="unit peak", mel_norm="none", floor=1e-7),
]


@pytest.mark.parametrize("source", UNCLIPPED[:-1], ids=lambda c: c.name)
@pytest.mark.parametrize("target", UNCLIPPED, ids=lambda c: c.name)
def test_where_only_the_map_differs_it_is_exact(noise, source, target):
    done = convert_mel(mel_spectrogram(noise, source), source, target)
    assert done.exact
    assert done.expected_error_db == 0.0
    assert done.losses.uncovered_bands == 0
    direct = mel_spectrogram(noise, target)
    np.testing.assert_allclose(decibels(done.mel, target), decibels(direct, target), atol=2e-3)


def test_whispers_last_frame_is_left_out_and_that_is_exact(noise):
    whisper = get_convention("whisper")
    longer = replace(whisper, name="longer", drop_last_frame=False, dynamic_range=None)
    done = convert_mel(mel_spectrogram(noise, longer), longer, whisper)
    assert done.exact
    np.testing.assert_allclose(done.mel, mel_spectrogram(noise, whisper), atol=1e-5)
    assert not is_exact(whisper, longer)


# Mean errors on 1.8 s of a recording, in decibels, with room for rounding only.
NEAR = {
    ("keithito", "nvidia"): 1.4,
    ("nvidia", "espnet"): 0.7,
    ("nvidia", "vocos"): 1.1,
    ("nvidia", "hifigan"): 0.9,
    ("vocos", "nvidia"): 1.1,
    ("nvidia", "speecht5"): 1.8,
    ("nvidia", "styletts2"): 1.1,
}


@pytest.mark.parametrize(("names", "limit"), NEAR.items(), ids=["->".join(n) for n in NEAR])
def test_a_converted_mel_is_near_the_one_extracted(reading, names, limit):
    source, target = (CONVENTIONS[name] for name in names)
    waves = [resample(reading, 20_000, c.sample_rate) for c in (source, target)]
    done = convert_mel(mel_spectrogram(waves[0], source), source, target)
    direct = mel_spectrogram(waves[1], target)
    assert abs(len(done.mel) - len(direct)) <= 1
    frames = min(len(done.mel), len(direct))
    error = decibels(done.mel[:frames], target) - decibels(direct[:frames], target)
    covered = covered_bands(source, target)
    assert np.abs(error[:, covered]).mean() < limit
    assert abs(np.median(error[:, covered])) < 0.3
    # What is expected was measured on another voice.
    assert done.expected_error_db == pytest.approx(np.abs(error[:, covered]).mean(), rel=0.7)
    assert done.losses.uncovered_bands == (~covered).sum()


def test_half_a_hop_is_moved_not_relabelled(reading):
    hifigan = get_convention("hifigan")
    wave = resample(reading, 20_000, 22_050)
    centered, moved = mel_spectrogram(wave, NVIDIA), mel_spectrogram(wave, hifigan)
    done = convert_mel(centered, NVIDIA, hifigan).mel
    assert done.shape == moved.shape
    relabelled = np.abs(centered[: len(moved)] - moved).mean()
    assert np.abs(done - moved).mean() < 0.5 * relabelled


@given(
    frames=st.integers(0, 60),
    source=st.sampled_from(sorted(CONVENTIONS)),
    target=st.sampled_from(sorted(CONVENTIONS)),
)
def test_any_length_goes_from_any_convention_to_any(frames, source, target):
    a, b = CONVENTIONS[source], CONVENTIONS[target]
    found = retime(np.ones((frames, 3), np.float32), a, b)
    assert found.shape[1] == 3
    np.testing.assert_allclose(found, 1.0, rtol=1e-5)
    if frames:
        # As many as the recording would have had, give or take what the source doesn't tell.
        ends = a.framing == "hifigan" or a.drop_last_frame
        fewest = (frames if ends else frames - 1) * a.hop_length
        wanted = {
            frame_count(max(1, round(samples * b.sample_rate / a.sample_rate)), b)
            for samples in (fewest, fewest + a.hop_length - 1)
        }
        assert min(wanted) <= len(found) <= max(wanted)


def test_preemphasis_is_undone_and_applied(noise):
    emphasized = replace(NVIDIA, name="emphasized", preemphasis=0.97)
    plain = mel_spectrogram(noise, NVIDIA)
    there = convert_mel(plain, NVIDIA, emphasized).mel
    assert np.abs(there - mel_spectrogram(noise, emphasized)).mean() < 0.05
    back = convert_mel(there, emphasized, NVIDIA).mel
    assert np.abs(back - plain).mean() < 0.05


def test_bands_beyond_the_source_are_counted_and_guessed(reading):
    vocos = get_convention("vocos")
    covered = covered_bands(NVIDIA, vocos)
    edges = band_edges(vocos)
    assert covered[(edges[2:] < 7950)].all()
    assert not covered[edges[2:] > 8050].any()
    wave = resample(reading, 20_000, 22_050)
    mel = convert_mel(mel_spectrogram(wave, NVIDIA), NVIDIA, vocos).mel
    # They follow the voice, softer than what lies below.
    below, beyond = mel[:, covered][:, -8:].mean(axis=1), mel[:, ~covered].mean(axis=1)
    assert np.corrcoef(below, beyond)[0, 1] > 0.9
    assert beyond.mean() < below.mean() + 1.0


def test_what_is_lost_is_said(reading):
    wave = 4 * resample(reading, 20_000, 22_050)
    issue98 = replace(get_convention("keithito-issue98"), n_fft=1024, hop_length=256)
    issue98 = replace(issue98, sample_rate=22_050, win_length=1024, fmax=8000.0, preemphasis=0.0)
    done = convert_mel(mel_spectrogram(wave, NVIDIA), NVIDIA, issue98)
    assert done.exact
    assert done.losses.target_clipped > 0.005
    back = convert_mel(done.mel, issue98, NVIDIA)
    assert back.losses.source_clipped == done.losses.target_clipped
    high = replace(NVIDIA, name="high floor", floor=1e-2)
    raised = convert_mel(mel_spectrogram(wave, NVIDIA), NVIDIA, high).losses.target_floored
    assert raised > 0.1


def test_an_error_is_expected_of_every_pair_that_is_not_exact():
    assert expected_error(NVIDIA, replace(NVIDIA, log="log10")) == 0.0
    assert 0.3 < expected_error(NVIDIA, get_convention("hifigan")) < 1.2


@pytest.mark.parametrize(
    "mel",
    [
        np.zeros((5, 100), np.float32),
        np.zeros(80, np.float32),
        np.full((5, 80), np.nan, np.float32),
        np.full((5, 80), 60.0, np.float32),
        np.full((5, 80), 1e9, np.float32),
    ],
    ids=["bands", "one dimension", "nan", "too loud", "overflow"],
)
def test_what_is_no_mel_of_the_source_is_refused(mel):
    with pytest.raises(AudioError):
        convert_mel(mel, NVIDIA, get_convention("vocos"))


def test_no_frames_stay_none():
    for target in CONVENTIONS.values():
        done = convert_mel(np.zeros((0, 80), np.float32), NVIDIA, target)
        assert done.mel.shape == (0, target.n_mels)


def test_a_long_mel_is_converted_block_by_block(noise, monkeypatch):
    vocos = get_convention("vocos")
    mel = mel_spectrogram(noise, NVIDIA)
    whole = convert_mel(mel, NVIDIA, vocos).mel
    monkeypatch.setattr("tacotron.audio.conversion._BLOCK_FRAMES", 16)
    np.testing.assert_allclose(convert_mel(mel, NVIDIA, vocos).mel, whole, atol=1e-4)
