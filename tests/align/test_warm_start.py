"""Beginning from an aligner that has learned: in a voice, in a corpus, or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tacotron.align import (
    AlignerTraining,
    Alignments,
    TrainedAligner,
    align_corpus,
    read_aligner,
    starting_point,
    warm_start,
)
from tacotron.audio.convention import get_convention
from tacotron.cli.main import main
from tacotron.data.corpus import CORPUS_FILE, PreparedCorpus
from tacotron.errors import CorpusError, VoiceError
from tacotron.voice.bundle import ALIGNER

from .conftest import WRONG


@pytest.fixture(scope="module")
def trained(aligned: Path) -> TrainedAligner:
    return warm_start.corpus_aligner(aligned)


@pytest.fixture
def voice(trained: TrainedAligner, make_hum_voice: Callable[..., Path]) -> Path:
    """A voice that carries the aligner."""
    part = warm_start.pack(trained.weights, trained.symbols, half=True)
    return make_hum_voice({ALIGNER: part})


@pytest.fixture
def again(aligned: Path, tmp_path: Path) -> Path:
    """The corpus once more, not aligned."""
    return shutil.copytree(aligned, tmp_path / "again", ignore=shutil.ignore_patterns("alignment"))


def test_a_voice_gives_what_its_corpus_gave(voice: Path, trained: TrainedAligner) -> None:
    carried = read_aligner(str(voice))
    assert carried.symbols == trained.symbols
    assert carried.convention == trained.convention
    for name, value in trained.weights.items():
        torch.testing.assert_close(carried.weights[name], value, rtol=1e-3, atol=1e-4)


def test_what_was_learned_is_not_lost(again: Path, voice: Path) -> None:
    align_corpus(again, settings=AlignerTraining(updates=4), initial=read_aligner(str(voice)))
    assert set(Alignments.load(again).ranked()[:10]) == WRONG


def test_symbols_go_by_their_names(trained: TrainedAligner, corpus: PreparedCorpus) -> None:
    corpus.symbols = ("_", "ŋ", *reversed(trained.symbols[1:40]))
    aligner, notes = warm_start.begin_from(trained, corpus)
    rows = aligner.embedding.weight
    for place, symbol in enumerate(corpus.symbols):
        if symbol != "ŋ":
            known = trained.weights["embedding.weight"][trained.symbols.index(symbol)]
            torch.testing.assert_close(rows[place], known, rtol=0, atol=0)
    assert notes == [
        "New symbols, begun anew: ŋ.",
        f"Left behind, the corpus has no such symbol: {' '.join(trained.symbols[40:])}.",
    ]


def test_another_mel_is_refused(trained: TrainedAligner, corpus: PreparedCorpus) -> None:
    other = replace(trained, convention=get_convention("keithito"))
    with pytest.raises(CorpusError, match=r"another mel convention .*sample_rate: 20000 != 22050"):
        warm_start.begin_from(other, corpus)


def test_foreign_symbols_are_refused(trained: TrainedAligner, corpus: PreparedCorpus) -> None:
    corpus.symbols = ("_", "あ", "い")
    with pytest.raises(CorpusError, match="knows none of the corpus' symbols"):
        warm_start.begin_from(trained, corpus)


def test_other_shapes_are_refused(trained: TrainedAligner, corpus: PreparedCorpus) -> None:
    weights = {k: v for k, v in trained.weights.items() if k != "text_encoder.0.weight"}
    with pytest.raises(CorpusError, match="another shape than this version's"):
        warm_start.begin_from(replace(trained, weights=weights), corpus)


@pytest.mark.parametrize("part", [b"", b"no safetensors", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_torn_aligner_is_one_sentence(part: bytes, make_hum_voice: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match="The aligner of the voice hum can't be read"):
        read_aligner(str(make_hum_voice({ALIGNER: part})))


def test_a_voice_without_one_says_so(hum_voice: Path) -> None:
    with pytest.raises(VoiceError, match="carries no aligner"):
        read_aligner(str(hum_voice))


def test_a_corpus_without_one_says_so(again: Path) -> None:
    with pytest.raises(CorpusError, match="has no aligner yet"):
        read_aligner(str(again))


def test_names_are_voices_first(
    aligned: Path, voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "voices"
    folder.mkdir()
    shutil.copy(voice, folder / "mine.voice")
    monkeypatch.setenv("TACOTRON_VOICES", str(folder))
    (tmp_path / "mine").symlink_to(aligned)
    (tmp_path / "other").symlink_to(aligned)
    monkeypatch.chdir(tmp_path)
    assert read_aligner("mine").source == "the voice hum"
    assert read_aligner("./mine").source == "the corpus mine"
    assert read_aligner("other").source == "the corpus other"


@pytest.fixture
def default_voice(voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "default"
    folder.mkdir()
    shutil.copy(voice, folder / "heart.voice")
    monkeypatch.setenv("TACOTRON_VOICES", str(folder))


@pytest.mark.usefixtures("default_voice")
def test_little_speech_begins_from_the_default_voice(
    corpus: PreparedCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = starting_point(corpus)
    assert found is not None
    assert found.source == "the voice hum"
    assert starting_point(corpus, "scratch") is None
    monkeypatch.setattr(warm_start, "SMALL", 10.0)
    assert starting_point(corpus) is None


@pytest.mark.usefixtures("default_voice")
def test_what_the_default_voice_does_not_fit_begins_from_nothing(corpus: PreparedCorpus) -> None:
    corpus.frontend = "keithito"
    assert starting_point(corpus) is None
    corpus.frontend, corpus.convention = "english", get_convention("keithito")
    assert starting_point(corpus) is None


@pytest.mark.usefixtures("default_voice")
def test_the_command_says_where_it_begins(again: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["align", str(again), "--updates", "2"]) == 0
    assert "The aligner begins from the voice hum" in capsys.readouterr().err
    header = json.loads((again / CORPUS_FILE).read_text("utf-8"))
    header["symbols"] = ["_", "あ"]
    (again / CORPUS_FILE).write_text(json.dumps(header), "utf-8")
    assert main(["align", str(again), "--from", "heart"]) == 2
    assert "knows none of the corpus' symbols" in capsys.readouterr().err


def test_an_exported_voice_carries_its_corpus_aligner(aligned: Path, tmp_path: Path) -> None:
    from tacotron.train.recipe import read_recipe
    from tacotron.train.run import train
    from tacotron.voice.export import export_voice

    small = {"encoder_size": 8, "prenet_size": 8, "decoder_size": 8, "postnet_layers": 1}
    recipe = read_recipe("tacotron", {"updates": 1, "frames_per_batch": 1500, "listen_to": 0})
    train(replace(recipe, model=small), aligned, tmp_path / "run")
    export_voice(tmp_path / "run", tmp_path / "small.voice", name="small")
    carried = read_aligner(str(tmp_path / "small.voice"))
    np.testing.assert_allclose(
        carried.weights["embedding.weight"],
        warm_start.corpus_aligner(aligned).weights["embedding.weight"],
        atol=2e-3,
    )
    export_voice(tmp_path / "run", tmp_path / "light.voice", name="light", with_weights=False)
    with pytest.raises(VoiceError, match="carries no aligner"):
        read_aligner(str(tmp_path / "light.voice"))
