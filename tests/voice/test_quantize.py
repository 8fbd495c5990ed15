"""Quantized graphs: small, near to what they were, and the same whatever else is in the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from tacotron.cli.main import main
from tacotron.model.nonattentive import NonAttentiveConfig, NonAttentiveTacotron
from tacotron.speak import Voice
from tacotron.voice import Bundle, SourceFilterSettings
from tacotron.voice.graphs import nonattentive_graphs
from tacotron.voice.quantize import SMALLEST, quantize_graph

from ..speak.conftest import NVIDIA, REACH, postnet_graph, source_filter_graph

WIDE = {"n_symbols": 20, "encoder_size": 128, "decoder_size": 160, "postnet_size": 128}


@pytest.fixture(scope="module")
def graphs() -> dict[str, bytes]:
    torch.manual_seed(0)
    return nonattentive_graphs(NonAttentiveTacotron(NonAttentiveConfig(**WIDE)).eval())


@pytest.fixture(scope="module")
def quantized(graphs: dict[str, bytes]) -> dict[str, bytes]:
    return {part: quantize_graph(data) for part, data in graphs.items()}


def session(graph: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])


def random_inputs(graph: bytes, sizes: dict[str, int]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        node.name: rng.standard_normal(
            [size if isinstance(size, int) else sizes[size] for size in node.shape]
        ).astype(np.float32)
        for node in session(graph).get_inputs()
    }


def test_they_are_smaller(graphs: dict[str, bytes], quantized: dict[str, bytes]) -> None:
    assert sum(map(len, quantized.values())) < 0.5 * sum(map(len, graphs.values()))
    for data in quantized.values():
        stored = onnx.load_from_string(data).graph.initializer
        assert all(
            tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < SMALLEST
            for tensor in stored
        )


@pytest.mark.parametrize("part", ["decoder.onnx", "postnet.onnx"])
def test_they_compute_nearly_the_same(
    graphs: dict[str, bytes], quantized: dict[str, bytes], part: str
) -> None:
    inputs = random_inputs(graphs[part], {"steps": 5, "frames": 30})
    for whole, small in zip(
        session(graphs[part]).run(None, inputs),
        session(quantized[part]).run(None, inputs),
        strict=True,
    ):
        assert np.abs(whole - small).mean() < 0.03 * np.abs(whole).mean()


def test_encoders_too(graphs: dict[str, bytes], quantized: dict[str, bytes]) -> None:
    inputs = {"ids": np.arange(1, 15)[None], "speaker": np.array([0])}
    whole, small = (session(g["encoder.onnx"]).run(None, inputs)[0] for g in (graphs, quantized))
    assert np.abs(whole - small).mean() < 0.03 * np.abs(whole).mean()


def test_loops_compute_in_whole_numbers(quantized: dict[str, bytes]) -> None:
    (scan,) = (
        node
        for node in onnx.load_from_string(quantized["decoder.onnx"]).graph.node
        if node.op_type == "Scan"
    )
    (body,) = (attribute.g for attribute in scan.attribute if attribute.name == "body")
    assert [node.op_type for node in body.node].count("DynamicQuantizeMatMul") == 2


def test_steps_at_a_time_change_no_bit(quantized: dict[str, bytes]) -> None:
    """What a step gives is fed back: the least difference would grow."""
    decoder = session(quantized["decoder.onnx"])
    inputs = random_inputs(quantized["decoder.onnx"], {"steps": 12})
    by_step = ("condition", "dropout_1", "dropout_2")
    whole = decoder.run(None, inputs)
    names = [node.name for node in decoder.get_outputs()]
    parts = []
    for a, b in ((0, 1), (1, 8), (8, 12)):
        now = {name: x[a:b] if name in by_step else x for name, x in inputs.items()}
        results = dict(zip(names, decoder.run(None, now), strict=True))
        parts.append(results["frames"])
        inputs |= {name.removeprefix("next_"): x for name, x in results.items() if name != "frames"}
        inputs["frame"] = results["frames"][-1:, -1]
    joined = np.concatenate(parts)
    np.testing.assert_allclose(joined, whole[0], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(joined[:, -1], whole[0][:, -1])  # what is fed back
    for name, x in zip(names[1:], whole[1:], strict=True):
        np.testing.assert_array_equal(results[name], x)


@pytest.mark.parametrize("opset", [17, 18])
def test_products_do_not_depend_on_the_window(opset: int) -> None:
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((256, 300)).astype(np.float32)
    make = onnx.helper.make_tensor_value_info
    body = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [make("x", onnx.TensorProto.FLOAT, [1, "T", 256])],
        [make("y", onnx.TensorProto.FLOAT, [1, "T", 300])],
        [onnx.numpy_helper.from_array(weight, "w")],
    )
    model = onnx.helper.make_model(
        body, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=8
    )
    small = session(quantize_graph(model.SerializeToString()))
    # Rows of any size, one of them silent.
    rows = (rng.standard_normal((1, 50, 256)) * 10.0 ** rng.uniform(-5, 5, (1, 50, 1))).astype("f")
    rows[0, 20] = 0.0
    (whole,) = small.run(None, {"x": rows})
    (part,) = small.run(None, {"x": rows[:, 7:31]})
    np.testing.assert_array_equal(part, whole[:, 7:31])
    exact = rows @ weight
    error = np.abs(whole - exact).mean(axis=2) / np.maximum(np.abs(exact).mean(axis=2), 1e-12)
    assert error.max() < 0.03


def test_the_command(
    make_hum_voice: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = SourceFilterSettings(NVIDIA, NVIDIA.n_fft, NVIDIA.hop_length, context=REACH)
    parts = {"vocoder.onnx": source_filter_graph(), "postnet.onnx": postnet_graph()}
    whole = make_hum_voice(
        parts | {"weights.safetensors": bytes(9)}, vocoder=settings, postnet_context=REACH
    )
    small = tmp_path / "small.voice"
    arguments = ["export", str(whole), "-o", str(small), "--quantize", "--without-weights"]
    assert main(arguments) == 0
    assert small.stat().st_size < 0.4 * whole.stat().st_size
    bundle = Bundle.open(small)
    assert bundle.manifest.provenance["quantized"] == "8 bits"
    assert bundle.manifest.metrics == {}
    assert "weights.safetensors" not in bundle
    voice = Voice.load(small)
    text = "Hello there. General remarks."
    streamed, spoken = (
        np.concatenate([chunk.audio for chunk in speak(text)])
        for speak in (voice.stream, voice.synthesize)
    )
    np.testing.assert_allclose(streamed, spoken, rtol=0, atol=1e-4)
