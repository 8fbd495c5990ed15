"""Captions: valid files with the very times that were spoken."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tacotron.errors import TacotronError
from tacotron.speak import SpokenWord, Voice
from tacotron.speak.captions import Caption, Captioner, caption, srt, to_json, vtt, write_captions

CAPTIONS = [
    Caption("Tea & co.", (SpokenWord("Tea", 0.05, 0.25), SpokenWord("<co>.", 0.25, 0.6666))),
    Caption("Bye!", (SpokenWord("Bye!", 3661.0005, 3661.9),)),
]


def test_srt() -> None:
    assert srt(CAPTIONS) == (
        "1\n00:00:00,050 --> 00:00:00,250\nTea\n\n"
        "2\n00:00:00,250 --> 00:00:00,667\n<co>.\n\n"
        "3\n01:01:01,000 --> 01:01:01,900\nBye!\n"
    )


def test_vtt() -> None:
    assert vtt(CAPTIONS) == (
        "WEBVTT\n\n"
        "00:00:00.050 --> 00:00:00.667\nTea <00:00:00.250>&lt;co&gt;.\n\n"
        "01:01:01.000 --> 01:01:01.900\nBye!\n"
    )


def test_vtt_lines_are_readable() -> None:
    words = tuple(SpokenWord("sixteen", i, i + 0.5) for i in range(16))
    cues = vtt([Caption("", words)]).split("\n\n")[1:]
    lines = [re.sub("<.*?>", "", cue.splitlines()[1]) for cue in cues]
    assert all(len(line) <= 42 for line in lines)
    assert " ".join(lines).split() == ["sixteen"] * 16
    assert cues[1].startswith("00:00:05.000 --> 00:00:09.500\n")


def test_json() -> None:
    data = json.loads(to_json(CAPTIONS))
    first, second = data["sentences"]
    assert first["text"] == "Tea & co."
    assert (first["start"], first["end"]) == (0.05, 0.6666)
    assert second["words"] == [{"text": "Bye!", "start": 3661.0005, "end": 3661.9}]


def test_spoken_words_get_their_punctuation(hum_voice: Path) -> None:
    first, second = Voice.load(hum_voice).synthesize("Well, well: good-bye! Three (or four?) left.")
    assert [word.text for word in caption(first).words][:2] == ["Well,", "well:"]
    assert caption(first).words[-1].text == "bye!"
    assert [word.text for word in caption(second).words] == ["Three", "or", "four?)", "left."]
    assert caption(second).words[0].start == second.start + second.words[0].start
    assert caption(second).text == second.text


def test_parts_of_sentences_become_their_captions(make_voice: Callable[..., Voice]) -> None:
    voice = make_voice()
    text = "Well, well, " * 9 + "well: good-bye! Three left."
    expected, streamed = Captioner(), Captioner()
    for chunk in voice.synthesize(text):
        expected.add(chunk)
    chunks = list(voice.stream(text))
    for chunk in chunks:
        streamed.add(chunk)
    captions = streamed.finish()
    assert len(chunks) > 3
    assert [caption.text for caption in captions] == [c.text for c in expected.finish()]
    for ours, theirs in zip(captions, expected.finish(), strict=True):
        assert [word.text for word in ours.words] == [word.text for word in theirs.words]
        times = [[(word.start, word.end) for word in c.words] for c in (ours, theirs)]
        np.testing.assert_allclose(times[0], times[1], atol=1e-6)


@pytest.mark.parametrize("suffix", [".srt", ".vtt", ".json", ".SRT"])
def test_files(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"speech{suffix}"
    write_captions(path, CAPTIONS)
    assert "Tea" in path.read_text(encoding="utf-8")


def test_other_suffixes(tmp_path: Path) -> None:
    with pytest.raises(TacotronError, match=r"\.srt, \.vtt, \.json"):
        write_captions(tmp_path / "speech.txt", CAPTIONS)
