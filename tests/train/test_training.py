"""Training as a user runs it: killed and resumed, exploding, torn, begun from a voice."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tacotron.data.corpus import PreparedCorpus
from tacotron.errors import TrainingError, VoiceError
from tacotron.train.checkpoints import latest_checkpoint, read_checkpoint
from tacotron.train.recipe import Recipe, read_recipe
from tacotron.train.run import train

SMALL = {
    "encoder_size": 32,
    "prenet_size": 16,
    "decoder_size": 32,
    "postnet_size": 32,
    "postnet_layers": 1,
    "pitch_size": 16,
}
TRAINING = {
    "updates": 12,
    "frames_per_batch": 1500,
    "validate_every": 6,
    "checkpoint_every": 4,
    "listen_to": 2,
    "sentences": ["one two"],
}


def recipe(**changes: object) -> Recipe:
    return replace(read_recipe("tacotron", TRAINING | changes), model=SMALL)


def recipe_file(folder: Path, **changes: object) -> Path:
    lines = ["[model]", *(f"{k} = {v}" for k, v in SMALL.items()), "[training]"]
    path = folder / "small.toml"
    path.write_text("\n".join([*lines, *(f"{k} = {v}" for k, v in (TRAINING | changes).items())]))
    return path


def losses(run: Path) -> dict[int, float]:
    """Training loss by update, from TensorBoard's files."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    return {event.step: event.value for event in events.Scalars("train/loss")}


