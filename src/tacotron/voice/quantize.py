"""Graphs with weights of eight bits: a quarter of the size, and faster.

Weights are stored as whole numbers with a scale for each output. Matrix products, and convolutions
over time as products of all frames under the kernel, are computed in whole numbers: what they are
given is rounded to eight bits as well, of the range that it had while the voice spoke. That range
is fixed, so that a frame's result does not depend on what else is in the window, and speaking in
windows gives what speaking at once gives; what lies outside is taken for the range's end. In loops,
where a product has a single row, each row has a range of its own. The weights of other layers
(recurrent layers that are one operator, tables) become floating-point numbers again when a graph is
loaded; of what is smaller, the larger part is stored in half precision.

Needs the package ``onnx`` (of the training extra); quantized voices don't.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tacotron.voice.whole_numbers import (
    MICROSOFT,
    as_factor,
    as_float,
    input_steps,
    names,
    product,
    restored,
    rounding,
    row_product,
    tensors,
    whole_columns,
    whole_numbers,
)

# Smaller tensors don't become whole numbers: biases, signal processing, and the network that reads
# a pitch, where a rounded weight can move the result by a semitone.
SMALLEST = 80_000  # numbers
# From here on they are stored in half precision, though: good to 0.05 % of the largest.
_SMALLEST_HALF = 8_000

# Operators that have weights, and the axis of the weights along which their outputs lie: each gets
# a scale of its own.
_OUTPUT_AXIS = {"Conv": 0, "Gather": 0, "LSTM": 1, "GRU": 1, "MatMul": 1}

# What a graph is given at once, by the names of its inputs.
Given = Mapping[str, np.ndarray]


def quantize_parts(
    parts: Mapping[str, bytes], given: Mapping[str, Sequence[Given]]
) -> dict[str, bytes]:
    """The parts of a voice with its graphs quantized; ``given`` is what each of them was given
    while the voice spoke, by part."""
    return {
        part: quantize_graph(data, given.get(part, ())) if part.endswith(".onnx") else data
        for part, data in parts.items()
    }


def quantize_graph(data: bytes, given: Sequence[Given]) -> bytes:
    """An ONNX file with the weights of another in eight bits.

    Without anything ``given``, it is smaller and not faster: only loops compute in whole numbers.
    """
    model = onnx.load_from_string(data)
    for loop in _loops(model.graph):
        _quantize_loop(loop)
    _quantize(model, given)
    if not any(opset.domain == MICROSOFT for opset in model.opset_import):
        model.opset_import.append(helper.make_opsetid(MICROSOFT, 1))
    return model.SerializeToString()


def _quantize(model: onnx.ModelProto, given: Sequence[Given]) -> None:
    """Quantize what is outside of loops."""
    weights = _weights(model.graph, _OUTPUT_AXIS)
    factors = _factors(model.graph, weights) if given else set()
    products = [node for node in model.graph.node if not factors.isdisjoint(node.input)]
    ranges = _ranges(model, {node.input[0] for node in products}, given)
    constants: list[onnx.TensorProto] = []
    nodes: list[onnx.NodeProto] = []
    for name, ends in ranges.items():
        constants += tensors(names(name)[1:], input_steps(*ends))
    for tensor in model.graph.initializer:
        name, values = tensor.name, numpy_helper.to_array(tensor)
        if name in factors:
            whole = whole_columns(as_factor(values), signed=True)
            constants += tensors(names(name), whole)
        elif name in weights:
            constants += tensors(names(name), whole_numbers(values, weights[name]))
            nodes += restored(name)
        elif _fits_half(tensor):
            constants.append(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            nodes.append(as_float(f"{name}.half", name))
        else:
            constants.append(_copy(tensor))
    rounded: set[str] = set()
    for node in model.graph.node:
        if factors.isdisjoint(node.input):
            nodes.append(_copy(node))
            continue
        if node.input[0] not in rounded:
            rounded.add(node.input[0])
            nodes.append(rounding(node.input[0]))
        nodes += product(node)
    _replace(model.graph, constants, nodes)


def _quantize_loop(graph: onnx.GraphProto) -> None:
    """Quantize the products of a loop's body."""
    factors = _weights(graph, ("MatMul",)).keys()
    constants: list[onnx.TensorProto] = []
    for tensor in graph.initializer:
        if tensor.name in factors:
            whole = whole_columns(numpy_helper.to_array(tensor), signed=False)
            constants += tensors(names(tensor.name), whole)
        else:
            constants.append(_copy(tensor))
    nodes = [
        _copy(node) if factors.isdisjoint(node.input) else row_product(node) for node in graph.node
    ]
    _replace(graph, constants, nodes)


