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
    return {part: quantize_graph(data, [examples(part, data)]) for part, data in graphs.items()}


def session(graph: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])


def examples(part: str, graph: bytes) -> dict[str, np.ndarray]:
    """What the graph may be given."""
    if part == "encoder.onnx":
        return {"ids": np.arange(1, 15)[None], "speaker": np.array([0])}
    inputs = random_inputs(graph, {"steps": 5, "frames": 30, "symbols": 7})
    if part == "upsampler.onnx":
        inputs["index"] = np.arange(30)[None] // 5
    return inputs


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


@pytest.mark.parametrize("part", ["encoder.onnx", "upsampler.onnx", "decoder.onnx", "postnet.onnx"])
def test_they_compute_nearly_the_same(
    graphs: dict[str, bytes], quantized: dict[str, bytes], part: str
) -> None:
    inputs = examples(part, graphs[part])
    for whole, small in zip(
        session(graphs[part]).run(None, inputs),
        session(quantized[part]).run(None, inputs),
        strict=True,
    ):
        assert np.abs(whole - small).mean() < 0.03 * np.abs(whole).mean()


def operators(graph: bytes) -> list[str]:
    return [node.op_type for node in onnx.load_from_string(graph).graph.node]


def test_convolutions_compute_in_whole_numbers(
    graphs: dict[str, bytes], quantized: dict[str, bytes]
) -> None:
    assert operators(graphs["postnet.onnx"]).count("Conv") == 5
    assert operators(quantized["postnet.onnx"]).count("MatMulIntegerToFloat") == 3
    # The first and the last of this small post-net are below what is quantized.
    assert operators(quantized["postnet.onnx"]).count("Conv") == 2


def test_without_examples_they_are_only_smaller(graphs: dict[str, bytes]) -> None:
    data = graphs["postnet.onnx"]
    small = quantize_graph(data, [])
    assert len(small) < 0.5 * len(data)
    assert "MatMulIntegerToFloat" not in operators(small)
    inputs = examples("postnet.onnx", data)
    (whole,), (restored,) = (session(graph).run(None, inputs) for graph in (data, small))
    assert np.abs(whole - restored).mean() < 0.01 * np.abs(whole).mean()


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


def one_layer(operator: str, weight: np.ndarray, shape: list[int | str], **attributes) -> bytes:
    """A graph of one layer without a bias, from ``x`` of ``shape`` to ``y``."""
    body = onnx.helper.make_graph(
        [onnx.helper.make_node(operator, ["x", "w"], ["y"], **attributes)],
        "layer",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(weight, "w")],
    )
    opset = onnx.helper.make_opsetid("", 17)
    return onnx.helper.make_model(body, opset_imports=[opset], ir_version=8).SerializeToString()


def test_products_do_not_depend_on_the_window() -> None:
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((256, 320)).astype(np.float32)
    rows = rng.standard_normal((1, 50, 256)).astype(np.float32)
    rows[0, 20] = 0.0
    graph = quantize_graph(one_layer("MatMul", weight, [1, "T", 256]), [{"x": rows}])
    small = session(graph)
    (whole,) = small.run(None, {"x": rows})
    (part,) = small.run(None, {"x": rows[:, 7:31]})
    np.testing.assert_array_equal(part, whole[:, 7:31])
    assert not whole[0, 20].any()
    assert np.abs(whole - rows @ weight).mean() < 0.03 * np.abs(whole).mean()


@pytest.mark.parametrize("channels_and_more", [(64,), (64, 1)])
@pytest.mark.parametrize("kernel", [1, 5, 7])
def test_convolutions_over_time(channels_and_more: tuple[int, ...], kernel: int) -> None:
    """With zeros around the ends, as before, and nothing but what is under the kernel."""
    rng = np.random.default_rng(0)
    spans = [1] * (len(channels_and_more) - 1) + [kernel]
    weight = rng.standard_normal((1280, 64, *spans)).astype(np.float32)
    x = (3 + rng.standard_normal((1, *channels_and_more, 40))).astype(np.float32)
    pads = [span // 2 for span in spans] * 2
    data = one_layer("Conv", weight, [1, *channels_and_more, "T"], kernel_shape=spans, pads=pads)
    graph = quantize_graph(data, [{"x": x}])
    assert "Conv" not in operators(graph)
    (exact,), (whole,) = (session(each).run(None, {"x": x}) for each in (data, graph))
    assert whole.shape == exact.shape
    error = np.abs(whole - exact).mean(axis=tuple(range(whole.ndim - 1)))  # a frame
    assert error.max() < 0.03 * np.abs(exact).mean()
    (part,) = session(graph).run(None, {"x": x[..., 10:30]})
    inner = slice(kernel // 2, 20 - kernel // 2)
    np.testing.assert_array_equal(part[..., inner], whole[..., 10:30][..., inner])


@pytest.mark.parametrize("attributes", [{"strides": [2]}, {"dilations": [2], "pads": [4, 4]}])
def test_other_convolutions_stay(attributes: dict[str, list[int]]) -> None:
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((320, 64, 5)).astype(np.float32)
    x = rng.standard_normal((1, 64, 40)).astype(np.float32)
    settings = {"kernel_shape": [5], "pads": [2, 2]} | attributes
    data = one_layer("Conv", weight, [1, 64, "T"], **settings)
    graph = quantize_graph(data, [{"x": x}])
    assert operators(graph).count("Conv") == 1
    (exact,), (near,) = (session(each).run(None, {"x": x}) for each in (data, graph))
    assert np.abs(near - exact).mean() < 0.01 * np.abs(exact).mean()


def test_smaller_weights_are_halved() -> None:
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((100, 100)).astype(np.float32)
    x = rng.standard_normal((1, 30, 100)).astype(np.float32)
    data = one_layer("MatMul", weight, [1, "T", 100])
    small = quantize_graph(data, [{"x": x}])
    assert len(small) < 0.6 * len(data)
    (exact,), (near,) = (session(each).run(None, {"x": x}) for each in (data, small))
    np.testing.assert_allclose(near, exact, rtol=0, atol=2e-3 * np.abs(exact).max())
    # Half precision has no such numbers.
    for scale in (1e-6, 1e6):
        graph = one_layer("MatMul", weight * np.float32(scale), [1, "T", 100])
        assert len(quantize_graph(graph, [{"x": x}])) >= len(graph)


def test_what_lies_outside_the_range_is_taken_for_its_end() -> None:
    weight = np.eye(300, dtype=np.float32)
    seen = np.linspace(-1, 3, 300, dtype=np.float32)[None, None]
    graph = quantize_graph(one_layer("MatMul", weight, [1, "T", 300]), [{"x": seen}])
    x = np.repeat(np.array([[[100.0], [-100.0]]], np.float32), 300, axis=2)
    (y,) = session(graph).run(None, {"x": x})
    np.testing.assert_allclose(y[0, 0], 3.0, atol=0.02)
    np.testing.assert_allclose(y[0, 1], -1.0, atol=0.02)


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
