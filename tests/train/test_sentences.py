"""Sentences of one's own are spoken at each validation, for the ear."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tacotron.data.corpus import PreparedCorpus
from tacotron.errors import TrainingError
from tacotron.train.kinds import KINDS
from tacotron.train.recipe import SENTENCES, Training, read_recipe
from tacotron.train.run import train
from tacotron.train.sentences import SentenceSpeaker, read_sentences

SMALL = {"encoder_size": 16, "prenet_size": 8, "decoder_size": 16, "postnet_size": 16}


def test_they_are_heard_in_tensorboard(corpus_folder: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    training = {
        "updates": 2,
        "frames_per_batch": 1500,
        "validate_every": 1,
        "listen_to": 1,
        "sentences": ["One two three.", "Dr. Four!"],
    }
    recipe = replace(read_recipe("tacotron", training), model=SMALL)
    train(recipe, corpus_folder, tmp_path / "run")
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"), {"audio": 0, "tensors": 0})
    events.Reload()
    for number, text in enumerate(training["sentences"], 1):
        heard = events.Audio(f"sentence/{number}")
        assert [event.step for event in heard] == [1, 2]
        assert all(event.sample_rate == 22050 and event.length_frames > 0 for event in heard)
        (*_, written) = events.Tensors(f"sentence/{number}/text_summary")
        assert written.tensor_proto.string_val == [text.encode()]


def test_the_originals_can_be_spoken(corpus_folder: Path) -> None:
    corpus = PreparedCorpus.open(corpus_folder)
    assert Training().sentences == SENTENCES
    assert len(SENTENCES) == 8
    for frontend in ("english", "keithito"):
        from tacotron.text.frontend import get_frontend

        corpus.frontend, corpus.symbols = frontend, get_frontend(frontend).symbols
        speaker = SentenceSpeaker(SENTENCES, corpus, KINDS["attentive"])
        assert all(len(ids) > 30 for ids in speaker.ids)


@pytest.mark.parametrize(
    ("sentence", "complaint"),
    [("...", "can't be spoken while training"), (3, "holds? 3, which is no text")],
)
def test_mistakes_are_named_before_training(
    corpus_folder: Path, sentence: object, complaint: str
) -> None:
    corpus = PreparedCorpus.open(corpus_folder)
    with pytest.raises(TrainingError, match=complaint):
        SentenceSpeaker([sentence], corpus, KINDS["attentive"])


def test_nothing_to_speak_is_named_for_letters_too(corpus_folder: Path) -> None:
    corpus = PreparedCorpus.open(corpus_folder)
    corpus.frontend = "keithito"
    with pytest.raises(TrainingError):
        SentenceSpeaker(["/"], corpus, KINDS["attentive"])


def test_a_file_of_them(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("\ufeffOne.\n\n  Two.  \n", encoding="utf-8")
    assert read_sentences(path) == ["One.", "Two."]
    path.write_text("\n \n")
    with pytest.raises(TrainingError, match="holds no sentence"):
        read_sentences(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(TrainingError, match="not UTF-8"):
        read_sentences(path)
    with pytest.raises(TrainingError, match="Could not read"):
        read_sentences(tmp_path / "none.txt")
