"""The graph of a source-filter vocoder, under the names and shapes that `tacotron.speak` runs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tacotron.model.vocoder import Filters, SourceFilterVocoder
from tacotron.voice.graphs.tracing import onnx_graph


class _Filters(nn.Module):
    def __init__(self, model: SourceFilterVocoder):
        super().__init__()
        self.model = model

    def forward(self, mel: Tensor) -> Filters:
        return self.model(mel)[0]


def vocoder_graph(model: SourceFilterVocoder) -> bytes:
    """The network as an ONNX file: ``mel`` float32 [1, T, n_mels], in the convention's values, to
    the fields of `tacotron.model.vocoder.Filters`.

    Pulses, noise and Fourier transforms are left to the speaker, who carries their state from chunk
    to chunk.
    """
    mel = torch.zeros(1, 2 * model.config.context, model.config.n_mels)
    return onnx_graph(
        _Filters(model.eval().float()),
        {"mel": mel},
        list(Filters._fields),
        {name: {1: "frames"} for name in ("mel", *Filters._fields)},
    )
