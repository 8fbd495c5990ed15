"""The decoder's graph of a non-attentive voice computes what the model does, step by step."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

from tacotron.model.nonattentive import NonAttentiveConfig, NonAttentiveTacotron
from tacotron.voice.graphs import nonattentive_graphs
from tacotron.voice.graphs.recurrent import STATES, ConditionShares

SIZES = {
    "n_symbols": 12,
    "n_mels": 6,
    "encoder_size": 8,
    "prenet_size": 10,
    "decoder_size": 14,
    "postnet_size": 8,
}


@torch.no_grad()
@pytest.mark.parametrize("r", [1, 3])
@pytest.mark.parametrize("steps", [1, 7])
def test_decoder(r: int, steps: int) -> None:
    torch.manual_seed(r)
    model = NonAttentiveTacotron(NonAttentiveConfig(**SIZES, reduction_factor=r)).eval()
    decoder = model.decoder
    graph = nonattentive_graphs(model)["decoder.onnx"]
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    condition, dropout_1, dropout_2 = (torch.randn(steps, n) for n in (14, 10, 10))
    state = tuple(torch.randn(1, 14) for _ in STATES)
    frame = torch.randn(1, 6)
    inputs = {
        "frame": frame,
        "condition": ConditionShares(decoder)(condition),
        "dropout_1": dropout_1,
        "dropout_2": dropout_2,
        **dict(zip(STATES, state, strict=True)),
    }
    frames, *after = session.run(None, {name: x.numpy() for name, x in inputs.items()})
    expected = []
    for i in range(steps):
        now = slice(i, i + 1)
        spoken, state = decoder.step(frame, condition[now], dropout_1[now], dropout_2[now], state)
        expected.append(spoken)
        frame = spoken[:, -1]
    np.testing.assert_allclose(frames, torch.cat(expected).numpy(), rtol=0, atol=1e-5)
    for ours, theirs in zip(after, state, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=1e-5)
