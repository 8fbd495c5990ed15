"""Graphs with weights of eight bits: a quarter of the size, and faster.

Weights are stored as whole numbers with a scale for each output. Matrix products are computed in
whole numbers, their inputs rounded to eight bits as well: each frame with a scale of its own, so
that its result does not depend on what else is in the window, and speaking in windows gives what
speaking at once gives. The weights of other layers (convolutions, recurrent layers that are one
operator, tables) become floating-point numbers again when a graph is loaded.

Needs the package ``onnx`` (of the training extra); quantized voices don't.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

# Smaller tensors stay as they are: biases, signal processing, and the network that reads a pitch,
# where a rounded weight can move the result by a semitone.
SMALLEST = 80_000  # numbers

_MICROSOFT = "com.microsoft"  # ONNX Runtime's own operators
_ZERO = 128  # of unsigned numbers
_STEPS = 127  # to either side of it
# Of signed weights that meet unsigned inputs: older processors add two such products in sixteen
# bits, which 2 * 255 * 63 just fit into.
_CAREFUL_STEPS = 63

# What a tensor of weights becomes: (whole - zero) * scale.
_PARTS = ("whole", "scale", "zero")

# What `_rows_product` reads. A cast cuts off what is behind the point: half a step rounds.
_NUMBERS = {
    "quantize.tiny": np.float32(1e-20),
    "quantize.steps": np.float32(_STEPS),
    "quantize.step": np.float32(1 / _STEPS),
    "quantize.half": np.float32(_ZERO + 0.5),
    "quantize.zero": np.uint8(_ZERO),
}
_LAST = "quantize.last"  # the last axis, where axes are an input of reductions
_AXES_ARE_INPUTS = 18  # from this operator set on

# Operators that have weights, and the axis of the weights along which their outputs lie: each gets
# a scale of its own.
_OUTPUT_AXIS = {"Conv": 0, "Gather": 0, "LSTM": 1, "GRU": 1, "MatMul": 1}


def quantize_parts(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The parts of a voice with its graphs quantized."""
    return {
        part: quantize_graph(data) if part.endswith(".onnx") else data
        for part, data in parts.items()
    }


