import json
import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tacotron.audio.convention import get_convention
from tacotron.audio.levels import active_level_dbfs, peak_dbfs
from tacotron.audio.mel import mel_spectrogram
from tacotron.data import parts
from tacotron.data.checks import flag_code
from tacotron.data.corpus import PreparedCorpus
from tacotron.data.prepare import prepare
from tacotron.data.recording import SoundSettings, Unusable, prepare_recording
from tacotron.data.split import Heldout
from tacotron.errors import CorpusError, TextError

RATE = 16000


def rewrite(folder, old, new):
    path = folder / "metadata.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def contents(out):
    """Return the files of a prepared corpus, name -> bytes, report aside."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != "report.html"
    }


def test_what_is_prepared(make_corpus, tmp_path):
    corpus = prepare(make_corpus(), tmp_path / "out")
    convention = get_convention("nvidia")
    assert len(corpus) == 8
    assert corpus.speakers == ("corpus",)
    assert corpus.convention == convention
    offset = 0
    for number, item in enumerate(corpus.utterances):
        mel, wave = corpus.mel(number), corpus.audio(number)
        assert (item.offset, item.frames, item.samples) == (offset, len(mel), len(wave))
        offset += item.frames
        # The mel belongs to the stored samples, to the last bit of half precision.
        assert np.array_equal(mel, mel_spectrogram(wave, convention).astype(np.float16))
        assert active_level_dbfs(wave, convention.sample_rate) == pytest.approx(-23, abs=0.7)
        assert peak_dbfs(wave) < 0
        # 0.5 s of pause at both ends became 60 ms, give or take a frame of the level meter.
        spoken = 1.2 + 0.1 * (number % 4)
        assert item.seconds == pytest.approx(spoken + 0.12, abs=0.1)
        assert corpus.symbols[corpus.ids(number)[0]] == item.symbols[0] == "^"
        first = item.words[0]
        assert item.symbols[first.start : first.stop]
        assert item.flags == ()
    assert corpus.header["frames"] == offset
    values = np.concatenate([corpus.mel(n) for n in range(8)]).astype(np.float64)
    assert corpus.mean == pytest.approx(values.mean())
    assert corpus.std == pytest.approx(values.std())
    assert not (tmp_path / "out" / ".parts").exists()


def test_nothing_is_dropped_silently(make_corpus, tmp_path, recording):
    folder = make_corpus(8)
    wavs = folder / "wavs"
    noise = np.random.default_rng(0).standard_normal(3 * RATE)

    def add(name, wave, text="They went to the sea.", rate=RATE, **options):
        if wave is not None:
            soundfile.write(wavs / f"{name}.wav", wave, rate, **options)
        with (folder / "metadata.csv").open("a", encoding="utf-8") as file:
            file.write(f"{name}|{text}\n")

    fine = recording(1.4)
    add("missing", None)
    add("silent", 1e-5 * noise)
    add("ruined", np.sign(noise))
    add("wordless", fine, "... !!!")
    add("textless", fine, "")
    add("hasty", recording(0.1), "Far more words than anyone could say in a tenth of a second.")
    add("columns", fine, "One|two|three|four")
    add("broken", fine)
    (wavs / "broken.wav").write_bytes(b"RIFF but no recording")
    add("nan", np.where(np.arange(RATE) == 5, np.nan, 0.1), subtype="FLOAT")
    add("odd rate", fine, rate=7)
    add("clipped", np.clip(40 * recording(1.4), -1, 1) * (np.arange(len(fine)) < RATE))
    add("noisy", fine + 0.05 * noise[: len(fine)])
    add("slow", np.concatenate([fine, fine, fine, fine]), "Go.")
    add("other rate", recording(1.4, rate=44100), rate=44100)
    add("symbols", fine, "They went to the \U00012345 sea.")
    add("click", np.where(np.arange(len(fine)) == RATE, 0.99, 0.02 * fine))
    add("u000", fine, "A text for the same recording.")
    add('../out/of "here"', None)
    add("stereo", np.stack([fine, 0 * fine], axis=1), subtype="PCM_24")
    add("long", np.concatenate([fine] * 12), " ".join(["They went to the sea."] * 12))

    corpus = prepare(folder, tmp_path / "out")
    excluded = {item["id"]: item["reason"] for item in corpus.excluded()}
    flags = {item.id: {flag_code(flag) for flag in item.flags} for item in corpus.utterances}
    assert len(excluded) + len(flags) == 28 == corpus.header["listed"]
    assert {name: reason.partition(":")[0] for name, reason in excluded.items()} == {
        "missing": "unreadable",
        "silent": "silent",
        "ruined": "clipped beyond use",
        "wordless": "unspeakable text",
        "textless": "empty text",
        "hasty": "too short for its text",
        "columns": "line 15 has 5 columns where 2 or 3 belong",
        "broken": "unreadable",
        "nan": "unreadable",
        "odd rate": "unusable sample rate",
        '../out/of "here"': "unreadable",
    }
    assert flags["clipped"] >= {"clipped"}
    assert flags["noisy"] >= {"noisy"}
    assert flags["slow"] == {"too slow"}
    assert flags["other rate"] == {"sample rate"}
    assert flags["symbols"] == {"text"}
    assert flags["click"] >= {"quiet"}
    assert flags["u000#2"] == {"duplicate id"}
    assert flags["long"] >= {"long"}
    assert flags["stereo"] == set()
    assert all(flags[f"u{number:03}"] == set() for number in range(8))
    # Only names of our own were written to.
    names = {path.name for path in (tmp_path / "out" / "audio").iterdir()}
    assert all(name[:6].isdecimal() and name[6:] == ".flac" for name in names)


def test_corrected_text_leaves_recordings_alone(make_corpus, tmp_path):
    folder, out = make_corpus(), tmp_path / "out"
    prepare(folder, out)
    before = {path: path.stat().st_mtime_ns for path in (out / "audio").iterdir()}
    mels = (out / "mels.f16").stat().st_mtime_ns
    rewrite(folder, "u001|Open the window.|Open the window.", "u001|Close the door.|x")
    corpus = prepare(folder, out, heldout=Heldout(share=0.25, least=0), speaker="Ann")
    assert corpus.utterances[1].normalized == "Close the door."
    assert corpus.speakers == ("Ann",)
    assert corpus.header["heldout"]["prompts"] == 2
    assert {path: path.stat().st_mtime_ns for path in (out / "audio").iterdir()} == before
    assert (out / "mels.f16").stat().st_mtime_ns == mels


def test_changed_settings_and_recordings_are_seen(make_corpus, tmp_path, recording):
    folder, out = make_corpus(), tmp_path / "out"
    first = prepare(folder, out)
    mean = first.mean
    quieter = prepare(folder, out, sound=SoundSettings(level_dbfs=-30.0))
    assert quieter.mean < mean - 0.3
    soundfile.write(folder / "wavs" / "u003.wav", recording(2.5), RATE)
    longer = prepare(folder, out)
    assert longer.utterances[3].seconds > 2.5
    rewrite(folder, "u007|We like the rain.|We like the rain.\n", "")
    assert len(prepare(folder, out)) == 7
    assert len(list((out / "audio").iterdir())) == 7


def test_moving_a_corpus_costs_nothing(make_corpus, tmp_path):
    folder, out = make_corpus(), tmp_path / "out"
    prepare(folder, out, speaker="Ann")
    before = (out / "recordings.json").stat().st_mtime_ns
    folder.rename(tmp_path / "elsewhere")
    corpus = prepare(tmp_path / "elsewhere", out, speaker="Ann")
    assert (out / "recordings.json").stat().st_mtime_ns == before
    assert corpus.header["source"]["list"] == str(tmp_path / "elsewhere" / "metadata.csv")


def test_other_front_end_and_convention(make_corpus, tmp_path):
    sound = SoundSettings(convention=get_convention("keithito"))
    corpus = prepare(make_corpus(), tmp_path / "out", sound=sound, frontend="keithito")
    assert corpus.frontend == "keithito"
    assert corpus.convention.sample_rate == 20000
    assert corpus.utterances[0].symbols[:3] == ("t", "h", "e")
    with pytest.raises(TextError):
        prepare(make_corpus(name="other"), tmp_path / "out2", frontend="klingon")


def test_lexicon_overrides_and_is_kept(make_corpus, tmp_path):
    lexicon = {"cat": ("D", "AO1", "G")}
    corpus = prepare(make_corpus(), tmp_path / "out", lexicon=lexicon)
    word = corpus.utterances[0].words[1]
    assert word.text == "cat"
    assert corpus.utterances[0].symbols[word.start : word.stop] == ("D", "AO1", "G")
    assert corpus.lexicon == {"cat": ["D", "AO1", "G"]}


def test_speakers_and_split(make_corpus, tmp_path):
    folder = make_corpus(16)
    lines = [
        f"wavs/u{number:03}.wav|{'Zoe' if number % 2 else 'Abe'}|{number % 5} dogs.\n"
        for number in range(16)
    ]
    (folder / "list.txt").write_text("".join(lines))
    corpus = prepare(
        folder / "list.txt", tmp_path / "out", heldout=Heldout.parse("2"), speaker="unused"
    )
    assert corpus.speakers == ("Abe", "Zoe")
    assert [item.speaker for item in corpus.utterances[:4]] == [0, 1, 0, 1]
    sides = {}
    for item in corpus.utterances:
        sides.setdefault(item.normalized, set()).add(item.split)
    assert all(len(side) == 1 for side in sides.values())
    assert sum(side == {"heldout"} for side in sides.values()) == 2
    assert sorted(corpus.indices("train") + corpus.indices("heldout")) == list(range(16))


def test_pickles_are_small_and_work(make_corpus, tmp_path):
    corpus = prepare(make_corpus(), tmp_path / "out")
    data = pickle.dumps(corpus)
    assert len(data) < 1000
    assert np.array_equal(pickle.loads(data).mel(3), corpus.mel(3))


PREPARE = """
import sys
from tacotron.data import parts, prepare
parts.PART_SIZE = 4
prepare.prepare(*sys.argv[1:], workers=2)
"""


def test_a_kill_costs_only_what_was_in_work(make_corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "PART_SIZE", 4)
    folder, out = make_corpus(40), tmp_path / "out"
    process = subprocess.Popen([sys.executable, "-c", PREPARE, folder, out])
    deadline = time.monotonic() + 60
    while not (finished := list(out.glob(".parts/*.json"))) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 0 < len(finished) < 10, "the kill came in the middle"
    with pytest.raises(CorpusError, match="isn't finished"):
        PreparedCorpus.open(out)
    kept = out / "audio" / f"{int(finished[0].stem) * 4:06}.flac"
    written = kept.stat().st_mtime_ns
    prepare(folder, out, workers=2)
    assert kept.stat().st_mtime_ns == written
    # Neither the kill nor the number of processes leaves a trace.
    prepare(folder, tmp_path / "fresh", workers=1)
    assert contents(out) == contents(tmp_path / "fresh")


def test_leftovers_of_a_kill_are_removed(make_corpus, tmp_path):
    folder, out = make_corpus(2), tmp_path / "out"
    prepare(folder, out)
    names = set(contents(out))
    (out / ".mels.f16.x1y2z3").write_bytes(b"half of it")
    prepare(folder, out)
    assert set(contents(out)) == names


@pytest.mark.parametrize("damage", ["truncate", "garble", "remove"])
def test_damaged_corpora_are_one_sentence(make_corpus, tmp_path, damage):
    out = tmp_path / "out"
    prepare(make_corpus(), out)
    path = (
        out
        / {"truncate": "mels.f16", "garble": "utterances.jsonl", "remove": "corpus.json"}[damage]
    )
    if damage == "truncate":
        path.write_bytes(path.read_bytes()[:-160])
    elif damage == "garble":
        path.write_bytes(b"{" + path.read_bytes())
    else:
        path.unlink()
    with pytest.raises(CorpusError, match="prepare") as caught:
        PreparedCorpus.open(out)
    assert "\n" not in str(caught.value)


def test_output_that_is_not_ours_is_left_alone(make_corpus, tmp_path):
    folder, out = make_corpus(), tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("irreplaceable")
    with pytest.raises(CorpusError, match="is no prepared corpus"):
        prepare(folder, out)
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]
    with pytest.raises(CorpusError, match="holds the recordings"):
        prepare(folder, folder)
    with pytest.raises(CorpusError, match="is no prepared corpus"):
        prepare(folder, out / "thesis.txt")


def test_nothing_usable_is_said_with_a_reason(make_corpus, tmp_path):
    folder = make_corpus(2)
    for path in (folder / "wavs").iterdir():
        path.write_bytes(b"no recording")
    with pytest.raises(CorpusError, match=r"None of the 2 utterances is usable .*unreadable"):
        prepare(folder, tmp_path / "out")
    lines = (tmp_path / "out" / "excluded.jsonl").read_text().splitlines()
    reasons = [json.loads(line) for line in lines]
    assert [reason["id"] for reason in reasons] == ["u000", "u001"]


@settings(max_examples=60)
@given(
    wave=hnp.arrays(
        np.float32, st.integers(1, 3000), elements=st.floats(-1, 1, width=32), fill=st.just(0.0)
    ),
    rate=st.sampled_from([4000, 8000, 11025, 22050, 22051, 48000, 192000]),
)
def test_any_recording_is_prepared_or_refused_with_a_reason(tmp_path_factory, wave, rate):
    folder = tmp_path_factory.getbasetemp()
    soundfile.write(folder / "any.wav", wave, rate, subtype="FLOAT")
    result = prepare_recording(str(folder / "any.wav"), folder / "any.flac", SoundSettings())
    if isinstance(result, Unusable):
        assert result.reason
        return
    assert np.isfinite(result.mel).all()
    assert np.isfinite(list(result.record["levels"].values())).all()
    stored, stored_rate = soundfile.read(folder / "any.flac")
    assert (len(stored), stored_rate) == (result.record["samples"], 22050)


def test_texts_that_are_not_unicode_survive(make_corpus, tmp_path):
    folder = make_corpus(1)
    line = '{"audio": "wavs/u000.wav", "text": "The cat sat \\ud800 down.", "id": "\\udfff"}\n'
    (folder / "list.jsonl").write_text(line)
    corpus = prepare(folder / "list.jsonl", tmp_path / "out")
    assert corpus.utterances[0].id == "\udfff"
