"""Graphs with weights of eight bits: a quarter of the size, and a decoder several times as fast.

Weights are stored as whole numbers with a scale for each output. Products in the body of a loop,
where one row at a time meets a whole matrix and reading it is what takes the time, are computed in
whole numbers too. Elsewhere the weights become floating-point numbers again when a graph is loaded:
there, whole numbers would have to be scaled by what else is in the window, and speaking in windows
would no longer give what speaking at once gives.

Needs the package ``onnx`` (of the training extra); quantized voices don't.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

# Smaller tensors stay as they are: biases, signal processing, and networks whose output is a pitch.
SMALLEST = 1 << 16  # numbers

_MICROSOFT = "com.microsoft"  # ONNX Runtime's own operators
_ZERO = 128  # unsigned: signed weights overflow in the sixteen-bit sums of older processors
_STEPS = 127  # to either side of it

# What a tensor of weights becomes: (whole - zero) * scale.
_PARTS = ("whole", "scale", "zero")

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
    _quantize(model.graph, in_loop=False)
    if not any(opset.domain == _MICROSOFT for opset in model.opset_import):
        model.opset_import.append(helper.make_opsetid(_MICROSOFT, 1))
    return model.SerializeToString()


def _quantize(graph: onnx.GraphProto, *, in_loop: bool) -> None:
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                _quantize(attribute.g, in_loop=node.op_type in ("Scan", "Loop"))
    axes = _weights(graph, ("MatMul",) if in_loop else tuple(_OUTPUT_AXIS))
    constants: list[onnx.TensorProto] = []
    nodes: list[onnx.NodeProto] = []
    for tensor in graph.initializer:
        if tensor.name not in axes:
            constants.append(_copy(tensor))
            continue
        parts = _whole_numbers(numpy_helper.to_array(tensor), axes[tensor.name], flat=in_loop)
        constants += [
            numpy_helper.from_array(value, f"{tensor.name}.{part}")
            for part, value in zip(_PARTS, parts, strict=True)
        ]
        if not in_loop:
            nodes += _restored(tensor.name)
    for node in graph.node:
        weight = node.input[1] if len(node.input) > 1 else ""
        if in_loop and weight in axes:
            inputs = [node.input[0], *(f"{weight}.{part}" for part in _PARTS)]
            nodes.append(
                helper.make_node("DynamicQuantizeMatMul", inputs, node.output, domain=_MICROSOFT)
            )
        else:
            nodes.append(_copy(node))
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
        for name in large.intersection(node.input):
            axis = _OUTPUT_AXIS[node.op_type] if node.op_type in operators else None
            if axis is None or axes.setdefault(name, axis) != axis:
                large.discard(name)
    return {name: axis for name, axis in axes.items() if name in large}


def _whole_numbers(
    values: np.ndarray, axis: int, *, flat: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``values`` as `_PARTS`, a scale for each place along ``axis``; vectors where ``flat``."""
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = np.abs(values).max(axis=others, keepdims=True) / _STEPS
    scale[scale == 0.0] = 1.0
    whole = (np.rint(values / scale) + _ZERO).astype(np.uint8)
    if flat:
        return whole, scale.reshape(-1), np.full(scale.size, _ZERO, np.uint8)
    return whole, scale, np.array(_ZERO, np.float32)


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