def quantize_graph(data: bytes) -> bytes:
    """An ONNX file with the weights of another in eight bits."""
    model = onnx.load_from_string(data)
    opset = max(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    _quantize(model.graph, opset, in_loop=False)
    if not any(opset.domain == _MICROSOFT for opset in model.opset_import):
        model.opset_import.append(helper.make_opsetid(_MICROSOFT, 1))
    return model.SerializeToString()


def _quantize(graph: onnx.GraphProto, opset: int, *, in_loop: bool) -> None:
    for node in graph.node:
        for inner in _inner_graphs(node):
            _quantize(inner, opset, in_loop=node.op_type in ("Scan", "Loop"))
    axes = _weights(graph, ("MatMul",) if in_loop else tuple(_OUTPUT_AXIS))
    constants: list[onnx.TensorProto] = []
    nodes: list[onnx.NodeProto] = []
    products = {node.input[1] for node in graph.node if node.op_type == "MatMul"} & axes.keys()
    for tensor in graph.initializer:
        if tensor.name not in axes:
            constants.append(_copy(tensor))
            continue
        values, axis = numpy_helper.to_array(tensor), axes[tensor.name]
        if tensor.name not in products:
            parts = _whole_numbers(values, axis)
            nodes += _restored(tensor.name)
        else:
            parts = _whole_columns(values, signed=not in_loop)
        constants += [
            numpy_helper.from_array(value, f"{tensor.name}.{part}")
            for part, value in zip(_PARTS, parts, strict=True)
        ]
    for node in graph.node:
        if node.op_type != "MatMul" or node.input[1] not in products:
            nodes.append(_copy(node))
        elif in_loop:
            nodes.append(_row_product(node))
        else:
            nodes += _rows_product(node, opset)
    if products and not in_loop:
        numbers = _NUMBERS | ({_LAST: np.array([-1])} if opset >= _AXES_ARE_INPUTS else {})
        constants += [
            numpy_helper.from_array(np.asarray(value), name) for name, value in numbers.items()
        ]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(constants)
    graph.node.extend(nodes)


def _weights(graph: onnx.GraphProto, operators: Sequence[str]) -> dict[str, int]:
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


def _inner_graphs(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    return [a.g for a in node.attribute if a.type == onnx.AttributeProto.GRAPH]


def _whole_numbers(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``values`` as `_PARTS`, a scale for each place along ``axis``, to be restored."""
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = _positive(np.abs(values).max(axis=others, keepdims=True)) / np.float32(_STEPS)
    whole = (np.rint(values / scale) + _ZERO).astype(np.uint8)
    return whole, scale, np.array(_ZERO, np.float32)


def _whole_columns(
    weight: np.ndarray, *, signed: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``weight`` [inputs, outputs] as `_PARTS`, a scale for each output, to be multiplied by."""
    steps, zero, kind = (_CAREFUL_STEPS, 0, np.int8) if signed else (_STEPS, _ZERO, np.uint8)
    scale = _positive(np.abs(weight).max(axis=0)) / np.float32(steps)
    whole = (np.rint(weight / scale) + zero).astype(kind)
    return whole, scale, np.full(len(scale), zero, kind)


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0.0, values, np.float32(1.0))


def _row_product(node: onnx.NodeProto) -> onnx.NodeProto:
    """A product of a single row, as one operator that finds the row's scale itself."""
    inputs = [node.input[0], *(f"{node.input[1]}.{part}" for part in _PARTS)]
    return helper.make_node("DynamicQuantizeMatMul", inputs, node.output, domain=_MICROSOFT)


def _rows_product(node: onnx.NodeProto, opset: int) -> list[onnx.NodeProto]:
    """A product of rows [..., inputs], each rounded with a scale of its own."""
    (rows, weight), (output,) = node.input, node.output
    whole, scale, zero = (f"{weight}.{part}" for part in _PARTS)

    def at(name: str) -> str:
        return f"{output}.{name}"

    make = helper.make_node
    highest, axes = [at("absolute")], {"axes": [-1]}
    if opset >= _AXES_ARE_INPUTS:
        highest, axes = [at("absolute"), _LAST], {}
    numbers = [at("whole"), whole, "quantize.step", scale, "quantize.zero", zero]
    return [
        make("Abs", [rows], [at("absolute")]),
        make("ReduceMax", highest, [at("highest")], keepdims=1, **axes),
        make("Max", [at("highest"), "quantize.tiny"], [at("range")]),
        make("Div", ["quantize.steps", at("range")], [at("gain")]),
        make("Mul", [rows, at("gain")], [at("scaled")]),
        make("Add", [at("scaled"), "quantize.half"], [at("raised")]),
        make("Cast", [at("raised")], [at("whole")], to=onnx.TensorProto.UINT8),
        make("MatMulIntegerToFloat", numbers, [at("product")], domain=_MICROSOFT),
        make("Mul", [at("product"), at("range")], [output]),
    ]


def _restored(name: str) -> list[onnx.NodeProto]:
    """Nodes that make the tensor ``name`` of its parts, once: ONNX Runtime does so at loading."""
    whole, scale, zero = (f"{name}.{part}" for part in _PARTS)
    return [
        helper.make_node("Cast", [whole], [f"{name}.cast"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Sub", [f"{name}.cast", zero], [f"{name}.centered"]),
        helper.make_node("Mul", [f"{name}.centered", scale], [name]),
    ]


def _copy(message: Any) -> Any:
    """A copy that lives on when the list that holds ``message`` is cleared."""
    copy = type(message)()
    copy.CopyFrom(message)
    return copy
