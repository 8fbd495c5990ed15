"""From a checkpoint to a voice that speaks like any other, and what stands in the way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load

from tacotron.cli.main import main
from tacotron.errors import TacotronError, TextError, VoiceError
from tacotron.keithito.convert import import_keithito
from tacotron.keithito.tf_checkpoint import Checkpoint
from tacotron.keithito.weights import global_step, keithito_model
from tacotron.speak import Voice
from tacotron.speak.graphs import Graph
from tacotron.text.keithito import SYMBOLS
from tacotron.voice import Bundle, LengthBound
from tacotron.voice.bundle import WEIGHTS

Variables = Mapping[str, np.ndarray]
Write = Callable[..., Path]
CLOSE = {"rtol": 0, "atol": 1e-5}
IDS = np.array([47, 35, 32, 64, 39, 28, 53, 52, 64, 31, 42, 34, 60, 1])
STATES = ("attending", "context", "residual_1", "residual_2")


@pytest.fixture(scope="module")
def voice(
    tiny_checkpoint: Path, tiny_hparams: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The small checkpoint as a voice file."""
    path = tmp_path_factory.mktemp("imported") / "old.voice"
    import_keithito(tiny_checkpoint, path, name="old", hparams=tiny_hparams)
    return path


@pytest.fixture(scope="module")
def expected(tiny: Variables, graph: Callable[[Variables], Any]) -> dict[str, np.ndarray]:
    """What the original's graph makes of `IDS`, computed apart."""
    reference = graph(tiny)
    memory = reference.encoder(IDS, len(IDS))
    mel, alignment = reference.decoder(memory, 20)
    return {
        "memory": memory,
        "mel": mel,
        "alignment": alignment,
        "linear": reference.postnet(mel),
    }


@torch.no_grad()
def test_the_model_computes_the_originals_graph(
    tiny_checkpoint: Path, expected: dict[str, np.ndarray]
) -> None:
    model = keithito_model(Checkpoint.open(tiny_checkpoint))
    ids = torch.from_numpy(IDS)
    memory = model.encoder(ids[None], torch.tensor([len(ids)]))
    np.testing.assert_allclose(memory[0], expected["memory"], **CLOSE)
    speech = model.infer(ids, max_frames=len(expected["mel"]))
    np.testing.assert_allclose(speech.mel, expected["mel"], **CLOSE)
    np.testing.assert_allclose(speech.linear, expected["linear"], **CLOSE)
    np.testing.assert_allclose(speech.alignment, expected["alignment"], **CLOSE)


@torch.no_grad()
def test_padding_counts_as_it_did(
    tiny_checkpoint: Path, tiny: Variables, graph: Callable[[Variables], Any]
) -> None:
    """The original masks padding in the encoder's recurrent layer, and nowhere else."""
    padded = np.concatenate([IDS, np.zeros(5, np.int64)])
    expected = graph(tiny).encoder(padded, len(IDS))
    model = keithito_model(Checkpoint.open(tiny_checkpoint))
    memory = model.encoder(torch.from_numpy(padded)[None], torch.tensor([len(IDS)]))
    np.testing.assert_allclose(memory[0], expected, **CLOSE)


def test_the_graphs_compute_the_originals(voice: Path, expected: dict[str, np.ndarray]) -> None:
    bundle = Bundle.open(voice)
    encoder = Graph(bundle, "encoder.onnx", inputs=("ids", "speaker"), outputs=("memory", "keys"))
    outputs = ("frames", "weights", *(f"next_{state}" for state in STATES))
    decoder = Graph(
        bundle, "decoder.onnx", inputs=("frame", "memory", "keys", *STATES), outputs=outputs
    )
    postnet = Graph(bundle, "postnet.onnx", inputs=("frames",), outputs=("mel", "linear"))
    memory, keys = encoder({"ids": IDS[None], "speaker": np.array([0])})
    np.testing.assert_allclose(memory[0], expected["memory"], **CLOSE)
    size = bundle.manifest.decoder_size
    widths = (size, memory.shape[2], size, size)
    states = [np.zeros((1, width), np.float32) for width in widths]
    spoken, looks = [], []
    frame = np.zeros((1, bundle.manifest.convention.n_mels), np.float32)
    for _ in range(len(expected["alignment"])):
        frames, weights, *states = decoder(
            {"frame": frame, "memory": memory, "keys": keys}
            | dict(zip(STATES, states, strict=True))
        )
        frame = frames[:, -1]
        spoken.append(frames)
        looks.append(weights)
    mel, linear = postnet({"frames": np.concatenate(spoken, 1)})
    np.testing.assert_allclose(mel[0], expected["mel"], **CLOSE)
    np.testing.assert_allclose(linear[0], expected["linear"], **CLOSE)
    np.testing.assert_allclose(np.concatenate(looks), expected["alignment"], **CLOSE)


def test_the_voice_is_keithitos(voice: Path) -> None:
    manifest = Bundle.open(voice).manifest
    assert manifest.kind == "attentive"
    assert (manifest.frontend, manifest.symbols) == ("keithito", SYMBOLS)
    assert (manifest.griffin_lim.iterations, manifest.griffin_lim.power) == (60, 1.5)
    assert manifest.convention.preemphasis == 0.97
    assert manifest.length_bound == LengthBound(base=60, per_symbol=1)
    assert manifest.end_silence == 0.8
    assert manifest.provenance["updates"] == 4321
    assert manifest.provenance["hparams"]["outputs_per_step"] == 2