@pytest.fixture(scope="module")
def whole(corpus_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted run of twelve updates."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    train(recipe(), corpus_folder, run)
    return run


def test_a_run_leaves_what_people_look_for(whole: Path) -> None:
    names = sorted(p.name for p in (whole / "checkpoints").iterdir())
    assert names == ["best.ckpt", *(f"update-{n:08d}.ckpt" for n in (4, 8, 12))]
    verdicts = [json.loads(line) for line in (whole / "verdicts.jsonl").read_text().splitlines()]
    assert [verdict["update"] for verdict in verdicts] == [6, 12]
    assert all(np.isfinite(list(verdict.values())).all() for verdict in verdicts)


def test_a_killed_run_goes_on_as_if_it_had_not_been(
    whole: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    run = tmp_path / "killed"
    file = recipe_file(tmp_path, updates=12)
    command = [sys.executable, "-m", "tacotron.cli.main", "train", str(file)]
    command += ["--corpus", str(corpus_folder), "--run", str(run)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    first = run / "checkpoints" / "update-00000004.ckpt"
    deadline = time.monotonic() + 120
    while not first.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    found = latest_checkpoint(run)
    assert found is not None
    assert 4 <= found[1] < 12, "the kill came too late to prove anything"

    train(read_recipe(str(file)), corpus_folder, run)
    resumed = read_checkpoint(run / "checkpoints" / "update-00000012.ckpt")
    straight = read_checkpoint(whole / "checkpoints" / "update-00000012.ckpt")
    for part in ("state_dict", "current_model_state"):
        for name, value in straight[part].items():
            torch.testing.assert_close(resumed[part][name], value, rtol=0, atol=0)


def test_a_torn_checkpoint_is_passed_over(
    whole: Path, corpus_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "torn"
    shutil.copytree(whole, run)
    newest = run / "checkpoints" / "update-00000012.ckpt"
    newest.write_bytes(newest.read_bytes()[:5000])
    found = latest_checkpoint(run)
    assert found is not None
    assert found[1] == 8
    assert "is no whole checkpoint" in capsys.readouterr().err
    for path in (run / "checkpoints").iterdir():
        path.write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match="None of the checkpoints"):
        train(recipe(), corpus_folder, run)


def test_another_model_does_not_go_on(whole: Path, corpus_folder: Path) -> None:
    other = replace(recipe(updates=20), model=SMALL | {"decoder_size": 40})
    with pytest.raises(TrainingError, match="begun with another model"):
        train(other, corpus_folder, whole)
    with pytest.raises(TrainingError, match="has its 12 updates"):
        train(recipe(), corpus_folder, whole)


def test_two_processes_train_one_model(corpus_folder: Path, tmp_path: Path) -> None:
    """Through torchrun, as on a machine with two GPUs."""
    run, file = tmp_path / "run", recipe_file(tmp_path, updates=4)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "--"]
    command += ["tacotron.cli.main", "train", str(file), "--corpus", str(corpus_folder)]
    ended = subprocess.run([*command, "--run", str(run)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("Trained.") == 1
    stored = read_checkpoint(run / "checkpoints" / "update-00000004.ckpt")
    assert all(torch.isfinite(value).all() for value in stored["state_dict"].values())


@pytest.mark.parametrize("factor", [float("nan"), 1e6])
def test_an_explosion_is_rolled_back(factor: float, corpus_folder: Path, tmp_path: Path) -> None:
    from tacotron.train import guard, module

    bad = 5

    class Poisoned(module.TrainingModule):
        def training_step(self, batch: object, batch_idx: int) -> torch.Tensor:
            loss = super().training_step(batch, batch_idx)
            if self.global_step == bad and self.rate_scale == 1.0:
                self.log("train/loss", loss.detach() * factor)
                return loss * factor
            return loss

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tacotron.train.run.TrainingModule", Poisoned)
        patch.setattr(guard, "MEMORY", bad)
        trained = train(recipe(updates=8), corpus_folder, tmp_path / "run")
    assert trained.rate_scale == guard.SLOWER
    assert all(torch.isfinite(p).all() for p in trained.parameters())


def test_long_recordings_are_learned_in_pieces(corpus_folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(recipe(updates=2, max_frames=40), corpus_folder, run)
    found = latest_checkpoint(run)
    assert found is not None
    assert found[1] == 2  # the last update, though no multiple of `checkpoint_every`


@pytest.fixture(scope="module")
def voice(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tacotron.voice.export import export_voice

    path = tmp_path_factory.mktemp("voices") / "small.voice"
    export_voice(whole, path, name="small")
    return path


def test_graphs_say_what_the_model_says(whole: Path, voice: Path) -> None:
    """Encoder, durations, every decoder step and post-net: ONNX against PyTorch."""
    from tacotron.speak.nonattentive import NonAttentiveEngine, _dropout_masks
    from tacotron.train.run import read_run
    from tacotron.voice.bundle import Bundle
    from tacotron.voice.export import load_model

    stored = read_checkpoint(whole / "checkpoints" / "update-00000012.ckpt")
    model = load_model(read_run(whole), stored, where="test")
    ids = [1, 40, 13, 25, 60, 3, 20, 55, 5, 2]
    spoken = NonAttentiveEngine(Bundle.open(voice)).speak(ids, speaker=0, speed=1.0, seed=[7])
    masks = np.random.default_rng([7])
    size, dropped = model.config.prenet_size, model.config.prenet_dropout
    steps = len(spoken.mel) // model.config.reduction_factor
    drawn = [torch.from_numpy(_dropout_masks(masks, steps, size, dropped)) for _ in range(2)]
    queue = [mask[step : step + 1] for step in range(steps) for mask in drawn]
    model.decoder.dropout_mask = lambda like: queue.pop(0)
    durations = torch.from_numpy(spoken.durations)
    mel, _ = model.infer(torch.tensor(ids), durations=durations)
    np.testing.assert_allclose(spoken.mel, mel.numpy(), rtol=0, atol=1e-4)


def test_training_goes_on_from_it(
    voice: Path, corpus_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = train(
        recipe(updates=2, warmup=1000), corpus_folder, tmp_path / "on", initial=str(voice)
    )
    assert "anew" not in capsys.readouterr().out
    before = Path(voice)
    from safetensors.torch import load

    from tacotron.voice.bundle import WEIGHTS, Bundle

    weights = load(Bundle.open(before).read(WEIGHTS))
    # At a thousandth of the rate, two updates can't have gone far from where they began; what was
    # kept is rounded to half precision.
    for name, value in trained.model.state_dict().items():
        torch.testing.assert_close(value, weights[name].float(), rtol=1e-3, atol=2e-2)


def test_what_does_not_fit_is_listed(voice: Path, corpus_folder: Path) -> None:
    from tacotron.train.kinds import KINDS
    from tacotron.train.warm_start import take_over
    from tacotron.voice.bundle import Bundle

    corpus = PreparedCorpus.open(corpus_folder)
    model = KINDS["non-attentive"].build(corpus, SMALL | {"postnet_layers": 2})
    corpus.speakers = ("somebody else",)
    notes = take_over(model, Bundle.open(voice), corpus)
    assert any("postnet.blocks.1" in note and "anew" in note for note in notes)
    assert "New speakers, begun from the mean of the voice's: somebody else." in notes


def test_a_voice_without_weights_says_so(whole: Path, tmp_path: Path, corpus_folder: Path) -> None:
    from tacotron.voice.export import export_voice

    path = tmp_path / "light.voice"
    export_voice(whole, path, name="light", with_weights=False)
    with pytest.raises(VoiceError, match="holds no weights"):
        train(recipe(), corpus_folder, tmp_path / "run", initial=str(path))
