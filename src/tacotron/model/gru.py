"""Gated recurrent units whose reset gate acts before the matrix product.

That is the unit of Cho et al. (arXiv 1406.1078), TensorFlow's ``GRUCell`` and ONNX's ``GRU`` by
default:

    r, u = sigmoid(W_ru x + U_ru h + b_ru)
    c    = tanh(W_c x + U_c (r * h) + b_c)
    h'   = u * h + (1 - u) * c

`torch.nn.GRU` resets after the product, so neither can hold the other's weights. Here all that
doesn't depend on the state is one product before the loop over time, and so are the gradients of
the weights after it: `_Recurrence` writes its derivative down by hand, which makes it as fast as
`torch.nn.GRU` on one thread of a processor.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class TFGRUCell(nn.Module):
    """One layer, one direction. Weights hold the gates in TensorFlow's order: r, u, c."""

    def __init__(self, inputs: int, size: int):
        super().__init__()
        self.size = size
        self.input_weight = nn.Parameter(torch.empty(3, size, inputs))
        self.state_weight = nn.Parameter(torch.empty(3, size, size))
        self.bias = nn.Parameter(torch.zeros(3, size))
        with torch.no_grad():
            for weight in (*self.input_weight, *self.state_weight):
                nn.init.xavier_uniform_(weight)
            self.bias[:2] = 1  # a young unit keeps its state, as in TensorFlow

    def forward(self, x: Tensor) -> Tensor:
        """``x`` float [T, B, inputs] -> states float [T, B, size], from a state of zeros."""
        if torch.onnx.is_in_onnx_export():
            return _OnnxGRU.apply(x, *self._onnx_weights())
        weights = zip(self.input_weight, self.bias, strict=True)
        inputs = [F.linear(x, weight, bias) for weight, bias in weights]
        return _Recurrence.apply(*map(at_least_float, inputs), self.state_weight)

    def step(self, x: Tensor, state: Tensor) -> Tensor:
        """One step: ``x`` float [B, inputs], ``state`` float [B, size] -> the next state."""
        inputs = [F.linear(x, w, b) for w, b in zip(self.input_weight, self.bias, strict=True)]
        to_reset, to_update, to_candidate = self.state_weight
        reset = torch.sigmoid(inputs[0] + F.linear(state, to_reset))
        update = torch.sigmoid(inputs[1] + F.linear(state, to_update))
        candidate = torch.tanh(inputs[2] + F.linear(reset * state, to_candidate))
        return update * state + (1 - update) * candidate

    def _onnx_weights(self) -> list[Tensor]:
        """W, R and B of ONNX's operator, whose gates go u, r, c, and which has a second bias."""
        order = [1, 0, 2]
        parts = (self.input_weight, self.state_weight, self.bias[..., None])
        w, r, b = (part[order].flatten(0, 1)[None] for part in parts)
        return [w, r, torch.cat([b, torch.zeros_like(b)], 1)[..., 0]]


class BidirectionalGRU(nn.Module):
    """Both directions over padded sequences, each starting where the sequence starts or ends."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.ahead = TFGRUCell(inputs, outputs // 2)
        self.back = TFGRUCell(inputs, outputs // 2)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """``x`` float [B, T, inputs], ``lengths`` int64 [B] -> float [B, T, outputs]; what stands
        behind a length is without meaning."""
        x = x.transpose(0, 1).contiguous()
        place = torch.arange(x.shape[0], device=x.device)[:, None]
        turned = torch.where(place < lengths, lengths - 1 - place, place)[..., None]
        back = self.back(x.gather(0, turned.expand_as(x)))
        back = back.gather(0, turned.expand_as(back))
        return torch.cat([self.ahead(x), back], -1).transpose(0, 1)


def at_least_float(x: Tensor) -> Tensor:
    """``x`` in single precision where it has half of it: states are kept in no less."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def full_precision(x: Tensor) -> torch.autocast:
    """A context in which products aren't rounded: states add up over hundreds of steps."""
    return torch.autocast(x.device.type, enabled=False)