def test_it_speaks_from_python(voice: Path) -> None:
    (chunk,) = Voice.load(voice).synthesize("Hello, {W ER1 L D}!")
    assert chunk.normalized == "hello, {W ER1 L D}!"
    assert len(chunk.audio) == len(chunk.mel) * 16
    assert np.isfinite(chunk.audio).all()
    assert chunk.audio.any()


def test_its_training_weights_are_its_own(voice: Path, tiny_checkpoint: Path) -> None:
    stored = load(Bundle.open(voice).read(WEIGHTS))
    model = keithito_model(Checkpoint.open(tiny_checkpoint)).state_dict()
    assert stored.keys() == model.keys()
    for name, value in model.items():
        np.testing.assert_allclose(stored[name].float(), value.float(), rtol=1e-3, atol=1e-3)


@pytest.fixture
def at_home(voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with no voices but those of the package."""
    monkeypatch.setenv("TACOTRON_VOICES", str(voice.parent))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands(
    at_home: Path, tiny_checkpoint: Path, tiny_hparams: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["import-keithito", str(tiny_checkpoint), "-o", "new.voice", "--license", "MIT"]
    arguments += ["--hparams", tiny_hparams, "--cleaners", "basic_cleaners", "--language", "de"]
    assert main(arguments) == 0
    assert "new.voice: " in capsys.readouterr().out
    assert main(["say", "Guten Tag.", "--voice", "./new.voice", "-o", "x.wav"]) == 0
    assert soundfile.info("x.wav").samplerate == 20_000
    capsys.readouterr()
    assert main(["voices", "./new.voice"]) == 0
    out = capsys.readouterr().out
    assert "de, read by the keithito:basic_cleaners front end" in out
    assert "model.ckpt-4321, 4,321 updates" in out
    assert main(["voices", "old", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["provenance"]["checkpoint"] == "model.ckpt-4321"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--hparams", "outputs_per_step=5"], "trained with outputs_per_step=2, not 5"),
        (["--hparams", "prenet_depths=[256,128]"], "with prenet_depths=[7, 6], not [256, 128]"),
        (["--hparams", "sample_rat=1"], "did you mean sample_rate?"),
        (["--cleaners", "tidy"], "no cleaner 'tidy'"),
        (["--name", "two words"], "name"),
        (["--card", "nowhere.md"], "Could not read nowhere.md"),
        ([], "win_length must lie in 1..n_fft"),  # of the default's frames in so few bins
    ],
)
def test_mistakes_are_one_line(
    at_home: Path,
    tiny_checkpoint: Path,
    tiny_hparams: str,
    arguments: list[str],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if arguments and "--hparams" not in arguments:
        arguments = [*arguments, "--hparams", tiny_hparams]
    assert main(["import-keithito", str(tiny_checkpoint), "-o", "x.voice", *arguments]) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
    assert not list(at_home.iterdir())


def test_optimizer_slots_are_never_read(
    tiny_checkpoint: Path, tiny: Variables, tmp_path: Path
) -> None:
    opened = Checkpoint.open(tiny_checkpoint)
    data = bytearray(Path(f"{tiny_checkpoint}.data-00000-of-00001").read_bytes())
    slots = [v for name, v in opened.variables.items() if name.startswith("model/optimizer/")]
    assert len(slots) > 100
    for slot in slots:
        data[slot.offset : slot.offset + slot.size] = bytes(slot.size)
    shutil.copy(f"{tiny_checkpoint}.index", tmp_path / "model.ckpt-1.index")
    (tmp_path / "model.ckpt-1.data-00000-of-00001").write_bytes(data)
    changed = keithito_model(Checkpoint.open(tmp_path / "model.ckpt-1")).state_dict()
    for name, value in keithito_model(opened).state_dict().items():
        assert torch.equal(changed[name], value)


def without(variables: Variables, *names: str) -> dict[str, np.ndarray]:
    return {k: v for k, v in variables.items() if not k.endswith(names)}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda v: without(v, "inference/embedding"), "lacks model/inference/embedding"),
        (lambda v: without(v, "attention_v"), "lacks model/inference/decoder/.*/attention_v"),
        (lambda v: {"global_step": v["global_step"]}, "no checkpoint of keithito/tacotron"),
        (
            lambda v: v | {"model/inference/embedding": np.zeros(8, np.float32)},
            r"embedding of shape \[8\]",
        ),
        (
            lambda v: v | {"model/inference/dense/kernel": np.zeros((3, 33), np.float32)},
            "don't go together",
        ),
        (
            lambda v: v | {"model/inference/embedding": np.zeros((70, 8), np.float32)},
            "reads 70 symbols where keithito/tacotron has 149",
        ),
    ],
)
def test_other_checkpoints_are_refused(
    tiny: Variables,
    tiny_hparams: str,
    write_checkpoint: Write,
    tmp_path: Path,
    change: Callable[[Variables], Variables],
    complaint: str,
) -> None:
    prefix = write_checkpoint(tmp_path / "other", change(tiny))
    with pytest.raises(VoiceError, match=complaint) as caught:
        import_keithito(prefix, tmp_path / "x.voice", name="x", hparams=tiny_hparams)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "x.voice").exists()


def test_a_checkpoint_may_not_know_its_step(
    tiny: Variables, write_checkpoint: Write, tmp_path: Path
) -> None:
    prefix = write_checkpoint(tmp_path / "model.ckpt", without(tiny, "global_step"))
    assert global_step(Checkpoint.open(prefix)) is None


def test_errors_are_of_our_kinds(tmp_path: Path) -> None:
    with pytest.raises(TextError):
        import_keithito(tmp_path / "x", tmp_path / "y.voice", name="y", cleaners="tidy")
    with pytest.raises(TacotronError):
        import_keithito(tmp_path / "x", tmp_path / "y.voice", name="y")