def _loops(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """The bodies of all loops in ``graph``."""
    for node in graph.node:
        for inner in _inner_graphs(node):
            yield from _loops(inner)
            if node.op_type in ("Scan", "Loop"):
                yield inner


def _inner_graphs(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    return [a.g for a in node.attribute if a.type == onnx.AttributeProto.GRAPH]


def _weights(graph: onnx.GraphProto, operators: Collection[str]) -> dict[str, int]:
    """The large tensors that only ``operators`` read, and the axis of their outputs."""
    large = {
        tensor.name
        for tensor in graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT and math.prod(tensor.dims) >= SMALLEST
    }
    axes: dict[str, int] = {}
    for node in graph.node:
        for inner in _inner_graphs(node):  # which may read what is around them
            large -= {name for within in inner.node for name in within.input}
        for name in large.intersection(node.input):
            axis = _OUTPUT_AXIS[node.op_type] if node.op_type in operators else None
            if axis is None or axes.setdefault(name, axis) != axis:
                large.discard(name)
    return {name: axis for name, axis in axes.items() if name in large}


def _factors(graph: onnx.GraphProto, weights: Collection[str]) -> set[str]:
    """Those of ``weights`` that are second factors alone, of products or of convolutions that can
    be some."""
    factors = set(weights)
    for node in graph.node:
        is_product = node.op_type == "MatMul" or _is_over_time(node)
        factors.difference_update(node.input[:1] if is_product else node.input)
    return factors


def _is_over_time(node: onnx.NodeProto) -> bool:
    """Whether this is a convolution of all channels over the last axis that keeps its length, of
    [batch, channels, T] or of [batch, channels, 1, T]."""
    if node.op_type != "Conv":
        return False
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    kernel = attributes.get("kernel_shape", [0])  # exporters write it
    reach = [size // 2 for size in kernel]
    return (
        kernel[-1] % 2 == 1
        and math.prod(kernel[:-1]) == 1
        and attributes.get("pads") == reach * 2
        and attributes.get("group", 1) == 1
        and {*attributes.get("strides", ()), *attributes.get("dilations", ())} <= {1}
    )


def _fits_half(tensor: onnx.TensorProto) -> bool:
    """Whether this is to be stored in half precision, being large enough and of a common level."""
    if tensor.data_type != onnx.TensorProto.FLOAT or math.prod(tensor.dims) < _SMALLEST_HALF:
        return False
    return 1e-3 < np.abs(numpy_helper.to_array(tensor)).max() < 1e4


def _ranges(
    model: onnx.ModelProto, names: Collection[str], given: Sequence[Given]
) -> dict[str, tuple[float, float]]:
    """Between which numbers, 0 being one of them, each of the tensors ``names`` lies while
    ``model`` computes what is ``given``."""
    import onnxruntime

    ranges = dict.fromkeys(sorted(names), (0.0, 0.0))
    if not ranges:
        return ranges
    watched = _copy(model)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in ranges)
    session = onnxruntime.InferenceSession(
        watched.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    for inputs in given:
        for name, values in zip(ranges, session.run(list(ranges), inputs), strict=True):
            lowest, highest = ranges[name]
            ranges[name] = min(lowest, float(values.min())), max(highest, float(values.max()))
    return ranges


def _replace(
    graph: onnx.GraphProto,
    constants: Sequence[onnx.TensorProto],
    nodes: Sequence[onnx.NodeProto],
) -> None:
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(constants)
    graph.node.extend(nodes)


def _copy(message: Any) -> Any:
    """A copy that lives on when the list that holds ``message`` is cleared."""
    copy = type(message)()
    copy.CopyFrom(message)
    return copy
