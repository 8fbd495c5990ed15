"""Training a vocoder as a user runs it: learning, resuming, polishing, beginning from a voice."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tacotron.data.corpus import PreparedCorpus
from tacotron.data.segments import SegmentDataset, SegmentOrder
from tacotron.data.sound import PITCH_FILE
from tacotron.errors import CorpusError, TrainingError
from tacotron.train.adversarial import adversarial_losses
from tacotron.train.checkpoints import read_checkpoint
from tacotron.train.recipe import Recipe, Training, read_recipe
from tacotron.train.run import train
from tacotron.voice.vocoder_parts import trained_vocoder, vocoder_parts

SMALL = {"size": 16, "blocks": 1, "pitch_size": 16, "pitch_blocks": 1}
TRAINING = {
    "updates": 8,
    "frames_per_batch": 128,
    "segment_frames": 32,
    "validate_every": 8,
    "checkpoint_every": 4,
    "listen_to": 1,
    "critic_samples": 4096,
}


def recipe(name: str = "vocoder", **changes: object) -> Recipe:
    return replace(read_recipe(name, TRAINING | changes), model=SMALL)


@pytest.fixture(scope="module")
def whole(corpus_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "vocoder"
    train(recipe(), corpus_folder, run)
    return run


def test_a_trained_vocoder_becomes_parts_of_a_voice(whole: Path) -> None:
    model, convention, updates = trained_vocoder(whole)
    assert updates == 8
    assert convention.name == "nvidia"
    assert set(vocoder_parts(model, with_weights=True)) == {"vocoder.onnx", "vocoder.safetensors"}
    assert set(vocoder_parts(model, with_weights=False)) == {"vocoder.onnx"}


def test_a_resumed_run_equals_the_uninterrupted_one(
    whole: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    # The same course of the rate, ended early and gone on from.
    train(recipe(updates=8), corpus_folder, tmp_path / "run")
    (tmp_path / "run" / "checkpoints" / "update-00000008.ckpt").unlink()
    train(recipe(updates=8), corpus_folder, tmp_path / "run")
    name = "update-00000008.ckpt"
    straight = read_checkpoint(whole / "checkpoints" / name)["state_dict"]
    resumed = read_checkpoint(tmp_path / "run" / "checkpoints" / name)["state_dict"]
    for weights, value in straight.items():
        torch.testing.assert_close(resumed[weights], value, rtol=0, atol=0)


def test_polishing_trains_critics_beside_the_vocoder(corpus_folder: Path, tmp_path: Path) -> None:
    train(recipe("vocoder-polish", updates=2, checkpoint_every=2), corpus_folder, tmp_path / "run")
    names = read_checkpoint(tmp_path / "run" / "checkpoints" / "update-00000002.ckpt")["state_dict"]
    assert any(name.startswith("critics.") for name in names)
    model, _, updates = trained_vocoder(tmp_path / "run")
    assert updates == 2
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())


def test_segments_fit_together(corpus_folder: Path) -> None:
    corpus = PreparedCorpus.open(corpus_folder)
    dataset = SegmentDataset(corpus, "train", 32)
    places = [dataset[place] for place in SegmentOrder(dataset, size=6, seed=1).batch(3)]
    batch = dataset.collate(places)
    hop = corpus.convention.hop_length
    assert batch.wave.shape == (6, 31 * hop)
    assert batch.mels.shape == (6, 32, 80)
    for row, (utterance, first, _) in enumerate(places):
        wave = corpus.audio(utterance)[first * hop :][: 31 * hop]
        np.testing.assert_allclose(batch.wave[row][: len(wave)], wave, atol=1e-4)
        np.testing.assert_array_equal(batch.mels[row], corpus.mel(utterance)[first : first + 32])
    again = SegmentOrder(dataset, size=6, seed=1).batch(3)
    assert places == [dataset[place] for place in again]
    assert places != [dataset[place] for place in SegmentOrder(dataset, size=6, seed=1).batch(4)]


def test_forced_mels_take_their_share(corpus_folder: Path) -> None:
    corpus = PreparedCorpus.open(corpus_folder)
    frames = sum(item.frames for item in corpus.utterances)
    forced = np.full((frames, 80), 7.0, np.float16)
    dataset = SegmentDataset(corpus, "train", 32, forced=forced, forced_share=0.5)
    order = SegmentOrder(dataset, size=200, seed=0)
    batch = dataset.collate([dataset[place] for place in order.batch(0)])
    share = (batch.mels == 7).all(2).all(1).float().mean()
    assert 0.35 < share < 0.65


def test_a_torn_cache_is_named(corpus_folder: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "corpus"
    shutil.copytree(corpus_folder, folder)
    corpus = PreparedCorpus.open(folder)
    SegmentDataset(corpus, "train", 32)
    pitch = np.load(folder / PITCH_FILE)
    np.save(folder / PITCH_FILE, pitch[:-5])
    with pytest.raises(CorpusError, match="is cut short: delete both"):
        SegmentDataset(corpus, "train", 32)
    with pytest.raises(CorpusError, match="no recording of 100000 frames"):
        SegmentDataset(corpus, "train", 100000)


def test_an_acoustic_run_is_no_vocoder(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no run of"):
        trained_vocoder(tmp_path)


def test_critics_move_the_model_and_themselves() -> None:
    """The model's gradient comes from critics held still, theirs from what is cut off from it."""
    from tacotron.model.critics import MelCritic

    torch.manual_seed(0)
    critics, made = MelCritic(4), torch.randn(2, 32, 16, requires_grad=True)
    recorded = torch.randn(2, 32, 16)
    total, parts = adversarial_losses(critics, made, recorded, Training(passing_weight=1.0))
    parts["critics"].backward(retain_graph=True)
    assert made.grad is None
    theirs = [p.grad.clone() for p in critics.parameters()]
    assert any(g.abs().sum() > 0 for g in theirs)
    critics.zero_grad(set_to_none=True)
    (total - parts["critics"]).backward()
    assert made.grad is not None
    assert made.grad.abs().sum() > 0
    assert all(p.grad is None or p.grad.abs().max() == 0 for p in critics.parameters())
