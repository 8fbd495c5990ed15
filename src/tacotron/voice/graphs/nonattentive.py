"""The graphs of a non-attentive voice, under the names and shapes that `tacotron.speak` runs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tacotron.model.nonattentive import NonAttentiveTacotron, expand_durations
from tacotron.voice.graphs.recurrent import ConditionShares, decoder_graph
from tacotron.voice.graphs.tracing import onnx_graph


class _Encoder(nn.Module):
    def __init__(self, model: NonAttentiveTacotron):
        super().__init__()
        self.encoder = model.encoder

    def forward(self, ids: Tensor, speaker: Tensor) -> tuple[Tensor, Tensor]:
        lengths = torch.full_like(ids[:, 0], 1) * ids.shape[1]
        memory, log_durations = self.encoder(ids, lengths, speaker)
        return memory, log_durations.exp()


class _Upsampler(nn.Module):
    def __init__(self, model: NonAttentiveTacotron):
        super().__init__()
        self.upsampler = model.upsampler
        self.shares = ConditionShares(model.decoder)

    def forward(self, memory: Tensor, index: Tensor, position: Tensor) -> Tensor:
        condition, _ = self.upsampler(memory, index, position)
        return self.shares(condition)


class _Postnet(nn.Module):
    def __init__(self, model: NonAttentiveTacotron):
        super().__init__()
        self.postnet = model.postnet
        self.register_buffer("mean", model.mel_mean)
        self.register_buffer("deviation", model.mel_deviation)

    def forward(self, frames: Tensor) -> Tensor:
        mel = self.postnet(frames, torch.ones_like(frames[:, :, :1]))
        return mel * self.deviation + self.mean


def nonattentive_graphs(model: NonAttentiveTacotron) -> dict[str, bytes]:
    """The four graphs of a non-attentive voice, ONNX files as bytes by part name."""
    config = model.config
    model = model.eval().float()
    ids = torch.ones(1, 7, dtype=torch.int64)
    memory = torch.zeros(1, 7, config.encoder_size)
    size = 4 * config.reduction_factor
    index, position = expand_durations(torch.full((1, 7), 2), size)
    return {
        "encoder.onnx": onnx_graph(
            _Encoder(model),
            {"ids": ids, "speaker": torch.zeros(1, dtype=torch.int64)},
            ["memory", "durations"],
            {"ids": {1: "symbols"}, "memory": {1: "symbols"}, "durations": {1: "symbols"}},
        ),
        "upsampler.onnx": onnx_graph(
            _Upsampler(model),
            {"memory": memory, "index": index, "position": position},
            ["condition"],
            {
                "memory": {1: "symbols"},
                "index": {1: "frames"},
                "position": {1: "frames"},
                "condition": {1: "steps"},
            },
        ),
        "decoder.onnx": decoder_graph(model.decoder),
        "postnet.onnx": onnx_graph(
            _Postnet(model),
            {"frames": torch.zeros(1, size, config.n_mels)},
            ["mel"],
            {"frames": {1: "frames"}, "mel": {1: "frames"}},
        ),
    }
