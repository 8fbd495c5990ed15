"""The graphs of an attentive voice compute what the model does, at any length."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from tacotron.model.tacotron2017 import Tacotron2017, Tacotron2017Config
from tacotron.voice.graphs import attentive_graphs
from tacotron.voice.graphs.attentive import STATES

SIZES = {
    "n_symbols": 12,
    "n_mels": 6,
    "n_linear": 9,
    "embedding_size": 8,
    "prenet_sizes": (8, 6),
    "cbhg_size": 6,
    "encoder_bank": 4,
    "postnet_bank": 3,
    "postnet_projection": 8,
    "attention_size": 7,
    "decoder_size": 5,
}
VARIANTS = [
    {"reduction_factor": 2, "position_size": 4},
    {"reduction_factor": 1, "n_speakers": 3, "stop_token": False},
    {"reduction_factor": 5, "recurrence": "lstm", "mask_padding": False},
]
CLOSE = {"rtol": 0, "atol": 1e-4}


class Graphs:
    """A model and its graphs, run one beside the other."""

    def __init__(self, model: Tacotron2017) -> None:
        self.model = model
        self._sessions = {
            part: onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
            for part, data in attentive_graphs(model).items()
        }

    def run(self, part: str, **inputs: torch.Tensor) -> list[torch.Tensor]:
        feed = {name: value.numpy() for name, value in inputs.items()}
        return [torch.from_numpy(np.array(v)) for v in self._sessions[part].run(None, feed)]


@pytest.fixture(scope="module", params=VARIANTS, ids=["gru", "speakers", "lstm"])
def graphs(request: pytest.FixtureRequest) -> Graphs:
    torch.manual_seed(0)
    model = Tacotron2017(Tacotron2017Config(**SIZES, **request.param)).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):  # as training leaves them, not as they begin
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
    model.mel_mean.fill_(-5.0)
    model.mel_deviation.fill_(2.0)
    model.linear_mean.fill_(-4.0)
    model.linear_deviation.fill_(3.0)
    return Graphs(model)


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 2, 30])
def test_encoder(graphs: Graphs, length: int) -> None:
    ids = torch.randint(1, 12, (1, length))
    for speaker in range(graphs.model.config.n_speakers):
        chosen = torch.tensor([speaker])
        memory, keys = graphs.run("encoder.onnx", ids=ids, speaker=chosen)
        expected = graphs.model.encoder(ids, torch.tensor([length]), chosen)
        torch.testing.assert_close(memory, expected, **CLOSE)
        expected = graphs.model.decoder.attention.memory_layer(expected)
        torch.testing.assert_close(keys, expected, **CLOSE)


def test_encoder_knows_its_speakers(graphs: Graphs) -> None:
    unknown = torch.tensor([graphs.model.config.n_speakers])
    with pytest.raises(Exception, match="out of"):
        graphs.run("encoder.onnx", ids=torch.ones(1, 4, dtype=torch.int64), speaker=unknown)


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 9])
def test_every_step_of_the_decoder(graphs: Graphs, length: int) -> None:
    model, decoder = graphs.model, graphs.model.decoder
    memory = torch.randn(1, length, 12)
    keys = decoder.attention.memory_layer(memory)
    state = decoder.first_state(memory)
    frame = torch.zeros(1, 6)
    for _ in range(20):
        frames, weights, stop, *after = graphs.run(
            "decoder.onnx",
            frame=frame,
            memory=memory,
            keys=keys,
            **dict(zip(STATES, state, strict=True)),
        )
        expected = decoder.step(frame, memory, keys, None, state)
        torch.testing.assert_close((frames, weights), expected[:2], **CLOSE)
        torch.testing.assert_close(tuple(after), expected[3], **CLOSE)
        assert frames.shape == (1, model.config.reduction_factor, 6)
        assert stop.shape == (1,)
        if model.config.stop_token:
            torch.testing.assert_close(stop, expected[2], **CLOSE)
        else:
            assert stop < -100
        frame, state = frames[:, -1], tuple(after)


@torch.no_grad()
@pytest.mark.parametrize("frames", [1, 5, 40])
def test_postnet(graphs: Graphs, frames: int) -> None:
    spoken = torch.randn(1, frames, 6)
    mel, linear = graphs.run("postnet.onnx", frames=spoken)
    torch.testing.assert_close(mel, 2 * spoken - 5, **CLOSE)
    torch.testing.assert_close(linear, 3 * graphs.model.postnet(spoken) - 4, **CLOSE)
