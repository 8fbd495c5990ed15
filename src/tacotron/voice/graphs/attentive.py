"""The graphs of an attentive voice: the Tacotron of 2017 in three parts.

Batch 1, float32: L symbols, T frames, r frames a step, memory of width E, keys of width A.

- ``encoder.onnx``: ids int64 [1, L], speaker int64 [1] -> memory [1, L, E], keys [1, L, A]
- ``decoder.onnx``, one step: the last frame [1, n_mels] (zeros at first), memory, keys, and four
  states (zeros at first) -> frames [1, r, n_mels], weights of the attention [1, L], stop [1]
  (logit that this step is the last), next states
- ``postnet.onnx``: the decoder's frames [1, T, n_mels], standardized -> mel [1, T, n_mels] and
  linear [1, T, n_bins], both in the convention's values
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tacotron.model.tacotron2017 import Tacotron2017
from tacotron.voice.graphs.tracing import onnx_graph

# The attention GRU, the context, the residual GRUs: as `tacotron.model.attention.State`.
STATES = ("attending", "context", "residual_1", "residual_2")
# Logit of the stop token where a model has none, as the original: it never stops by itself.
NEVER = -1e4


class _Encoder(nn.Module):
    def __init__(self, model: Tacotron2017):
        super().__init__()
        self.encoder = model.encoder
        self.memory_layer = model.decoder.attention.memory_layer
        # A model of one speaker has no table of them: one row of zeros is what it would hold, and
        # keeps the graph's interface the same for any number.
        width = self.memory_layer.in_features
        self.register_buffer("only_speaker", torch.zeros(1, width))

    def forward(self, ids: Tensor, speaker: Tensor) -> tuple[Tensor, Tensor]:
        lengths = torch.full_like(ids[:, 0], 1) * ids.shape[1]
        memory = self.encoder(ids, lengths, speaker)
        if self.encoder.speakers is None:
            memory = memory + self.only_speaker[speaker][:, None]
        return memory, self.memory_layer(memory)


class _Decoder(nn.Module):
    def __init__(self, model: Tacotron2017):
        super().__init__()
        self.decoder = model.decoder

    def forward(
        self, frame: Tensor, memory: Tensor, keys: Tensor, *state: Tensor
    ) -> tuple[Tensor, ...]:
        frames, weights, stop, after = self.decoder.step(frame, memory, keys, None, state)
        if stop is None:
            stop = frames.new_full((1,), NEVER)
        return frames, weights, stop, *after


class _Postnet(nn.Module):
    def __init__(self, model: Tacotron2017):
        super().__init__()
        self.postnet = model.postnet
        for name in ("mel_mean", "mel_deviation", "linear_mean", "linear_deviation"):
            self.register_buffer(name, getattr(model, name))

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        linear = self.postnet(frames) * self.linear_deviation + self.linear_mean
        return frames * self.mel_deviation + self.mel_mean, linear


def attentive_graphs(model: Tacotron2017) -> dict[str, bytes]:
    """The three graphs of an attentive voice, ONNX files as bytes by part name."""
    config = model.config
    model = model.eval().float()
    memory = torch.zeros(1, 7, 2 * config.cbhg_size)
    keys = torch.zeros(1, 7, config.attention_size)
    symbols = {1: "symbols"}
    return {
        "encoder.onnx": onnx_graph(
            _Encoder(model),
            {
                "ids": torch.ones(1, 7, dtype=torch.int64),
                "speaker": torch.zeros(1, dtype=torch.int64),
            },
            ["memory", "keys"],
            {"ids": symbols, "memory": symbols, "keys": symbols},
        ),
        "decoder.onnx": onnx_graph(
            _Decoder(model),
            {
                "frame": torch.zeros(1, config.n_mels),
                "memory": memory,
                "keys": keys,
                **dict(zip(STATES, model.decoder.first_state(memory), strict=True)),
            },
            ["frames", "weights", "stop", *(f"next_{name}" for name in STATES)],
            {"memory": symbols, "keys": symbols, "weights": symbols},
        ),
        "postnet.onnx": onnx_graph(
            _Postnet(model),
            {"frames": torch.zeros(1, 4 * config.reduction_factor, config.n_mels)},
            ["mel", "linear"],
            {"frames": {1: "frames"}, "mel": {1: "frames"}, "linear": {1: "frames"}},
        ),
    }
