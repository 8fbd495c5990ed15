"""``tacotron mel`` as other programs call it."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from tacotron.audio import get_convention, mel_spectrogram, read_audio, resample
from tacotron.cli import mel as command
from tacotron.errors import TacotronError


def run(*arguments: object) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    command.run(parser.parse_args([str(argument) for argument in arguments]))


@pytest.fixture
def recording(tmp_path, reading):
    path = tmp_path / "in.flac"
    soundfile.write(path, np.stack([reading, reading], axis=1), 20_000)
    return path


@pytest.mark.parametrize("name", ["nvidia", "keithito", "keithito-issue98"])
def test_extract_writes_the_mel_of_the_convention(tmp_path, recording, name, capsys):
    run("extract", recording, "-o", tmp_path / "out.npy", "--convention", name)
    mel = np.load(tmp_path / "out.npy")
    c = get_convention(name)
    wave = resample(read_audio(recording).wave, 20_000, c.sample_rate)
    assert mel.dtype == np.float32
    assert np.array_equal(mel, mel_spectrogram(wave, c))
    assert f"{len(mel)} frames" in capsys.readouterr().out


def test_extract_says_what_was_clipped(tmp_path, capsys):
    time = np.arange(20_000) / 20_000
    soundfile.write(tmp_path / "in.wav", np.sin(2 * np.pi * 3000 * time), 20_000)
    run("extract", tmp_path / "in.wav", "-o", tmp_path / "a.npy", "--convention=keithito-issue98")
    assert "clipped" in capsys.readouterr().out
    run("extract", tmp_path / "in.wav", "-o", tmp_path / "a.npy")
    assert "clipped" not in capsys.readouterr().out


def test_a_convention_can_be_a_file(tmp_path, recording):
    mine = replace(get_convention("nvidia"), name="mine", n_mels=40)
    (tmp_path / "mine.json").write_text(json.dumps(mine.to_dict()))
    run("extract", recording, "-o", tmp_path / "a.npy", "--convention", tmp_path / "mine.json")
    assert np.load(tmp_path / "a.npy").shape[1] == 40


def test_invert_gives_the_recording_back(tmp_path, recording):
    run("extract", recording, "-o", tmp_path / "a.npy")
    run("invert", tmp_path / "a.npy", "-o", tmp_path / "a.wav")
    audio = read_audio(tmp_path / "a.wav")
    assert audio.sample_rate == 22_050
    mel = mel_spectrogram(audio.wave, get_convention("nvidia"))
    assert np.corrcoef(mel.ravel(), np.load(tmp_path / "a.npy").ravel())[0, 1] > 0.97


@pytest.mark.parametrize(
    "arguments",
    [
        ("extract", "none.wav", "-o", "a.npy"),
        ("extract", "in.flac", "-o", "a.npy", "--convention", "melody"),
        ("extract", "in.flac", "-o", "none/a.npy"),
        ("invert", "in.flac", "-o", "a.wav"),
        ("invert", "a.npy", "-o", "a.wav"),
    ],
    ids=" ".join,
)
def test_mistakes_are_the_users_and_leave_nothing(tmp_path, recording, arguments, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TacotronError):
        run(*arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["in.flac"]
