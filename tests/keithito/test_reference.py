"""The real checkpoint against what TensorFlow itself computed with it.

Both are too large to come with the code. Name the folder that holds model.ckpt-1234.index, its data
and inference_20steps.npz, and the figures are printed too:

    TACOTRON_KEITHITO_REFERENCE=folder pytest tests/keithito/test_reference.py -s
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tacotron.keithito.convert import import_keithito
from tacotron.keithito.tf_checkpoint import Checkpoint
from tacotron.keithito.weights import keithito_model
from tacotron.speak import Voice
from tacotron.speak.graphs import Graph
from tacotron.voice import Bundle

FOLDER = os.environ.get("TACOTRON_KEITHITO_REFERENCE", "")
STEPS = 20
STATES = ("attending", "context", "residual_1", "residual_2")
Compare = Callable[..., None]

pytestmark = pytest.mark.skipif(not FOLDER, reason="TACOTRON_KEITHITO_REFERENCE is not set")


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    with np.load(Path(FOLDER) / "inference_20steps.npz") as kept:
        return dict(kept)


@pytest.fixture(scope="module")
def checkpoint() -> Path:
    return next(Path(FOLDER).glob("model.ckpt-*.index")).with_suffix("")


@pytest.fixture(scope="module")
def voice(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("imported") / "old.voice"
    import_keithito(checkpoint, path, name="old")
    return path


@pytest.fixture
def compare(reference: dict[str, np.ndarray]) -> Iterator[Compare]:
    """``compare("mel", found)``: within 1e-4 of TensorFlow's, for the utterances in ``rows``."""
    lines = []

    def compare(name: str, found: np.ndarray | torch.Tensor, rows: slice = slice(None)) -> None:
        expected = reference[name][rows]
        found = np.asarray(found)
        error = np.abs(found - expected).max()
        lines.append(f"{name:22} {error:.1e} of at most {np.abs(expected).max():.2f}")
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)

    yield compare
    print("", *lines, sep="\n")


@torch.no_grad()
def test_through_pytorch(
    checkpoint: Path, reference: dict[str, np.ndarray], compare: Compare
) -> None:
    model = keithito_model(Checkpoint.open(checkpoint))
    assert sum(p.numel() for p in model.parameters()) == 7_060_225
    ids, lengths = (torch.from_numpy(reference[n]).long() for n in ("inputs", "input_lengths"))
    compare("embedded", model.encoder.embedding(ids))
    compare("prenet", model.encoder.prenet(model.encoder.embedding(ids)))
    seen = {}
    cbhg = model.encoder.cbhg
    cbhg.bank_norm.register_forward_hook(lambda *given: seen.update(bank=given[2]))
    cbhg.highways[3].register_forward_hook(lambda *given: seen.update(highway=given[2]))
    memory = model.encoder(ids, lengths)
    compare("encoder_cbhg_bank", seen["bank"].view(*ids.shape, -1))
    compare("encoder_cbhg_highway4", seen["highway"])
    compare("encoder_cbhg_out", memory)
    keys = model.decoder.attention.memory_layer(memory)
    state = model.decoder.first_state(memory)
    frame = memory.new_zeros(len(ids), model.config.n_mels)
    spoken, looks = [], []
    for _ in range(STEPS):
        frames, weights, _, state = model.decoder.step(frame, memory, keys, None, state)
        frame = frames[:, -1]
        spoken.append(frames)
        looks.append(weights)
    mel = torch.cat(spoken, 1)
    compare("mel", mel)
    compare("align", torch.stack(looks, 2))
    compare("post_cbhg_out", model.postnet.cbhg(mel))
    compare("linear", model.postnet(mel))


def test_through_onnx(voice: Path, reference: dict[str, np.ndarray], compare: Compare) -> None:
    """A voice speaks one utterance at a time. Padding is part of what the second one's encoder
    computed, so its decoder begins from TensorFlow's memory."""
    bundle = Bundle.open(voice)
    encoder = Graph(bundle, "encoder.onnx", inputs=("ids", "speaker"), outputs=("memory", "keys"))
    outputs = ("frames", "weights", *(f"next_{state}" for state in STATES))
    decoder = Graph(
        bundle, "decoder.onnx", inputs=("frame", "memory", "keys", *STATES), outputs=outputs
    )
    postnet = Graph(bundle, "postnet.onnx", inputs=("frames",), outputs=("mel", "linear"))
    lengths = reference["input_lengths"]
    assert lengths[0] == reference["inputs"].shape[1] > lengths[1]
    ids = reference["inputs"][:1].astype(np.int64)
    memory, _ = encoder({"ids": ids, "speaker": np.array([0])})
    compare("encoder_cbhg_out", memory, slice(0, 1))
    memories = [memory, reference["encoder_cbhg_out"][1:2]]
    kernel = Checkpoint.open(next(Path(FOLDER).glob("model.ckpt-*.index"))).read(
        "model/inference/memory_layer/kernel"
    )
    for row, memory in enumerate(memories):
        rows = slice(row, row + 1)
        keys = memory @ kernel
        states = [np.zeros((1, 256), np.float32)] * len(STATES)
        frame = np.zeros((1, 80), np.float32)
        spoken, looks = [], []
        for _ in range(STEPS):
            frames, weights, *states = decoder(
                {"frame": frame, "memory": memory, "keys": keys}
                | dict(zip(STATES, states, strict=True))
            )
            frame = frames[:, -1]
            spoken.append(frames)
            looks.append(weights)
        mel, linear = postnet({"frames": np.concatenate(spoken, 1)})
        compare("mel", mel, rows)
        compare("align", np.stack(looks, 2), rows)
        compare("linear", linear, rows)


def test_the_reference_graph_of_the_tests(
    checkpoint: Path, reference: dict[str, np.ndarray], graph: Callable, compare: Compare
) -> None:
    """The computation in numpy that small checkpoints are compared with is TensorFlow's."""
    opened = Checkpoint.open(checkpoint)
    original = graph({name: opened.read(name) for name in opened.variables})
    for row in (0, 1):
        rows = slice(row, row + 1)
        memory = original.encoder(reference["inputs"][row], int(reference["input_lengths"][row]))
        mel, alignment = original.decoder(memory, STEPS)
        compare("encoder_cbhg_out", memory[None], rows)
        compare("mel", mel[None], rows)
        compare("align", alignment.T[None], rows)
        compare("linear", original.postnet(mel)[None], rows)


def test_it_speaks(voice: Path) -> None:
    (chunk,) = Voice.load(voice).synthesize("Scientists say they have discovered a new particle.")
    assert chunk.sample_rate == 20_000
    assert chunk.audio.any()
    assert np.isfinite(chunk.audio).all()
