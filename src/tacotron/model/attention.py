"""The 2017 Tacotron's decoder: attention over the symbols, and frames written from what it hears.

After Wang et al. (arXiv 1703.10135, section 3.2), as keithito/tacotron built it, with a stop token
that both lack. A step has heard the last frame: the pre-net narrows it, a GRU looks at it together
with what was attended to before, attention (Bahdanau et al., arXiv 1409.0473) looks anew, two
residual GRUs follow, and ``reduction_factor`` frames come out.

Only the attention and its GRU feed back into themselves. In training, where the frames heard are
known, all else runs over the whole sequence at once, and `_AttentionLoop` does that inner loop
with a derivative written by hand: it keeps no step's energies, sums the gradients of its weights
after the loop, and is several times faster than recording each operation.

Attention that is led along a path it should take doesn't even hear itself. That is how a decoder
begins: from the right contexts it learns in a few hundred updates that they tell what to say, which
it never does from the contexts of an attention that is still lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from tacotron.model.gru import (
    TFGRUCell,
    at_least_float,
    full_precision,
    product_kind,
    weight_gradient,
)

RESIDUAL_LAYERS = 2
_FAR_BELOW = -1e9  # energy of padding: its weight becomes zero, yet no row of padding becomes NaN

State = tuple[Tensor, Tensor, Tensor, Tensor]
"""Between steps: the attention GRU's state, the context, the residual GRUs' states, [B, C] each."""


class Prenet(nn.Module):
    """Linear layers, each with ReLU and dropout (off at inference, as in the original)."""

    def __init__(self, inputs: int, sizes: Sequence[int], dropout: float):
        super().__init__()
        widths = [inputs, *sizes]
        self.layers = nn.ModuleList(
            nn.Linear(before, after) for before, after in zip(widths[:-1], sizes, strict=True)
        )
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        """``x`` float [..., inputs] -> float [..., sizes[-1]]."""
        for layer in self.layers:
            x = F.dropout(F.relu(layer(x)), self.dropout, self.training)
        return x


class BahdanauAttention(nn.Module):
    """Weights over the memory: softmax of score . tanh(memory_layer(m) + query_layer(q))."""

    def __init__(self, memory_size: int, query_size: int, size: int):
        super().__init__()
        self.memory_layer = nn.Linear(memory_size, size, bias=False)
        self.query_layer = nn.Linear(query_size, size, bias=False)
        self.score = nn.Parameter(torch.empty(1, size))
        nn.init.xavier_uniform_(self.score)

    def forward(
        self, query: Tensor, memory: Tensor, keys: Tensor, bias: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """One look: ``query`` [B, Q], ``memory`` [B, L, E], ``keys`` = memory_layer(memory)
        [B, L, A], ``bias`` [B, L] (see `attention_bias`) -> context [B, E], weights [B, L]."""
        energies = F.linear(torch.tanh(keys + self.query_layer(query)[:, None]), self.score)[..., 0]
        weights = torch.softmax(energies if bias is None else energies + bias, -1)
        return torch.bmm(weights[:, None], memory)[:, 0], weights


class Decoder(nn.Module):
    """Frames from memory. ``memory_size`` is E; ``size`` the width H of every GRU."""

    def __init__(
        self,
        *,
        memory_size: int,
        n_mels: int,
        reduction_factor: int,
        prenet_sizes: Sequence[int],
        prenet_dropout: float,
        attention_size: int,
        size: int,
        stop_token: bool,
    ):
        super().__init__()
        self.n_mels = n_mels
        self.reduction_factor = reduction_factor
        self.prenet = Prenet(n_mels, prenet_sizes, prenet_dropout)
        self.attention_gru = TFGRUCell(prenet_sizes[-1] + memory_size, size)
        self.attention = BahdanauAttention(memory_size, size, attention_size)
        self.combine = nn.Linear(size + memory_size, size)
        self.residual = nn.ModuleList(TFGRUCell(size, size) for _ in range(RESIDUAL_LAYERS))
        self.frames = nn.Linear(size, n_mels * reduction_factor)
        self.stop = nn.Linear(size, 1) if stop_token else None

    def forward(
        self, mels: Tensor, memory: Tensor, bias: Tensor | None, path: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Teacher forcing: target ``mels`` float [B, T, n_mels] (T a multiple of r), ``memory``
        float [B, L, E], ``bias`` as `attention_bias` gives it, and where it is known the ``path``
        that attention should take, float [B, T / r, L] (see `_look_along`).

        Returns mel float [B, T, n_mels], alignments float [B, T / r, L], and a logit float
        [B, T / r] that each step is the last (None without a stop token).
        """
        r = self.reduction_factor
        heard = F.pad(mels[:, r - 1 :: r], (0, 0, 1, -1))  # the first step has heard zeros
        heard = self.prenet(heard).transpose(0, 1)
        if bias is None:
            bias = memory.new_zeros(memory.shape[:2])
        if path is None:
            looked, alignments = self._look(heard, memory, bias)
        else:
            looked, alignments = self._look_along(path, heard, memory, bias)
        y = self.combine(looked)
        for layer in self.residual:
            y = y + layer(y)
        y = y.transpose(0, 1)
        stop = None if self.stop is None else at_least_float(self.stop(y)[..., 0])
        mel = at_least_float(self.frames(y)).reshape(mels.shape)
        return mel, alignments.transpose(0, 1), stop

    def _look(self, heard: Tensor, memory: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Attention that hears its own contexts: ``heard`` float [S, B, P] -> state and context
        float [S, B, H + E], weights float [S, B, L]."""
        gru, width = self.attention_gru, heard.shape[-1]
        from_heard, from_context = gru.input_weight.split([width, memory.shape[-1]], -1)
        inputs = [F.linear(heard, w, b) for w, b in zip(from_heard, gru.bias, strict=True)]
        keys = self.attention.memory_layer(memory)
        return _AttentionLoop.apply(
            *map(at_least_float, (*inputs, memory, keys, bias)),
            torch.cat([gru.state_weight, from_context], -1),
            self.attention.query_layer.weight,
            self.attention.score,
        )

    def _look_along(
        self, path: Tensor, heard: Tensor, memory: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The same, but all contexts are those of ``path``, as teacher forcing makes all frames
        those of the recording; where attention would have looked is known without a loop."""
        known = torch.bmm(path.to(memory.dtype), memory).transpose(0, 1)
        before = F.pad(known, (0, 0, 0, 0, 1, -1))
        states = self.attention_gru(torch.cat([heard.to(before.dtype), before], -1))
        keys = self.attention.memory_layer(memory)
        queries = self.attention.query_layer(states).transpose(0, 1)
        parts = map(at_least_float, (keys, queries, self.attention.score))
        alignments = torch.softmax(_Scores.apply(*parts) + bias[:, None], -1)
        return torch.cat([states, known.to(states.dtype)], -1), alignments.transpose(0, 1)

    def step(
        self, frame: Tensor, memory: Tensor, keys: Tensor, bias: Tensor | None, state: State
    ) -> tuple[Tensor, Tensor, Tensor | None, State]:
        """One free-running step, after ``frame`` float [B, n_mels].

        ``keys`` is ``attention.memory_layer(memory)``. Returns frames float [B, r, n_mels], the
        attention's weights float [B, L], the stop logit float [B], and the next state.
        """
        attending, context, *residual = state
        heard = self.prenet(frame)
        attending = self.attention_gru.step(torch.cat([heard, context], -1), attending)
        context, weights = self.attention(attending, memory, keys, bias)
        y = self.combine(torch.cat([attending, context], -1))
        after = []
        for layer, before in zip(self.residual, residual, strict=True):
            after.append(layer.step(y, before))
            y = y + after[-1]
        frames = self.frames(y).reshape(-1, self.reduction_factor, self.n_mels)
        stop = None if self.stop is None else self.stop(y)[:, 0]
        return frames, weights, stop, (attending, context, *after)

    def first_state(self, memory: Tensor) -> State:
        """Zeros, for as many utterances as ``memory`` float [B, L, E] holds."""
        batch, _, context = memory.shape
        size = self.attention_gru.size
        widths = (size, context, *(size for _ in self.residual))
        return tuple(memory.new_zeros(batch, width) for width in widths)


def attention_bias(mask: Tensor) -> Tensor:
    """What to add to energies so that padding gets no weight: ``mask`` float [B, L, 1] (0 on
    padding) -> float [B, L]."""
    return (1 - mask[..., 0]) * _FAR_BELOW


class _Scores(torch.autograd.Function):
    """score . tanh(key + query) of all steps: keys [B, L, A], queries [B, S, A], score [1, A]
    -> [B, S, L]. Row by row, and the tanh computed again for the derivative: [B, S, L, A] would
    leave the processor's cache, and take as long to write as to compute."""

    @staticmethod
    def forward(ctx: Any, keys: Tensor, queries: Tensor, score: Tensor) -> Tensor:
        (batch, length, width), steps = keys.shape, queries.shape[1]
        energies = keys.new_empty(steps, length, width)
        scores = keys.new_empty(batch, steps, length)
        with full_precision(keys):
            for row in range(batch):
                torch.add(keys[row], queries[row][:, None], out=energies).tanh_()
                torch.mv(energies.view(-1, width), score[0], out=scores[row].view(-1))
        ctx.save_for_backward(keys, queries, score)
        return scores

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, ...]:
        keys, queries, score = ctx.saved_tensors
        energies = keys.new_empty(queries.shape[1], *keys.shape[1:])
        # What to take off because the derivative of tanh is 1 - tanh^2, not 1.
        less_keys, less_queries = torch.empty_like(keys), torch.empty_like(queries)
        into_score = torch.zeros_like(score)
        with full_precision(keys):
            for row, into in enumerate(grad):
                torch.add(keys[row], queries[row][:, None], out=energies).tanh_()
                into_score += into.reshape(1, -1) @ energies.flatten(0, 1)
                energies.square_()
                torch.bmm(into[:, None], energies, out=less_queries[row][:, None])
                torch.bmm(into.T[:, None], energies.transpose(0, 1), out=less_keys[row][:, None])
            into_keys = (grad.sum(1)[..., None] - less_keys) * score
            into_queries = (grad.sum(2)[..., None] - less_queries) * score
        return into_keys, into_queries, into_score