def product_kind(x: Tensor) -> torch.dtype:
    """What autocast computes products of ``x`` in at the moment."""
    device = x.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype


def weight_gradient(into: Tensor, source: Tensor, kind: torch.dtype) -> Tensor:
    """Gradient of a weight over all steps: of its results, ``into`` [T, B, O], and of what it was
    multiplied with, ``source`` [T, B, I] -> [O, I], a product of ``kind``."""
    product = into.flatten(0, 1).to(kind).T @ source.flatten(0, 1).to(kind)
    return product.to(into.dtype)


class _Recurrence(torch.autograd.Function):
    """The loop over time, given what the inputs add to each gate, [T, B, H] each."""

    @staticmethod
    def forward(
        ctx: Any, reset_input: Tensor, update_input: Tensor, candidate_input: Tensor, weight: Tensor
    ) -> Tensor:
        time, batch, size = reset_input.shape
        gates = reset_input.new_empty(time, 2, batch, size)
        kept = torch.empty_like(reset_input)
        candidates = torch.empty_like(reset_input)
        states = reset_input.new_zeros(time + 1, batch, size)
        with full_precision(reset_input):
            to_reset, to_update, to_candidate = weight.to(reset_input.dtype).mT.contiguous()
            for t in range(time):
                state, gate, candidate = states[t], gates[t], candidates[t]
                reset, update = gate
                torch.addmm(reset_input[t], state, to_reset, out=reset)
                torch.addmm(update_input[t], state, to_update, out=update)
                gate.sigmoid_()
                torch.mul(reset, state, out=kept[t])
                torch.addmm(candidate_input[t], kept[t], to_candidate, out=candidate).tanh_()
                torch.lerp(candidate, state, update, out=states[t + 1])
        ctx.product_kind = product_kind(weight)
        ctx.save_for_backward(gates, kept, candidates, states, weight)
        return states[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, ...]:
        gates, kept, candidates, states, weight = ctx.saved_tensors
        before = states[:-1]
        reset, update = gates.unbind(1)
        to_reset, to_update, to_candidate = weight.to(grad.dtype)
        # The gates' own derivatives, for all steps at once; the loop multiplies the rest in.
        passed = 1 - update
        into_reset = (1 - reset).mul_(kept)
        into_update = (before - candidates).mul_(update).mul_(passed)
        into_candidate = passed.mul_(1 - candidates.square())
        with full_precision(grad):
            carried = torch.zeros_like(grad[0])
            for t in reversed(range(len(grad))):
                total = grad[t] + carried
                into_update[t].mul_(total)
                into_candidate[t].mul_(total)
                into_kept = into_candidate[t] @ to_candidate
                into_reset[t].mul_(into_kept)
                torch.mul(total, update[t], out=carried).addcmul_(into_kept, reset[t])
                carried.addmm_(into_reset[t], to_reset).addmm_(into_update[t], to_update)
            into_weight = torch.stack(
                [
                    weight_gradient(into_reset, before, ctx.product_kind),
                    weight_gradient(into_update, before, ctx.product_kind),
                    weight_gradient(into_candidate, kept, ctx.product_kind),
                ]
            )
        return into_reset, into_update, into_candidate, into_weight.to(weight.dtype)


class _OnnxGRU(torch.autograd.Function):
    """Stands for the whole layer in an ONNX graph, as one operator for any number of steps."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, r: Tensor, b: Tensor) -> Tensor:
        return x.new_zeros(len(x), x.shape[1], r.shape[2])  # the exporter asks for the shape alone

    @staticmethod
    def symbolic(g: Any, x: Any, w: Any, r: Any, b: Any) -> Any:
        size = r.type().sizes()[2]
        states, _ = g.op("GRU", x, w, r, b, hidden_size_i=size, outputs=2)
        direction = g.op("Constant", value_t=torch.tensor([1]))
        return g.op("Squeeze", states, direction)  # [T, 1, B, size] -> [T, B, size]
