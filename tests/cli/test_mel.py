"""``tacotron mel`` as other programs call it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tacotron.audio import get_convention, mel_spectrogram, read_audio, resample
from tacotron.cli.main import main

DATA = Path(__file__).parent.parent / "data"


def run(*arguments: object) -> int:
    return main(["mel", *map(str, arguments)])


@pytest.fixture(scope="session")
def reading() -> np.ndarray:
    """1.8 s of a person reading at 20 kHz."""
    with np.load(DATA / "keithito_LJ001-0008.npz") as data:
        return data["wav"]


@pytest.fixture
def recording(folder, reading):
    path = folder / "in.flac"
    soundfile.write(path, np.stack([reading, reading], axis=1), 20_000)
    return path


@pytest.fixture
def recordings(folder, reading):
    """A folder of five, in a folder."""
    inside = folder / "corpus" / "wavs"
    inside.mkdir(parents=True)
    for number in range(5):
        wave = reading[4000 * number : 4000 * number + 12_000] * 0.8**number
        soundfile.write(inside / f"{number}.wav", wave, 20_000)
    return folder / "corpus"


@pytest.mark.parametrize("name", ["nvidia", "keithito", "keithito-issue98", "whisper"])
def test_extract_writes_the_mel_of_the_convention(recording, name, capsys):
    run("extract", recording, "-o", "out.npy", "--convention", name)
    mel = np.load("out.npy")
    c = get_convention(name)
    wave = resample(read_audio(recording).wave, 20_000, c.sample_rate)
    assert mel.dtype == np.float32
    assert np.array_equal(mel, mel_spectrogram(wave, c))
    assert f"{len(mel)} frames" in capsys.readouterr().out


def test_extract_says_what_was_clipped(capsys):
    time = np.arange(20_000) / 20_000
    soundfile.write("in.wav", np.sin(2 * np.pi * 3000 * time), 20_000)
    run("extract", "in.wav", "-o", "a.npy", "--convention=keithito-issue98")
    assert "clipped" in capsys.readouterr().out
    run("extract", "in.wav", "-o", "a.npy")
    assert "clipped" not in capsys.readouterr().out


def test_a_convention_can_be_a_file(folder, recording):
    mine = replace(get_convention("nvidia"), name="mine", n_mels=40)
    (folder / "mine.json").write_text(json.dumps(mine.to_dict()))
    run("extract", recording, "-o", "a.npy", "--convention", "mine.json")
    assert np.load("a.npy").shape[1] == 40


def test_invert_gives_the_recording_back(recording):
    run("extract", recording, "-o", "a.npy")
    run("invert", "a.npy", "-o", "a.wav")
    audio = read_audio("a.wav")
    assert audio.sample_rate == 22_050
    mel = mel_spectrogram(audio.wave, get_convention("nvidia"))
    assert np.corrcoef(mel.ravel(), np.load("a.npy").ravel())[0, 1] > 0.97


def test_inspect_shows_conventions_side_by_side(recordings, capsys):
    names = ("keithito", "nvidia")
    options = [f"--convention={name}" for name in names]
    assert run("inspect", recordings, *options, "--plot", "out.png") == 0
    out = capsys.readouterr().out
    for word in ("keithito: 5 recordings", "nvidia: 5 recordings", "the window's sum", "bound"):
        assert word in out
    assert Path("out.png").read_bytes().startswith(b"\x89PNG")
    run("inspect", recordings, *options, "--json", "--limit", "2")
    found = json.loads(capsys.readouterr().out)
    assert [item["convention"]["name"] for item in found] == list(names)
    assert [item["recordings"] for item in found] == [2, 2]
    assert found[0]["quantities"][0]["maximum"] < found[0]["quantities"][0]["bound"]["value"]


def test_inspect_tells_what_a_mel_is_in(recording, capsys):
    run("extract", recording, "-o", "a.npy", "--convention", "vocos")
    capsys.readouterr()
    run("inspect", "a.npy")
    assert "most likely in vocos" in capsys.readouterr().out
    run("inspect", "a.npy", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["candidates"][0]["name"] == "vocos"
    ruled_out = [item for item in found["candidates"] if not item["consistent"]]
    assert all(item["reason"] and item["distance"] is None for item in ruled_out)


def test_inspect_tells_of_a_voice(hum_voice, capsys):
    assert run("inspect", hum_voice) == 0
    assert "hum speaks nvidia: values up to 3.04" in capsys.readouterr().out
    run("inspect", "hum", "--json")
    assert json.loads(capsys.readouterr().out)["voice"] == "hum"


@pytest.mark.parametrize(
    ("name", "mel", "says"),
    [
        ("nvidia", {}, "It fits"),
        ("nvidia", {"floored": 0.1}, "tacotron mel calibrate"),
        ("keithito", {"max": 1.0}, "raise the reference level"),
    ],
)
def test_a_voices_figures_have_a_verdict(make_hum_voice, capsys, name, mel, says):
    figures = {"min": 0.0, "max": 0.9, "floor": 0.0, "floored": 0.001, "percentiles": {"50": 0.4}}
    path = make_hum_voice(convention=get_convention(name), statistics={"mel": figures | mel})
    run("inspect", path)
    assert says in capsys.readouterr().out


def test_calibrate_is_the_same_however_many_workers(recordings, reading, capsys):
    for number in range(5, 34):  # more than two chunks of work
        wave = reading[900 * number : 900 * number + 4000]
        soundfile.write(recordings / "wavs" / f"{number:02}.wav", wave, 20_000)
    for workers in (1, 2):
        output = f"{workers}.json"
        run("calibrate", recordings, "--per-band", "--workers", workers, "-o", output)
    one, two = (json.loads(Path(f"{n}.json").read_text()) for n in (1, 2))
    assert one["scaling"] == two["scaling"]
    assert len(one["scaling"]["mean"]) == 80
    assert "34 recordings" in capsys.readouterr().out


def test_what_calibrate_writes_other_commands_take(recordings, recording, capsys):
    run("calibrate", recordings, "--convention", "keithito", "-o", "mine.json", "--outside", "0.01")
    out = capsys.readouterr().out
    assert "reference_db: 20.0 ->" in out
    assert "with --level -23" in out  # prepare would move what was fitted
    assert get_convention("mine.json").name == "mine"
    run("inspect", recordings, "--convention", "mine.json", "--json")
    (found,) = json.loads(capsys.readouterr().out)
    assert found["clipped_share"] <= 0.005
    assert found["floored_share"] <= 0.006
    assert run("extract", recording, "-o", "a.npy", "--convention", "mine.json") == 0
    texts = "".join(f"{n}|The kettle is on, and the door is open.\n" for n in range(5))
    (recordings / "metadata.csv").write_text(texts)
    assert main(["prepare", str(recordings), "prepared", "--convention", "mine.json"]) == 0
    held = json.loads(Path("prepared/corpus.json").read_text())["convention"]
    assert held == json.loads(Path("mine.json").read_text())
    # And the prepared corpus says itself what it is in.
    assert run("check", "prepared", "mine.json") == 0
    capsys.readouterr()
    for arguments in (["prepared"], [recordings, "--level", "-23"]):
        assert run("calibrate", *arguments, "--convention", "keithito", "-o", "b.json") == 0
        assert "with --level" not in capsys.readouterr().out


def test_convert_writes_the_others_mel_and_says_what_it_cost(recording, capsys):
    run("extract", recording, "-o", "a.npy", "--convention", "hifigan")
    capsys.readouterr()
    run("convert", "a.npy", "-o", "b.npy", "--from", "hifigan", "--to", "vocos")
    out = capsys.readouterr().out
    assert "dB of error" in out
    assert "are guessed" in out
    assert np.load("b.npy").shape[1] == 100
    run("convert", "a.npy", "-o", "c.npy", "--from", "hifigan", "--to", "matcha", "--json")
    facts = json.loads(capsys.readouterr().out)
    assert facts["exact"]
    assert facts["expected_error_db"] == 0
    expected = (np.load("a.npy") + 5.536622) / 2.116101
    np.testing.assert_allclose(np.load("c.npy"), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("first", "second", "status", "kind"),
    [
        ("nvidia", "waveglow", 0, "equal"),
        ("hifigan", "matcha", 0, "exact"),
        ("nvidia", "vocos", 1, "lossy"),
        ("rayhane-mamah", "nvidia", 1, "incompatible"),
        ("hum", "nvidia", 0, "equal"),
    ],
)
def test_check_tells_what_stands_between(first, second, status, kind, capsys):
    assert run("check", first, second, "--json") == status
    assert json.loads(capsys.readouterr().out)["kind"] == kind
    assert run("check", first, second) == status
    out = capsys.readouterr().out
    assert f"{first} -> {second}" in out
    if kind == "lossy":
        assert "sample_rate: 22050 != 24000" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("extract none.wav -o a.npy", "does not exist"),
        ("extract in.flac -o a.npy --convention melody", "no mel convention"),
        ("extract in.flac -o none/a.npy", "could not write"),
        ("invert in.flac -o a.wav", "whole .npy"),
        ("invert a.npy -o a.wav", "no such file"),
        ("inspect none.wav", "does not exist"),
        ("inspect .", "in.flac is no"),
        ("inspect in.flac --convention melody", "no mel convention"),
        ("inspect in.flac --plot a.txt", "end its name"),
        ("inspect in.flac --limit 0", "--limit 1 or more"),
        ("inspect in.flac a.npy", "not both"),
        ("inspect a.npy", "no such file"),
        ("inspect hum --plot a.png", "name recordings"),
        ("calibrate empty -o a.json", "holds no recordings"),
        ("calibrate in.flac -o a.txt", "must end with .json"),
        ("calibrate in.flac -o a.json --outside 0.7", "between 0 and 0.5"),
        ("calibrate in.flac -o a.json --workers 0", "1 or more"),
        ("calibrate in.flac -o a.json --per-band --fit range", "leave --per-band"),
        ("convert in.flac -o b.npy --from nvidia --to vocos", "whole .npy"),
        ("convert in.flac -o b.npy --from empty --to vocos", "doesn't say which convention"),
        ("check nvidia nvida", "did you mean nvidia"),
        ("check nvidia none.voice", "none.voice"),
    ],
)
def test_mistakes_are_the_users_and_leave_nothing(folder, recording, complaint, arguments, says):
    (folder / "empty").mkdir()
    if arguments == "inspect .":
        (folder / "in.flac").write_bytes(b"RIFF")
        says = "could not read"
    assert says.lower() in complaint("mel", *arguments.split()).lower()
