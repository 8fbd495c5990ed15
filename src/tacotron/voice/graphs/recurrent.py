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
    heard_size, size, r = c.prenet_size, c.decoder_size, c.reduction_factor
    first, second = decoder.lstm_1, decoder.lstm_2
    inputs_1 = _gates_first(first.weight_ih_l0)[:heard_size]
    bias_2 = _gates_first((second.bias_ih_l0 + second.bias_hh_l0)[:, None])[0]
    output = _array(decoder.output.weight).T[:size]
    last = slice((r - 1) * c.n_mels, r * c.n_mels)

    step = _Nodes()
    for number, layer, x in ((1, decoder.prenet_1, "frame"), (2, decoder.prenet_2, "heard_1")):
        step.affine(x, _array(layer.weight).T, _array(layer.bias), to=f"prenet_{number}")
        step.add("Relu", f"prenet_{number}", to=f"rectified_{number}")
        step.add("Mul", f"rectified_{number}", f"dropout_{number}", to=f"heard_{number}")
    step.add("Concat", "heard_2", "hidden_1", to="input_1", axis=1)
    recurrent = np.concatenate([inputs_1, _gates_first(first.weight_hh_l0)])
    step.affine("input_1", recurrent, "from_condition", to="gates_1")
    step.cell("gates_1", "cell_1", size, number=1)
    step.add("Concat", "next_hidden_1", "hidden_2", to="input_2", axis=1)
    recurrent = np.concatenate(
        [_gates_first(second.weight_ih_l0), _gates_first(second.weight_hh_l0)]
    )
    step.affine("input_2", recurrent, bias_2, to="gates_2")
    step.cell("gates_2", "cell_2", size, number=2)
    step.add("Add", "next_hidden_1", "next_hidden_2", to="both")
    step.affine("both", output[:, last], "last_from_condition", to="next_frame")
    step.add("Identity", "both", to="spoken")
    carried = {"frame": c.n_mels, **dict.fromkeys(STATES, size)}
    scanned = {
        "from_condition": 4 * size,
        "dropout_1": heard_size,
        "dropout_2": heard_size,
        "last_from_condition": c.n_mels,
    }
    body = helper.make_graph(
        step.nodes,
        "step",
        _values({name: [1, width] for name, width in (carried | scanned).items()}),
        _values(
            {f"next_{name}": [1, width] for name, width in carried.items()} | {"spoken": [1, size]}
        ),
        step.constants,
    )

    whole = _Nodes()
    columns = whole.constant("columns", np.array([1]))

    def share(start: int, stop: int, *, to: str) -> str:
        bounds = [whole.constant(f"{to}.{at}", np.array([at])) for at in (start, stop)]
        return whole.add("Slice", "condition", *bounds, columns, to=to)

    gates = 4 * size
    share(0, gates, to="all_from_condition")
    share(gates, gates + r * c.n_mels, to="frames_from_condition")
    share(gates + last.start, gates + last.stop, to="all_last_from_condition")
    rows = {
        "from_condition": "all_from_condition",
        "dropout_1": "dropout_1",
        "dropout_2": "dropout_2",
        "last_from_condition": "all_last_from_condition",
    }
    for name, all_steps in rows.items():
        whole.add("Unsqueeze", all_steps, columns, to=f"steps.{name}")
    whole.nodes.append(
        helper.make_node(
            "Scan",
            [*carried, *(f"steps.{name}" for name in rows)],
            ["last_frame", *(f"next_{name}" for name in STATES), "steps.spoken"],
            num_scan_inputs=len(rows),
            body=body,
        )
    )
    whole.add("Squeeze", "steps.spoken", columns, to="all_spoken")
    whole.affine("all_spoken", output, "frames_from_condition", to="flat")
    shape = whole.constant("shape", np.array([-1, r, c.n_mels]))
    whole.add("Reshape", "flat", shape, to="frames")
    graph = helper.make_graph(
        whole.nodes,
        "decoder",
        _values(
            {"frame": [1, c.n_mels], "condition": ["steps", gates + r * c.n_mels]}
            | {f"dropout_{number}": ["steps", heard_size] for number in (1, 2)}
            | {name: [1, size] for name in STATES}
        ),
        _values(
            {"frames": ["steps", r, c.n_mels]} | {f"next_{name}": [1, size] for name in STATES}
        ),
        whole.constants,
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)
    onnx.checker.check_model(model)
    return model.SerializeToString()


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
