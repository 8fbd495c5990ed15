"""The decoder of a non-attentive voice as one ONNX graph that runs any number of steps.

Tracing gives a graph of one step, which costs a call from Python each time. Here the steps are the
body of a `Scan`, and what doesn't depend on the step before is left out of it: the condition's
share of the first LSTM and of the frames (`ConditionShares`, computed for a whole utterance at
once), and the frames but the one that is fed back. A step is left with three quarters of the
products, and reads that much less memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from tacotron.voice.graphs.tracing import OPSET

if TYPE_CHECKING:
    from tacotron.model.nonattentive import Decoder

STATES = ("hidden_1", "cell_1", "hidden_2", "cell_2")
_IR_VERSION = 8  # the one that goes with OPSET


class _Nodes:
    """Nodes of a graph, in order, and the constants that they read."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, *inputs: str, to: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [to], **attributes))
        return to

    def affine(self, x: str, weight: np.ndarray, bias: np.ndarray | str, *, to: str) -> str:
        """``x`` times ``weight`` [inputs, outputs], plus ``bias``."""
        product = self.add("MatMul", x, self.constant(f"{to}.weight", weight), to=f"{to}.product")
        if isinstance(bias, np.ndarray):
            bias = self.constant(f"{to}.bias", bias)
        return self.add("Add", product, bias, to=to)

    def cell(self, gates: str, cell: str, size: int, *, number: int) -> None:
        """The second half of an LSTM cell, whose gates are ordered as `_gates_first` does."""
        at = f"lstm_{number}."
        parts = self.constant(at + "parts", np.array([3 * size, size]))
        thirds = self.constant(at + "thirds", np.array([size] * 3))
        self.nodes.append(helper.make_node("Split", [gates, parts], [at + "a", at + "b"], axis=1))
        self.add("Sigmoid", at + "a", to=at + "open")
        self.nodes.append(
            helper.make_node("Split", [at + "open", thirds], [at + "i", at + "f", at + "o"], axis=1)
        )
        self.add("Tanh", at + "b", to=at + "g")
        self.add("Mul", at + "f", cell, to=at + "kept")
        self.add("Mul", at + "i", at + "g", to=at + "new")
        self.add("Add", at + "kept", at + "new", to=f"next_cell_{number}")
        self.add("Tanh", f"next_cell_{number}", to=at + "bounded")
        self.add("Mul", at + "o", at + "bounded", to=f"next_hidden_{number}")


class ConditionShares(nn.Module):
    """What the condition alone contributes to each step of a decoder.

    Computed for the utterance as a whole, however many steps are then run at a time: a last bit
    that differed would be fed back, and grow.
    """

    def __init__(self, decoder: Decoder):
        super().__init__()
        c, first = decoder.config, decoder.lstm_1
        gates = first.weight_ih_l0[:, c.prenet_size :]
        bias = (first.bias_ih_l0 + first.bias_hh_l0)[:, None]
        frames = decoder.output.weight[:, c.decoder_size :]
        both = [_gates_first(gates).T, _array(frames)]
        self.register_buffer("weight", torch.from_numpy(np.concatenate(both)))
        both = [_gates_first(bias)[0], _array(decoder.output.bias)]
        self.register_buffer("bias", torch.from_numpy(np.concatenate(both)))

    def forward(self, condition: Tensor) -> Tensor:
        """``condition`` float [B, S, H] -> float [B, S, 4 H + r * n_mels]: gates, then frames."""
        return F.linear(condition, self.weight, self.bias)


