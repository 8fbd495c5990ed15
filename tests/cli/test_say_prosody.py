"""`tacotron say` with SSML, pauses, volume and pitch; and the same bits from any process."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tacotron.cli.main import main
from tacotron.speak import Prosody, Voice
from tacotron.text.document import read_document

GUIDE = Path(__file__).parents[2] / "docs" / "speaking.md"

Start = Callable[..., subprocess.Popen[bytes]]
VOICE = ["--voice", "hum"]


def say(*arguments: str) -> np.ndarray:
    assert main(["say", *VOICE, "-o", "out.wav", *arguments]) == 0
    return soundfile.read("out.wav", dtype="int16")[0]


def test_ssml_is_asked_for_or_seen(capsys: pytest.CaptureFixture[str]) -> None:
    plain = say("Hello there.")
    for arguments in (["<speak>Hello there.</speak>"], ["--ssml", "<speak>Hello there.</speak>"]):
        np.testing.assert_array_equal(say(*arguments), plain)
    Path("text.ssml").write_text("<?xml version='1.0'?>\n<speak>Hello there.</speak>\n")
    np.testing.assert_array_equal(say("-f", "text.ssml"), plain)
    assert capsys.readouterr() == ("", "")


def test_ssml_through_a_pipe(start: Start) -> None:
    ssml = b"\n<speak>\n<p>Hello</p>\n<emphasis>there.</emphasis></speak>\n"
    with start("say", "-", *VOICE, "--raw") as process:
        out, err = process.communicate(ssml)
    assert process.returncode == 0
    assert err.count(b"\n") == 1
    assert b"<emphasis>" in err
    expected = say("Hello\n\nthere.")
    np.testing.assert_allclose(np.frombuffer(out, "<i2"), expected, atol=4)


def test_what_is_wrong_with_ssml_is_told(complaint: Callable[..., str]) -> None:
    error = complaint("say", "<speak>Hello <b>there</speak>", *VOICE)
    assert "line 1, column 24" in error
    assert "must begin with <speak>" in complaint("say", "Hello", "--ssml", *VOICE)
    assert "break's time" in complaint("say", "Hello <break time='soon'/> there", *VOICE)


def test_prosody_options_are_those_of_the_library(hum_voice: Path) -> None:
    text = "Hello, there. General remarks.\n\nWell."
    prosody = Prosody(volume=-6.0, comma_pause=0.5, sentence_pause=0.1, paragraph_pause=0.2)
    wave = np.concatenate(
        [chunk.audio for chunk in Voice.load(hum_voice).synthesize(text, prosody=prosody)]
    )
    pauses = ["--comma-pause", "0.5", "--sentence-pause", "0.1", "--paragraph-pause", "0.2"]
    spoken = say(text, "--volume", "-6", *pauses)
    np.testing.assert_allclose(spoken / 32768, wave, atol=1 / 32768)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--pitch", "13"], "pitch of 13.0: choose from -12 to 12 semitones"),
        (["--pitch-range", "-0.1"], "pitch range of -0.1: choose from 0 to 3"),
        (["--volume", "nan"], "volume of nan: choose from -60 to 20 dB"),
        (["--comma-pause", "-1"], "comma pause of -1.0: choose from 0 to 60 seconds"),
        (["--pitch", "-4"], "can't change its pitch"),
        (["--pitch-range", "0"], "can't change its pitch"),
        (["--speed", "0.2"], "speed 0.2: choose from 0.25 to 4"),
    ],
)
def test_what_no_voice_or_this_one_cannot(
    complaint: Callable[..., str], arguments: list[str], expected: str
) -> None:
    assert expected in complaint("say", "Hello.", *VOICE, *arguments)


def test_a_seed_gives_the_same_bits_in_any_process(start: Start) -> None:
    def spoken(*options: str) -> bytes:
        text = "Hello, there. <break time='300ms'/> General remarks."
        with start("say", text, *VOICE, "-o", "-", "--format", "raw", *options) as process:
            out, err = process.communicate()
        assert (process.returncode, err) == (0, b"")
        return out

    first = spoken("--seed", "7", "--speed", "0.9")
    assert spoken("--seed", "7", "--speed", "0.9") == first
    assert spoken("--seed", "8", "--speed", "0.9") != first


def test_the_guide_is_true(capsys: pytest.CaptureFixture[str]) -> None:
    guide = GUIDE.read_text("utf-8")
    options = re.findall(r"^\| `(--[a-z-]+) (\S+)`", guide, re.MULTILINE)
    assert len(options) == 8
    assert main(["say", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option, _ in options)
    given = [word for option in options for word in option if "pitch" not in option[0]]
    say("Hello, there.", *given)
    (ssml,) = re.findall(r"```xml\n(.*?)```", guide, re.DOTALL)
    document = read_document(ssml)
    assert document.warnings == ()
    assert document.moves_pitch
