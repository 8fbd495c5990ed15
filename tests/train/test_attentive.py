"""The Tacotron of 2017 as a user trains it: resumed alike, exported, spoken, and gone on from."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load

from tacotron.data.corpus import PreparedCorpus
from tacotron.speak import Voice
from tacotron.speak.attentive import AttentiveEngine
from tacotron.train.checkpoints import read_checkpoint
from tacotron.train.kinds import KINDS
from tacotron.train.recipe import Recipe, read_recipe
from tacotron.train.run import read_run, train
from tacotron.train.warm_start import take_over
from tacotron.voice.bundle import WEIGHTS, Bundle
from tacotron.voice.export import export_voice, load_model

SMALL = {
    "embedding_size": 16,
    "prenet_sizes": (16, 16),
    "cbhg_size": 16,
    "encoder_bank": 4,
    "postnet_bank": 3,
    "postnet_projection": 16,
    "attention_size": 16,
    "decoder_size": 24,
    "position_size": 8,
    "bound_base": 20,
    "bound_per_symbol": 3,
}
TRAINING = {
    "updates": 6,
    "led_updates": 5,
    "frames_per_batch": 1500,
    "validate_every": 3,
    "checkpoint_every": 2,
    "listen_to": 2,
    "sentences": ["one two"],
}


def recipe(**changes: object) -> Recipe:
    return replace(read_recipe("tacotron2017", TRAINING | changes), model=SMALL)


def checkpoint(run: Path, update: int) -> Path:
    return run / "checkpoints" / f"update-{update:08d}.ckpt"


@pytest.fixture(scope="module")
def whole(corpus_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted run of six updates."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    train(recipe(), corpus_folder, run)
    return run


@pytest.fixture(scope="module")
def voice(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("voices") / "small.voice"
    export_voice(whole, path, name="small")
    return path


def test_a_resumed_run_ends_as_the_whole_one(
    whole: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    run = tmp_path / "resumed"
    shutil.copytree(whole, run)
    for update in (4, 6):
        checkpoint(run, update).unlink()
    train(recipe(), corpus_folder, run)
    resumed, straight = (read_checkpoint(checkpoint(folder, 6)) for folder in (run, whole))
    for part in ("state_dict", "current_model_state"):
        assert any("running_mean" in name for name in straight[part])
        for name, value in straight[part].items():
            torch.testing.assert_close(resumed[part][name], value, rtol=0, atol=0)


def test_it_is_listened_to_while_training(whole: Path) -> None:
    verdicts = [json.loads(line) for line in (whole / "verdicts.jsonl").read_text().splitlines()]
    assert [verdict["update"] for verdict in verdicts] == [3, 6]
    assert all(np.isfinite(list(verdict.values())).all() for verdict in verdicts)


def test_the_voice_says_what_the_model_says(whole: Path, voice: Path) -> None:
    model = load_model(read_run(whole), read_checkpoint(checkpoint(whole, 6)), where="test")
    ids = [1, 40, 13, 25, 60, 3, 20, 55, 5, 2]
    said = AttentiveEngine(Bundle.open(voice)).speak(ids, speaker=0, speed=1.0, seed=[0])
    expected = model.infer(torch.tensor(ids))
    np.testing.assert_allclose(said.mel, expected.mel, rtol=0, atol=1e-4)
    np.testing.assert_allclose(said.linear, expected.linear, rtol=0, atol=1e-4)
    assert bool(said.warnings) == expected.bound_hit


def test_the_voice_keeps_what_it_was_trained_by(voice: Path, corpus_folder: Path) -> None:
    bundle = Bundle.open(voice)
    corpus, manifest = PreparedCorpus.open(corpus_folder), bundle.manifest
    assert manifest.kind == "attentive"
    assert manifest.symbols == corpus.symbols
    assert manifest.convention == corpus.convention
    assert manifest.length_bound.frames(10) == 50
    assert manifest.provenance["updates"] == 6
    spoken = Voice(bundle).synthesize("one two three")
    assert next(spoken).audio.any()


def test_training_goes_on_from_it(
    voice: Path, corpus_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = train(
        recipe(updates=2, warmup=1000), corpus_folder, tmp_path / "on", initial=str(voice)
    )
    assert "anew" not in capsys.readouterr().out
    weights = load(Bundle.open(voice).read(WEIGHTS))
    # At a thousandth of the rate, two updates can't have gone far from where they began.
    for name, value in trained.model.named_parameters():
        torch.testing.assert_close(value, weights[name].float(), rtol=0, atol=2e-2)


def test_the_statistics_of_a_corpus_are_its_own(voice: Path, corpus_folder: Path) -> None:
    corpus = PreparedCorpus.open(corpus_folder)
    model = KINDS["attentive"].build(corpus, SMALL)
    with torch.no_grad():
        model.linear_mean.add_(1.0)
        model.linear_deviation.mul_(2.0)
    before = model.linear_mean.item(), model.linear_deviation.item()
    assert take_over(model, Bundle.open(voice), corpus) == []
    assert (model.linear_mean.item(), model.linear_deviation.item()) == before