def decoder_graph(decoder: Decoder) -> bytes:
    """An ONNX file that runs ``decoder`` for S steps.

    Inputs, float32: ``frame`` [1, n_mels], the last before the first step; ``condition``
    [S, 4 H + r * n_mels] as `ConditionShares` gives it; ``dropout_1`` and ``dropout_2`` [S, P]; the
    four states [1, H] as `Decoder.step` has them. Outputs: ``frames`` [S, r, n_mels] and ``next_``
    states [1, H].
    """
    c = decoder.config
    size, r, gates = c.decoder_size, c.reduction_factor, 4 * c.decoder_size
    earlier = (r - 1) * c.n_mels  # columns of the frames that are not fed back
    whole = _Nodes()
    columns = whole.constant("columns", np.array([1]))
    for name, start, stop in (
        ("all.from_condition", 0, gates),
        ("earlier_from_condition", gates, gates + earlier),
        ("all.last_from_condition", gates + earlier, gates + earlier + c.n_mels),
    ):
        ends = {"start": start, "stop": stop}
        bounds = [whole.constant(f"{name}.{end}", np.array([at])) for end, at in ends.items()]
        whole.add("Slice", "condition", *bounds, columns, to=name)
    for number in (1, 2):
        whole.add("Identity", f"dropout_{number}", to=f"all.dropout_{number}")
    body, carried, scanned = _step(decoder)
    for name in scanned:
        whole.add("Unsqueeze", f"all.{name}", columns, to=f"steps.{name}")
    whole.nodes.append(
        helper.make_node(
            "Scan",
            [*carried, *(f"steps.{name}" for name in scanned)],
            [*(f"next_{name}" for name in carried), "steps.both", "steps.last"],
            num_scan_inputs=len(scanned),
            body=body,
        )
    )
    for name in ("both", "last"):
        whole.add("Squeeze", f"steps.{name}", columns, to=f"all.{name}")
    weight = _array(decoder.output.weight).T[:size, :earlier]
    whole.affine("all.both", weight, "earlier_from_condition", to="earlier")
    # The frame that was fed back as it was: computed again, its last bit might be another.
    whole.add("Concat", "earlier", "all.last", to="flat", axis=1)
    shape = whole.constant("shape", np.array([-1, r, c.n_mels]))
    whole.add("Reshape", "flat", shape, to="frames")
    states = {name: [1, size] for name in STATES}
    graph = helper.make_graph(
        whole.nodes,
        "decoder",
        _values(
            {"frame": [1, c.n_mels], "condition": ["steps", gates + r * c.n_mels]}
            | {f"dropout_{number}": ["steps", c.prenet_size] for number in (1, 2)}
            | states
        ),
        _values(
            {"frames": ["steps", r, c.n_mels]}
            | {f"next_{name}": shape for name, shape in states.items()}
        ),
        whole.constants,
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _step(decoder: Decoder) -> tuple[onnx.GraphProto, dict[str, int], dict[str, int]]:
    """One step as the body of a `Scan`, and the widths of what is carried from step to step and of
    what each step is given. It gives out both LSTMs' sum and the frame that is fed back."""
    c = decoder.config
    size, second = c.decoder_size, decoder.lstm_2
    heard = _gates_first(decoder.lstm_1.weight_ih_l0)[: c.prenet_size]
    bias_2 = _gates_first((second.bias_ih_l0 + second.bias_hh_l0)[:, None])[0]
    step = _Nodes()
    for number, layer, x in ((1, decoder.prenet_1, "frame"), (2, decoder.prenet_2, "heard_1")):
        step.affine(x, _array(layer.weight).T, _array(layer.bias), to=f"prenet_{number}")
        step.add("Relu", f"prenet_{number}", to=f"rectified_{number}")
        step.add("Mul", f"rectified_{number}", f"dropout_{number}", to=f"heard_{number}")
    step.add("Concat", "heard_2", "hidden_1", to="input_1", axis=1)
    recurrent = np.concatenate([heard, _gates_first(decoder.lstm_1.weight_hh_l0)])
    step.affine("input_1", recurrent, "from_condition", to="gates_1")
    step.cell("gates_1", "cell_1", size, number=1)
    step.add("Concat", "next_hidden_1", "hidden_2", to="input_2", axis=1)
    recurrent = np.concatenate(
        [_gates_first(second.weight_ih_l0), _gates_first(second.weight_hh_l0)]
    )
    step.affine("input_2", recurrent, bias_2, to="gates_2")
    step.cell("gates_2", "cell_2", size, number=2)
    step.add("Add", "next_hidden_1", "next_hidden_2", to="sum")
    last = _array(decoder.output.weight).T[:size, -c.n_mels :]
    step.affine("sum", last, "last_from_condition", to="next_frame")
    step.add("Identity", "sum", to="both")
    step.add("Identity", "next_frame", to="last")
    carried = {"frame": c.n_mels, **dict.fromkeys(STATES, size)}
    scanned = {
        "from_condition": 4 * size,
        "dropout_1": c.prenet_size,
        "dropout_2": c.prenet_size,
        "last_from_condition": c.n_mels,
    }
    after = {f"next_{name}": width for name, width in carried.items()}
    body = helper.make_graph(
        step.nodes,
        "step",
        _values({name: [1, width] for name, width in (carried | scanned).items()}),
        _values(
            {name: [1, width] for name, width in (after | {"both": size, "last": c.n_mels}).items()}
        ),
        step.constants,
    )
    return body, carried, scanned


def _values(shapes: dict[str, list[int | str]]) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    ]


def _gates_first(weight: Tensor) -> np.ndarray:
    """PyTorch's LSTM weights [4 H, inputs], gates i, f, g, o -> [inputs, 4 H] as i, f, o, g."""
    i, f, g, o = np.split(_array(weight), 4)
    return np.concatenate([i, f, o, g]).T


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()
