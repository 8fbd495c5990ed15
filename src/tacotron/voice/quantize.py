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

# Smaller tensors don't become whole numbers: biases, signal processing, and the network that reads
# a pitch, where a rounded weight can move the result by a semitone.
SMALLEST = 80_000  # numbers
# From here on they are stored in half precision, though: good to 0.05 % of the largest.
_SMALLEST_HALF = 8_000

_MICROSOFT = "com.microsoft"  # ONNX Runtime's own operators
_ZERO = 128  # of unsigned weights
_STEPS = 127  # to either side of it
# Of signed weights that meet unsigned inputs: older processors add two such products in sixteen
# bits, which 2 * 255 * 63 just fit into.
_CAREFUL_STEPS = 63
_INPUT_STEPS = 255  # from one end of the inputs' range to the other

# What a tensor becomes: (whole - zero) * scale.
_PARTS = ("whole", "scale", "zero")

# Operators that have weights, and the axis of the weights along which their outputs lie: each gets
# a scale of its own.
_OUTPUT_AXIS = {"Conv": 0, "Gather": 0, "LSTM": 1, "GRU": 1, "MatMul": 1}

_END = 2**31 - 1  # of an axis of any length

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
    if not any(opset.domain == _MICROSOFT for opset in model.opset_import):
        model.opset_import.append(helper.make_opsetid(_MICROSOFT, 1))
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
        constants += _tensors(_names(name)[1:], _input_steps(*ends))
    for tensor in model.graph.initializer:
        name, values = tensor.name, numpy_helper.to_array(tensor)
        if name in factors:
            whole = _whole_columns(_as_factor(values), signed=True)
            constants += _tensors(_names(name), whole)
        elif name in weights:
            constants += _tensors(_names(name), _whole_numbers(values, weights[name]))
            nodes += _restored(name)
        elif _fits_half(tensor):
            constants.append(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            nodes.append(_as_float(f"{name}.half", name))
        else:
            constants.append(_copy(tensor))
    rounded: set[str] = set()
    for node in model.graph.node:
        if factors.isdisjoint(node.input):
            nodes.append(_copy(node))
            continue
        if node.input[0] not in rounded:
            rounded.add(node.input[0])
            nodes.append(_rounding(node.input[0]))
        nodes += _product(node)
    _replace(model.graph, constants, nodes)


def _quantize_loop(graph: onnx.GraphProto) -> None:
    """Quantize the products of a loop's body."""
    factors = _weights(graph, ("MatMul",)).keys()
    constants: list[onnx.TensorProto] = []
    for tensor in graph.initializer:
        if tensor.name in factors:
            whole = _whole_columns(numpy_helper.to_array(tensor), signed=False)
            constants += _tensors(_names(tensor.name), whole)
        else:
            constants.append(_copy(tensor))
    nodes = [
        _copy(node) if factors.isdisjoint(node.input) else _row_product(node) for node in graph.node
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


def _input_steps(lowest: float, highest: float) -> tuple[np.ndarray, np.ndarray]:
    """What rounds numbers between these: the last two of `_PARTS`."""
    scale = (highest - lowest) / _INPUT_STEPS or 1.0
    return np.array(scale, np.float32), np.array(round(-lowest / scale), np.uint8)


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


def _as_factor(weight: np.ndarray) -> np.ndarray:
    """A product's weight [inputs, outputs], or a convolution's as that of a product of what lies
    under its kernel: all channels of the first place, then all of the second."""
    if weight.ndim == 2:
        return weight
    outputs, channels = weight.shape[:2]
    return weight.reshape(outputs, channels, -1).transpose(2, 1, 0).reshape(-1, outputs)


def _row_product(node: onnx.NodeProto) -> onnx.NodeProto:
    """A product of a single row, as one operator that finds the row's range itself."""
    inputs = [node.input[0], *_names(node.input[1])]
    return helper.make_node("DynamicQuantizeMatMul", inputs, node.output, domain=_MICROSOFT)


def _rounding(name: str) -> onnx.NodeProto:
    """What rounds the tensor ``name``."""
    whole, scale, zero = _names(name)
    return helper.make_node("QuantizeLinear", [name, scale, zero], [whole])


def _product(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """A product, or a convolution over time, of what was rounded."""
    given, weight, *bias = node.input
    if node.op_type == "Conv":
        return _product_over_time(node)
    return [_whole_product(_names(given)[0], given, weight, bias, node.output[0])]


def _product_over_time(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """A convolution of what was rounded as a product: every frame beside those around it."""
    (output,) = node.output
    given, weight, *bias = node.input
    (kernel,) = (list(a.ints) for a in node.attribute if a.name == "kernel_shape")
    make, time, span = helper.make_node, len(kernel), kernel[-1]

    def at(name: object) -> str:
        return f"{output}.{name}"

    # [batch, channels, (1,) T] -> [batch, (1,) T, channels], T being axis `time`.
    whole, _, zero = _names(given)
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
            # As many as there were: what is behind is cut off, but for the last place.
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
    _, scale, zero = _names(given)
    whole, weight_scale, weight_zero = _names(weight)
    inputs = [rows, whole, scale, weight_scale, zero, weight_zero, *bias]
    return helper.make_node("MatMulIntegerToFloat", inputs, [output], domain=_MICROSOFT)


def _restored(name: str) -> list[onnx.NodeProto]:
    """Nodes that make the tensor ``name`` of its parts, once: ONNX Runtime does so at loading."""
    whole, scale, zero = _names(name)
    return [
        _as_float(whole, f"{name}.cast"),
        helper.make_node("Sub", [f"{name}.cast", zero], [f"{name}.centered"]),
        helper.make_node("Mul", [f"{name}.centered", scale], [name]),
    ]


def _as_float(name: str, output: str) -> onnx.NodeProto:
    return helper.make_node("Cast", [name], [output], to=onnx.TensorProto.FLOAT)


def _names(name: str) -> list[str]:
    """What the `_PARTS` of the tensor ``name`` are called."""
    return [f"{name}.{part}" for part in _PARTS]


def _tensors(names: Sequence[str], values: Sequence[np.ndarray]) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(*pair) for pair in zip(values, names, strict=True)]


def _constant(name: str, values: Sequence[int]) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [name], value_ints=values)


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
