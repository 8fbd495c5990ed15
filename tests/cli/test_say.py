"""`tacotron say`: text from anywhere, audio to anywhere, and what else can be written with it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tacotron.cli.main import main
from tacotron.speak import Chunk, Voice
from tacotron.text import ENGLISH_SYMBOLS

Start = Callable[..., subprocess.Popen[bytes]]
TEXT = "Hello there. General remarks."
VOICE = ["--voice", "hum"]


@pytest.fixture(scope="module")
def chunks(hum_voice: Path) -> list[Chunk]:
    """What TEXT should sound like."""
    return list(Voice.load(hum_voice).synthesize(TEXT))


def samples(chunks: list[Chunk]) -> np.ndarray:
    scaled = np.rint(np.concatenate([chunk.audio for chunk in chunks]) * 32768)
    return np.clip(scaled, -32768, 32767).astype(np.int16)


def read(source: str | bytes) -> np.ndarray:
    data = io.BytesIO(source) if isinstance(source, bytes) else source
    wave, rate = soundfile.read(data, dtype="int16")
    assert rate == 22050
    return wave


def test_to_a_file(chunks: list[Chunk], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["say", TEXT, *VOICE, "-o", "out.wav"]) == 0
    np.testing.assert_array_equal(read("out.wav"), samples(chunks))
    assert capsys.readouterr() == ("", "")


def test_unquoted_words(chunks: list[Chunk]) -> None:
    assert main(["say", *VOICE, "-o", "out.wav", *TEXT.split()]) == 0
    np.testing.assert_array_equal(read("out.wav"), samples(chunks))


def test_without_a_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["say", "Hello.", *VOICE]) == 0
    assert main(["say", "Hello.", *VOICE, "--format", "flac"]) == 0
    assert capsys.readouterr().out == "speech.wav\nspeech-2.wav\nspeech.flac\n"
    assert sorted(path.name for path in folder.iterdir()) == [
        "speech-2.wav",
        "speech.flac",
        "speech.wav",
    ]


@pytest.mark.parametrize(
    ("name", "options", "format"),
    [
        ("out.wav", [], "WAV"),
        ("out.flac", [], "FLAC"),
        ("out.FLAC", [], "FLAC"),
        ("out.audio", ["--format", "flac"], "FLAC"),
        ("out.flac", ["--format", "wav"], "WAV"),
    ],
)
def test_formats(name: str, options: list[str], format: str, chunks: list[Chunk]) -> None:
    assert main(["say", TEXT, *VOICE, "-o", name, *options]) == 0
    assert soundfile.info(name).format == format
    np.testing.assert_array_equal(read(name), samples(chunks))


@pytest.mark.parametrize(("name", "options"), [("out.raw", []), ("out.x", ["--format", "raw"])])
def test_raw(name: str, options: list[str], chunks: list[Chunk]) -> None:
    assert main(["say", TEXT, *VOICE, "-o", name, *options]) == 0
    np.testing.assert_array_equal(np.fromfile(name, "<i2"), samples(chunks))


@pytest.mark.parametrize("format", ["wav", "flac", "raw"])
def test_from_a_pipe_to_a_pipe(start: Start, chunks: list[Chunk], format: str) -> None:
    with start("say", "-", *VOICE, "-o", "-", "--format", format) as process:
        out, err = process.communicate(b"\xef\xbb\xbf" + TEXT.encode())
    assert process.returncode == 0
    assert err == b""
    wave = np.frombuffer(out, "<i2") if format == "raw" else read(out)
    np.testing.assert_array_equal(wave, samples(chunks))


def test_pipes_get_sentences_as_they_are_spoken(
    start: Start, make_hum_voice: Callable[..., Path]
) -> None:
    """What was spoken has arrived before a sentence with a symbol that the voice lacks."""
    few = tuple(symbol for symbol in ENGLISH_SYMBOLS if symbol != "ZH")
    voice = make_hum_voice(symbols=few)
    arguments = ["say", "Hello. Hello. Measure.", "--voice", str(voice)]
    with start(*arguments, "-o", "-", "--format", "raw") as process:
        out, err = process.communicate()
    assert process.returncode == 2
    assert b"'ZH'" in err
    assert len(out) > 10_000
    with start(*arguments, "-o", "out.wav") as process:
        assert process.wait() == 2
    assert not Path("out.wav").exists()


def test_raw_is_short_for_samples_on_standard_output(start: Start, chunks: list[Chunk]) -> None:
    with start("say", TEXT, *VOICE, "--raw") as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    np.testing.assert_array_equal(np.frombuffer(out, "<i2"), samples(chunks))


def test_a_pipe_is_spoken_while_it_is_written(start: Start) -> None:
    with start("say", "-", *VOICE, "--raw") as process:
        process.stdin.write(b"Hello there.\n")
        process.stdin.flush()
        first = process.stdout.read(2000)  # comes before there is more to read
        process.stdin.write(b"General\nremarks.\n")
        rest, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert len(first) == 2000
    assert len(rest) > 20_000


def test_a_reader_that_leaves_ends_the_work(start: Start) -> None:
    with start("say", "-", *VOICE, "--raw") as process:
        process.stdin.write(b"Hello there.\n" * 500)
        process.stdin.close()
        process.stdin = None
        process.stdout.read(2000)
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=60)
    assert process.returncode == 141
    assert err == b""


def test_named_pipes_are_written_to(folder: Path, chunks: list[Chunk]) -> None:
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(fifo.read_bytes()))
    reader.start()
    assert main(["say", TEXT, *VOICE, "-o", str(fifo)]) == 0
    reader.join()
    np.testing.assert_array_equal(read(received[0]), samples(chunks))
    assert fifo.is_fifo()


def test_devices_stay_devices() -> None:
    assert main(["say", TEXT, *VOICE, "-o", os.devnull]) == 0
    assert Path(os.devnull).is_char_device()


def test_text_from_a_file(folder: Path, chunks: list[Chunk]) -> None:
    (folder / "text.txt").write_text(TEXT + "\n")
    assert main(["say", "-f", "text.txt", *VOICE, "-o", "out.wav"]) == 0
    np.testing.assert_array_equal(read("out.wav"), samples(chunks))


def test_speaker_speed_and_seed(hum_voice: Path) -> None:
    options = ["--speaker", "tenor", "--speed", "1.5", "--seed", "7"]
    assert main(["say", TEXT, "--voice", str(hum_voice), "-o", "out.wav", *options]) == 0
    expected = Voice.load(hum_voice).synthesize(TEXT, speaker="tenor", speed=1.5, seed=7)
    np.testing.assert_array_equal(read("out.wav"), samples(list(expected)))


def test_lexicon(folder: Path) -> None:
    (folder / "mine.txt").write_text("BEE  S IY1\n")
    assert main(["say", "Bee.", *VOICE, "-o", "bee.wav", "--lexicon", "mine.txt"]) == 0
    assert main(["say", "See.", *VOICE, "-o", "see.wav"]) == 0
    assert Path("bee.wav").read_bytes() == Path("see.wav").read_bytes()


def test_mel_timings_and_plot(chunks: list[Chunk]) -> None:
    more = ["--save-mel", "out.npy", "--timings", "out.json", "--plot", "out.png"]
    assert main(["say", TEXT, *VOICE, "-o", "out.wav", *more]) == 0
    mel = np.load("out.npy", allow_pickle=False)
    assert mel.dtype == np.float32
    np.testing.assert_array_equal(mel, np.concatenate([chunk.mel for chunk in chunks]))
    assert len(mel) * 256 == len(read("out.wav"))
    sentences = json.loads(Path("out.json").read_text())["sentences"]
    assert [sentence["text"] for sentence in sentences] == ["Hello there.", "General remarks."]
    start = chunks[1].start + chunks[1].words[0].start
    assert sentences[1]["words"][0]["start"] == pytest.approx(start, abs=1e-4)
    assert Path("out.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("suffix", ["srt", "vtt"])
def test_captions(suffix: str) -> None:
    assert main(["say", TEXT, *VOICE, "-o", "out.wav", "--timings", f"out.{suffix}"]) == 0
    assert "remarks." in Path(f"out.{suffix}").read_text()


def test_warnings_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["say", "Hello. \ue000 Bye. \ue000", *VOICE, "-o", "out.wav"]) == 0
    err = capsys.readouterr().err
    assert err.startswith("tacotron: ")
    assert err.count("\n") == 1  # once, though it is said of either sentence


def test_memory_does_not_grow_with_the_text() -> None:
    def peak(sentences: int) -> int:
        tracemalloc.start()
        assert main(["say", "Hello. " * sentences, *VOICE, "-o", "out.wav"]) == 0
        traced = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return traced

    peak(2)  # what is loaded once
    short, long = peak(4), peak(40)
    audio = 4 * soundfile.info("out.wav").frames
    assert long < short + audio / 5


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["..."], "nothing to speak"),
        ([""], "nothing to speak"),
        ([], "no text"),
        (["hi", "--voice", "hun"], "did you mean 'hum'"),
        (["hi", "--voice", "none.voice"], "no voice file none.voice"),
        (["hi", "--voice", "torn.voice"], "torn.voice is no voice"),
        (["hi", "--speaker", "bass"], "alto, tenor"),
        (["hi", "--speed", "0.1"], "0.25 to 4"),
        (["hi", "--speed", "nan"], "0.25 to 4"),
        (["hi", "--seed", "-1"], "0 or more"),
        (["hi", "--raw", "--format", "wav"], "leave -o and --format"),
        (["hi", "--lexicon", "none.txt"], "none.txt"),
        (["hi", "--timings", "out.txt"], ".srt, .vtt, .json"),
        (["hi", "--plot", "out.bmp"], ".png"),
        (["hi", "-o", "out.mp3"], "out.mp3"),
        (["hi", "-o", "none/out.wav"], "none/out.wav"),
        (["hi", "-o", "."], "."),
        (["hi", "-o", "latin.txt/out.wav"], "not a directory"),
        (["hi", "--save-mel", "none/out.npy"], "none/out.npy"),
        (["hi", "--timings", "none/out.srt"], "none/out.srt"),
        (["hi", "--plot", "none/out.png"], "none/out.png"),
        (["hi", "-f", "latin.txt"], "--file"),
        (["-f", "latin.txt"], "not UTF-8"),
        (["-f", "none.txt"], "none.txt"),
        (["-f", "."], "directory"),
    ],
)
def test_mistakes(
    folder: Path, complaint: Callable[..., str], arguments: list[str], expected: str
) -> None:
    (folder / "latin.txt").write_bytes("café".encode("latin-1"))
    (folder / "torn.voice").write_bytes(b"PK")
    output = [] if "-o" in arguments else ["-o", "out.wav"]
    assert expected in complaint("say", *VOICE, *output, *arguments)
    assert not (folder / "out.wav").exists()