class _AttentionLoop(torch.autograd.Function):
    """The attention GRU and its attention over S steps.

    What the frames heard add to each gate [S, B, H] each, memory [B, L, E], keys [B, L, A], bias
    [B, L], weight [3, H, H + E] on (state, context), query_weight [A, H], score [1, A]
    -> (state, context) after each step [S, B, H + E], weights over the memory [S, B, L].
    """

    @staticmethod
    def forward(
        ctx: Any,
        reset_input: Tensor,
        update_input: Tensor,
        candidate_input: Tensor,
        memory: Tensor,
        keys: Tensor,
        bias: Tensor,
        weight: Tensor,
        query_weight: Tensor,
        score: Tensor,
    ) -> tuple[Tensor, Tensor]:
        steps, batch, size = reset_input.shape
        length, width = keys.shape[1:]
        new = reset_input.new_empty
        joint = reset_input.new_zeros(steps + 1, batch, weight.shape[-1])
        kept = new(steps, batch, weight.shape[-1])
        gates = new(steps, 2, batch, size)
        candidates = new(steps, batch, size)
        queries = new(steps, batch, width)
        alignments = new(steps, batch, length)
        energies = torch.empty_like(keys)
        with full_precision(keys):
            to_reset, to_update, to_candidate = weight.to(keys.dtype).mT.contiguous()
            to_query, score_vector = query_weight.to(keys.dtype).T, score[0].to(keys.dtype)
            for t in range(steps):
                state, context = joint[t, :, :size], joint[t, :, size:]
                reset, update = gates[t]
                torch.addmm(reset_input[t], joint[t], to_reset, out=reset)
                torch.addmm(update_input[t], joint[t], to_update, out=update)
                gates[t].sigmoid_()
                torch.mul(reset, state, out=kept[t, :, :size])
                kept[t, :, size:] = context
                candidate = torch.addmm(candidate_input[t], kept[t], to_candidate)
                candidates[t] = candidate.tanh_()
                state = torch.lerp(candidate, state, update)
                queries[t] = state @ to_query
                torch.add(keys, queries[t][:, None], out=energies).tanh_()
                scores = (energies.view(-1, width) @ score_vector).view(batch, length)
                alignments[t] = torch.softmax(scores + bias, -1)
                joint[t + 1, :, :size] = state
                joint[t + 1, :, size:] = torch.bmm(alignments[t][:, None], memory)[:, 0]
        ctx.product_kind = product_kind(weight)
        ctx.save_for_backward(
            joint,
            kept,
            gates,
            candidates,
            queries,
            alignments,
            memory,
            keys,
            weight,
            query_weight,
            score,
        )
        return joint[1:], alignments

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, grad_alignments: Tensor) -> tuple[Tensor | None, ...]:
        (
            joint,
            kept,
            gates,
            candidates,
            queries,
            alignments,
            memory,
            keys,
            weight,
            query_weight,
            score,
        ) = ctx.saved_tensors
        size = candidates.shape[-1]
        reset, update = gates.unbind(1)
        before = joint[:-1, :, :size]
        with full_precision(keys):
            to_reset, to_update, to_candidate = weight.to(keys.dtype)
            to_query = query_weight.to(keys.dtype)
            # The gates' own derivatives, for all steps at once; the loop multiplies the rest in.
            passed = 1 - update
            into_reset = (1 - reset).mul_(kept[..., :size])
            into_update = (before - candidates).mul_(update).mul_(passed)
            into_candidate = passed.mul_(1 - candidates.square())
            into_context = torch.empty_like(joint[1:, :, size:])
            into_query = torch.empty_like(queries)
            into_scores = torch.empty_like(alignments)
            into_score = torch.zeros_like(queries[0])
            squares = torch.zeros_like(keys)
            energies = torch.empty_like(keys)
            carried = torch.zeros_like(joint[0])
            for t in reversed(range(len(grad))):
                total = grad[t] + carried
                into_state = total[:, :size]
                into_context[t] = total[:, size:]
                # Attention: the context, the softmax, then the tanh, which is computed again.
                along = torch.bmm(memory, into_context[t][..., None])[..., 0] + grad_alignments[t]
                along = along.mul_(alignments[t])
                along -= alignments[t] * along.sum(-1, keepdim=True)
                into_scores[t] = along
                torch.add(keys, queries[t][:, None], out=energies).tanh_()
                into_score += torch.bmm(along[:, None], energies)[:, 0]
                energies.square_()
                squares.addcmul_(energies, along[..., None])
                # sum of along (1 - tanh^2), where the sum of along is zero behind a softmax
                torch.mul(torch.bmm(along[:, None], energies)[:, 0], -score[0], out=into_query[t])
                into_state = into_state + into_query[t] @ to_query
                # The GRU, whose input and state are both `joint`.
                into_update[t].mul_(into_state)
                into_candidate[t].mul_(into_state)
                into_kept = into_candidate[t] @ to_candidate
                into_reset[t].mul_(into_kept[:, :size])
                carried = into_kept
                carried[:, :size].mul_(reset[t]).addcmul_(into_state, update[t])
                carried.addmm_(into_reset[t], to_reset).addmm_(into_update[t], to_update)
            into_memory = torch.bmm(
                alignments.permute(1, 2, 0).to(ctx.product_kind),
                into_context.transpose(0, 1).to(ctx.product_kind),
            )
            into_keys = (into_scores.sum(0)[..., None] - squares).mul_(score[0])
            into_weight = torch.stack(
                [
                    weight_gradient(into_reset, joint[:-1], ctx.product_kind),
                    weight_gradient(into_update, joint[:-1], ctx.product_kind),
                    weight_gradient(into_candidate, kept, ctx.product_kind),
                ]
            )
            into_query_weight = weight_gradient(into_query, joint[1:, :, :size], ctx.product_kind)
        return (
            into_reset,
            into_update,
            into_candidate,
            into_memory.to(memory.dtype),
            into_keys,
            None,
            into_weight.to(weight.dtype),
            into_query_weight.to(query_weight.dtype),
            into_score.sum(0, keepdim=True).to(score.dtype),
        )
