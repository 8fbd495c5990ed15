"""Vocoders of a few lines, as voices carry them: graphs with random weights and a short reach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tacotron.audio.convention import get_convention
from tacotron.speak import Voice
from tacotron.voice import SourceFilterSettings, WaveformSettings

NVIDIA = get_convention("nvidia")
REACH = 2  # frames to each side that every graph here looks at


def graph(
    nodes: list[onnx.NodeProto],
    inputs: dict[str, list[int | str]],
    outputs: dict[str, list[int | str]],
    constants: dict[str, np.ndarray],
) -> bytes:
    """An ONNX file of float32 inputs and outputs."""

    def describe(values: dict[str, list[int | str]]) -> list[onnx.ValueInfoProto]:
        kind = TensorProto.FLOAT
        return [helper.make_tensor_value_info(name, kind, shape) for name, shape in values.items()]

    stored = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    body = helper.make_graph(nodes, "test", describe(inputs), describe(outputs), stored)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def convolution(channels: int, scale: float) -> np.ndarray:
    """Random weights over all bands and `REACH` frames to each side."""
    rng = np.random.default_rng(5)
    shape = (channels, NVIDIA.n_mels, 2 * REACH + 1)
    return (scale * rng.standard_normal(shape) / 20).astype(np.float32)


def source_filter_graph() -> bytes:
    """mel [1, T, n_mels] -> F0 from 100 to 200 Hz, breath, and filters louder where the mel is."""
    bins = NVIDIA.n_bins
    make = helper.make_node
    return graph(
        [
            make("Transpose", ["mel"], ["bands"], perm=[0, 2, 1]),
            make("Conv", ["bands", "weights"], ["mixed"], pads=[REACH, REACH]),
            make("Transpose", ["mixed"], ["rows"], perm=[0, 2, 1]),
            make("Tanh", ["rows"], ["bounded"]),
            make("Split", ["bounded", "sizes"], ["pitch", "pulse", "turn", "noise", "air"], axis=2),
            make("Squeeze", ["pitch", "last"], ["relative"]),
            make("Mul", ["relative", "range"], ["moved"]),
            make("Add", ["moved", "middle"], ["f0"]),
            make("ReduceMean", ["mel"], ["level"], axes=[2], keepdims=1),
            make("Mul", ["level", "half"], ["loudness"]),
            make("Add", ["pulse", "loudness"], ["pulse_log_magnitude"]),
            make("Mul", ["turn", "half"], ["pulse_phase"]),
            make("Add", ["noise", "loudness"], ["nearly"]),
            make("Sub", ["nearly", "half"], ["noise_log_magnitude"]),
            make("Squeeze", ["air", "last"], ["share"]),
            make("Sigmoid", ["share"], ["breath"]),
        ],
        {"mel": [1, "T", NVIDIA.n_mels]},
        {
            "f0": [1, "T"],
            "pulse_log_magnitude": [1, "T", bins],
            "pulse_phase": [1, "T", bins],
            "noise_log_magnitude": [1, "T", bins],
            "breath": [1, "T"],
        },
        {
            "weights": convolution(2 + 3 * bins, 0.5),
            "sizes": np.array([1, bins, bins, bins, 1]),
            "last": np.array([2]),
            "range": np.float32(50),
            "middle": np.float32(150),
            "half": np.float32(0.5),
        },
    )


def waveform_graph(layout: str = "time-last", *, rank: int = 3, lacking: int = 0) -> bytes:
    """A mel in ``layout`` -> ``hop_length`` samples a frame, but for ``lacking`` at the end."""
    make = helper.make_node
    size = [NVIDIA.n_mels, "T"] if layout == "time-last" else ["T", NVIDIA.n_mels]
    nodes = [make("Reshape", ["mel", "batched"], ["one"])]
    batched = [1, NVIDIA.n_mels, -1] if layout == "time-last" else [1, -1, NVIDIA.n_mels]
    if layout == "time-first":
        nodes.append(make("Transpose", ["one"], ["bands"], perm=[0, 2, 1]))
    else:
        nodes.append(make("Identity", ["one"], ["bands"]))
    nodes += [
        make("Conv", ["bands", "weights"], ["mixed"], pads=[REACH, REACH]),
        make("Transpose", ["mixed"], ["rows"], perm=[0, 2, 1]),
        make("Tanh", ["rows"], ["samples"]),
        make("Reshape", ["samples", "flat"], ["all"]),
        make("Slice", ["all", "zero", "end", "axis"], ["audio"]),
    ]
    return graph(
        nodes,
        {"mel": [1] * (rank - 2) + size},
        {"audio": [1, 1, "S"]},
        {
            "weights": convolution(NVIDIA.hop_length, 0.1),
            "batched": np.array(batched),
            "flat": np.array([1, 1, -1]),
            "zero": np.array([0]),
            "end": np.array([-lacking if lacking else np.iinfo(np.int64).max]),
            "axis": np.array([2]),
        },
    )


def postnet_graph() -> bytes:
    """The decoder's frames and what is around them -> a mel."""
    make = helper.make_node
    return graph(
        [
            make("Transpose", ["frames"], ["bands"], perm=[0, 2, 1]),
            make("Conv", ["bands", "weights"], ["mixed"], pads=[REACH, REACH]),
            make("Transpose", ["mixed"], ["rows"], perm=[0, 2, 1]),
            make("Tanh", ["rows"], ["bounded"]),
            make("Add", ["frames", "bounded"], ["mel"]),
        ],
        {"frames": [1, "T", NVIDIA.n_mels]},
        {"mel": [1, "T", NVIDIA.n_mels]},
        {"weights": convolution(NVIDIA.n_mels, 0.1)},
    )


SOURCE_FILTER = SourceFilterSettings(NVIDIA, NVIDIA.n_fft, NVIDIA.hop_length, context=REACH)


@pytest.fixture
def make_voice(make_hum_voice: Callable[..., Path]) -> Callable[..., Voice]:
    """Loads the hum voice with a post-net and a vocoder that look to both sides."""

    def make(
        vocoder: SourceFilterSettings | WaveformSettings | None = SOURCE_FILTER,
        parts: dict[str, bytes] | None = None,
        **changes: object,
    ) -> Voice:
        own = {"postnet.onnx": postnet_graph()}
        if isinstance(vocoder, SourceFilterSettings):
            own["vocoder.onnx"] = source_filter_graph()
        changes = {"postnet_context": REACH} | changes
        return Voice.load(make_hum_voice(own | (parts or {}), vocoder=vocoder, **changes))

    return make
