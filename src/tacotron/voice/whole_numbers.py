"""Layers of an ONNX graph that compute in whole numbers, in place of those that don't.

A tensor of numbers becomes three: whole numbers of eight bits, their scale and their zero; it is
(whole - zero) * scale. What is stored of ``weight`` and what rounds ``x`` go by `names`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

MICROSOFT = "com.microsoft"  # the domain of ONNX Runtime's own operators

_ZERO = 128  # of unsigned weights
_STEPS = 127  # to either side of it
# Of signed weights that meet unsigned inputs: older processors add two such products in sixteen
# bits, which 2 * 255 * 63 just fit into.
_CAREFUL_STEPS = 63
_INPUT_STEPS = 255  # from one end of the inputs' range to the other

_PARTS = ("whole", "scale", "zero")
_END = 2**31 - 1  # of an axis of any length


def input_steps(lowest: float, highest: float) -> tuple[np.ndarray, np.ndarray]:
    """What rounds numbers between these: the last two of `_PARTS`."""
    scale = (highest - lowest) / _INPUT_STEPS or 1.0
    return np.array(scale, np.float32), np.array(round(-lowest / scale), np.uint8)


def whole_numbers(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``values`` as `_PARTS`, a scale for each place along ``axis``, to be restored."""
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = _positive(np.abs(values).max(axis=others, keepdims=True)) / np.float32(_STEPS)
    whole = (np.rint(values / scale) + _ZERO).astype(np.uint8)
    return whole, scale, np.array(_ZERO, np.float32)


def whole_columns(weight: np.ndarray, *, signed: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``weight`` [inputs, outputs] as `_PARTS`, a scale for each output, to be multiplied by."""
    steps, zero, kind = (_CAREFUL_STEPS, 0, np.int8) if signed else (_STEPS, _ZERO, np.uint8)
    scale = _positive(np.abs(weight).max(axis=0)) / np.float32(steps)
    whole = (np.rint(weight / scale) + zero).astype(kind)
    return whole, scale, np.full(len(scale), zero, kind)


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0.0, values, np.float32(1.0))


def as_factor(weight: np.ndarray) -> np.ndarray:
    """A product's weight [inputs, outputs], or a convolution's as that of a product of what lies
    under its kernel: all channels of the first place, then all of the second."""
    if weight.ndim == 2:
        return weight
    outputs, channels = weight.shape[:2]
    return weight.reshape(outputs, channels, -1).transpose(2, 1, 0).reshape(-1, outputs)


def row_product(node: onnx.NodeProto) -> onnx.NodeProto:
    """A product of a single row, as one operator that finds the row's range itself."""
    inputs = [node.input[0], *names(node.input[1])]
    return helper.make_node("DynamicQuantizeMatMul", inputs, node.output, domain=MICROSOFT)


def rounding(name: str) -> onnx.NodeProto:
    """What rounds the tensor ``name``."""
    whole, scale, zero = names(name)
    return helper.make_node("QuantizeLinear", [name, scale, zero], [whole])


def product(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """A product, or a convolution over time, of what was rounded."""
    given, weight, *bias = node.input
    if node.op_type == "Conv":
        return _product_over_time(node)
    return [_whole_product(names(given)[0], given, weight, bias, node.output[0])]


def _product_over_time(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """A convolution of what was rounded as a product: every frame beside those around it."""
    (output,) = node.output
    given, weight, *bias = node.input
    (kernel,) = (list(a.ints) for a in node.attribute if a.name == "kernel_shape")
    make, time, span = helper.make_node, len(kernel), kernel[-1]

    def at(name: object) -> str:
        return f"{output}.{name}"

    # [batch, channels, (1,) T] -> [batch, (1,) T, channels], T being axis `time`.
    whole, _, zero = names(given)
    turned = [0, *range(2, time + 2), 1]
    around = [0] * (time + 2)
    around[time] = span // 2
    nodes = [
        make("Transpose", [whole], [at("frames")], perm=turned),
        _constant(at("around"), around * 2),
        make("Pad", [at("frames"), at("around"), zero], [at("padded")]),
        _constant(at("time"), [time]),
    ]
    for place in range(span):
        nodes += [
            _constant(at(f"{place}.first"), [place]),
            # So many frames are left as there were.
            _constant(at(f"{place}.stop"), [place - span + 1 or _END]),
            make(
                "Slice",
                [at("padded"), at(f"{place}.first"), at(f"{place}.stop"), at("time")],
                [at(place)],
            ),
        ]
    return [
        *nodes,
        make("Concat", [at(place) for place in range(span)], [at("under")], axis=time + 1),
        _whole_product(at("under"), given, weight, bias, at("product")),
        make("Transpose", [at("product")], [output], perm=[0, time + 1, *range(1, time + 1)]),
    ]


def _whole_product(
    rows: str, given: str, weight: str, bias: Sequence[str], output: str
) -> onnx.NodeProto:
    """The product of ``rows``, rounded as ``given`` is, and a ``weight``; and the ``bias``."""
    _, scale, zero = names(given)
    whole, weight_scale, weight_zero = names(weight)
    inputs = [rows, whole, scale, weight_scale, zero, weight_zero, *bias]
    return helper.make_node("MatMulIntegerToFloat", inputs, [output], domain=MICROSOFT)


def restored(name: str) -> list[onnx.NodeProto]:
    """Nodes that make the tensor ``name`` of its parts, once: ONNX Runtime does so at loading."""
    whole, scale, zero = names(name)
    return [
        as_float(whole, f"{name}.cast"),
        helper.make_node("Sub", [f"{name}.cast", zero], [f"{name}.centered"]),
        helper.make_node("Mul", [f"{name}.centered", scale], [name]),
    ]


def as_float(name: str, output: str) -> onnx.NodeProto:
    """What makes ``output`` of the tensor ``name``: the same numbers as float32."""
    return helper.make_node("Cast", [name], [output], to=onnx.TensorProto.FLOAT)


def names(name: str) -> list[str]:
    """What the `_PARTS` of the tensor ``name`` are called."""
    return [f"{name}.{part}" for part in _PARTS]


def tensors(called: Sequence[str], values: Sequence[np.ndarray]) -> list[onnx.TensorProto]:
    """``values`` as they are stored in a graph, by these names."""
    return [numpy_helper.from_array(*pair) for pair in zip(values, called, strict=True)]


def _constant(name: str, values: Sequence[int]) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [name], value_ints=values)
