"""Train the network that pronounces words the CMU dictionary lacks.

    python -m tacotron.train.letter_to_sound

reads the packed dictionary, trains in about a quarter of an hour on one core, prints how well the
held-out words are pronounced, and writes src/tacotron/text/data/letter_to_sound.onnx.

The network is a bidirectional LSTM over letters with connectionist temporal classification
(Graves et al., ICML 2006). Its first layer is asked for the phonemes too, and what it answers is
handed on to the second, which so knows about the other syllables when it decides on stress
(self-conditioned CTC, Nozaki and Komatsu, Interspeech 2021).
"""

from __future__ import annotations

import argparse
import hashlib
import math
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from tacotron.files import atomic_write
from tacotron.text.letter_to_sound import BLANK, LETTERS, MODEL, SLOTS, decode, letter_ids
from tacotron.text.lexicon import Pronunciation, cmudict
from tacotron.text.symbols import PHONEMES

if TYPE_CHECKING:
    import onnx

CLASSES = 1 + len(PHONEMES)
HELD_OUT = 20  # one word in so many, by hash


@dataclass(frozen=True)
class Settings:
    """How the network is built and trained."""

    embedding: int = 64  # numbers a letter
    hidden: int = 224  # LSTM cells a layer and direction; 1.8 million weights, a byte each
    dropout: float = 0.2
    epochs: int = 20
    batch: int = 256  # words of equal length, so that none needs padding
    rate: float = 3e-3  # peak of AdamW's learning rate, reached after a twentieth of the steps
    weight_decay: float = 0.02
    early_weight: float = 0.3  # of the first layer's loss against the second's
    average: float = 0.999  # decay of the running average of the weights, which is exported
    seed: int = 1


@dataclass(frozen=True)
class Entry:
    """A word of the dictionary and its pronunciations, the commonest first."""

    word: str
    pronunciations: tuple[Pronunciation, ...]


class Network(nn.Module):
    """Letters [B, L] to log probabilities [B, L * SLOTS, CLASSES] of both layers."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        size = 2 * settings.hidden
        self.embedding = nn.Embedding(len(LETTERS), settings.embedding)
        self.first = nn.LSTM(
            settings.embedding, settings.hidden, batch_first=True, bidirectional=True
        )
        self.early = nn.Linear(size, SLOTS * CLASSES)
        self.condition = nn.Linear(SLOTS * CLASSES, size)
        self.second = nn.LSTM(size, settings.hidden, batch_first=True, bidirectional=True)
        self.late = nn.Linear(size, SLOTS * CLASSES)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, letters: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the log probabilities of the second layer, then those of the first."""
        context = self.dropout(self.first(self.embedding(letters))[0])
        early = _log_probabilities(self.early(context))
        context = context + self.condition(early.exp().flatten(2))
        context = self.dropout(self.second(context)[0])
        late = _log_probabilities(self.late(context))
        return late.flatten(1, 2), early.flatten(1, 2)


def _log_probabilities(scores: torch.Tensor) -> torch.Tensor:
    return scores.float().unflatten(2, (SLOTS, CLASSES)).log_softmax(-1)


def dictionary_entries() -> tuple[list[Entry], list[Entry]]:
    """Return the dictionary's words as (training, held out), words of `LETTERS` alone.

    A word whose pronunciation has no room in its letters' slots (an abbreviation) is left out.
    """
    train, held_out = [], []
    for word, pronunciations in cmudict().items():
        if not set(word) <= set(LETTERS):
            continue
        fitting = tuple(each for each in pronunciations if _fits(word, each))
        if not fitting:
            continue
        digest = hashlib.sha256(word.encode()).digest()
        (train if digest[0] * 256 + digest[1] >= 65536 // HELD_OUT else held_out).append(
            Entry(word, fitting)
        )
    return train, held_out


def _fits(word: str, phonemes: Pronunciation) -> bool:
    """Tell whether ``phonemes``, with a blank between equal ones, have room in the slots."""
    repeats = sum(a == b for a, b in pairwise(phonemes))
    return len(phonemes) + repeats <= SLOTS * len(word)


def batches(
    entries: list[Entry], size: int, random: np.random.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Yield letters [B, L], phoneme classes [sum of lengths] and their lengths [B].

    The words of a batch are equally long; batches come in random order.
    """
    shuffled = [entries[n] for n in random.permutation(len(entries))]
    shuffled.sort(key=lambda entry: len(entry.word))
    groups = []
    for _, same in groupby(shuffled, key=lambda entry: len(entry.word)):
        group = list(same)
        groups += [group[n : n + size] for n in range(0, len(group), size)]
    code = {phoneme: n + 1 for n, phoneme in enumerate(PHONEMES)}
    for n in random.permutation(len(groups)):
        letters = np.stack([letter_ids(entry.word) for entry in groups[n]])
        targets = [entry.pronunciations[0] for entry in groups[n]]
        yield (
            torch.from_numpy(letters),
            torch.tensor([code[phoneme] for target in targets for phoneme in target]),
            torch.tensor([len(target) for target in targets]),
        )


def train(entries: list[Entry], settings: Settings, held_out: list[Entry]) -> Network:
    """Return a network trained on ``entries``: the running average of its weights."""
    torch.manual_seed(settings.seed)
    random = np.random.default_rng(settings.seed)
    network = Network(settings)
    average = deepcopy(network)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.rate, weight_decay=settings.weight_decay
    )
    steps = settings.epochs * sum(1 for _ in batches(entries, settings.batch, random))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min(step / (0.05 * steps), 0.5 + 0.5 * math.cos(math.pi * step / steps)),
    )
    begun = time.monotonic()
    step = 0
    for epoch in range(1, settings.epochs + 1):
        network.train()
        losses = []
        for letters, targets, lengths in batches(entries, settings.batch, random):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                late, early = network(letters)
            slots = torch.full_like(lengths, late.shape[1])
            loss, early_loss = (
                nn.functional.ctc_loss(
                    scores.transpose(0, 1), targets, slots, lengths, BLANK, zero_infinity=True
                )
                for scores in (late, early)
            )
            optimizer.zero_grad(set_to_none=True)
            (loss + settings.early_weight * early_loss).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            _move(average, network, 1 - min(settings.average, step / (step + 10)))
            losses.append(loss.item())
        minutes = (time.monotonic() - begun) / 60
        print(
            f"epoch {epoch}: loss {np.mean(losses):.4f}, {minutes:.1f} min, "
            f"held out: {Errors.of(average, held_out)}",
            flush=True,
        )
    return average


@torch.no_grad()
def _move(average: Network, network: Network, weight: float) -> None:
    """Move the weights of ``average`` towards those of ``network``."""
    for kept, new in zip(average.parameters(), network.parameters(), strict=True):
        kept.lerp_(new, weight)


@dataclass(frozen=True)
class Errors:
    """How much of a list of words is mispronounced, each as a fraction.

    A word counts as right if it equals any of its pronunciations; phonemes are compared with the
    nearest one.
    """

    words: float
    words_without_stress: float
    phonemes: float
    phonemes_without_stress: float

    @classmethod
    def of(cls, network: Network, entries: list[Entry]) -> Errors:
        """Measure ``network`` on ``entries``."""
        network.eval()
        ordered = sorted(entries, key=lambda entry: len(entry.word))
        wrong = np.zeros(2)
        edits = np.zeros(2)
        length = 0
        for _, same in groupby(ordered, key=lambda entry: len(entry.word)):
            group = list(same)
            letters = np.stack([letter_ids(entry.word) for entry in group])
            with torch.inference_mode():
                scores = network(torch.from_numpy(letters))[0].numpy()
            for entry, each in zip(group, scores, strict=True):
                guess = decode(each)
                distances = [
                    (edit_distance(guess, truth), edit_distance(bare(guess), bare(truth)))
                    for truth in entry.pronunciations
                ]
                nearest = np.min(distances, axis=0)
                wrong += nearest > 0
                edits += nearest
                length += len(entry.pronunciations[0])
        return cls(*(wrong / len(entries)).tolist(), *(edits / length).tolist())

    def __str__(self) -> str:
        return (
            f"{self.words:.1%} of words wrong ({self.words_without_stress:.1%} without stress), "
            f"{self.phonemes:.1%} of phonemes ({self.phonemes_without_stress:.1%})"
        )


def bare(phonemes: Pronunciation) -> Pronunciation:
    """Return ``phonemes`` without the stress of the vowels."""
    return tuple(phoneme.rstrip("012") for phoneme in phonemes)


def edit_distance(a: Pronunciation, b: Pronunciation) -> int:
    """Return how many phonemes must be put in, taken out or changed to make ``a`` into ``b``."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def export(network: Network, path: Path) -> None:
    """Write ``network`` for one word at a time: ``letters`` int64 [L] to ``scores``.

    ``scores`` are float32 [L * SLOTS, CLASSES]. Weights are a byte each, with a scale a row; they
    are unpacked when the file is loaded.
    """
    import onnx

    graph = _Graph()
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    x = graph.node("Gather", graph.packed("embedding", state["embedding.weight"]), "letters")
    x = _export_lstm(graph, "first", state, x)
    early = graph.node("Reshape", _export_linear(graph, "early", state, x), graph.per_slot)
    early = graph.node("Reshape", graph.node("Softmax", early, axis=-1), graph.per_letter)
    x = graph.node("Add", x, _export_linear(graph, "condition", state, early))
    x = _export_lstm(graph, "second", state, x)
    late = graph.node("Reshape", _export_linear(graph, "late", state, x), graph.per_slot)
    graph.node("LogSoftmax", late, axis=-1, output="scores")
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes,
            "letter_to_sound",
            [onnx.helper.make_tensor_value_info("letters", onnx.TensorProto.INT64, ["L"])],
            [onnx.helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, ["S", CLASSES])],
            graph.constants,
        ),
        opset_imports=[onnx.helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(model, full_check=True)
    with atomic_write(path) as file:
        file.write(model.SerializeToString())


class _Graph:
    """The nodes and constants of an ONNX graph under way."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.per_slot = self.constant("per_slot", np.array([-1, CLASSES]))
        self.per_letter = self.constant("per_letter", np.array([-1, SLOTS * CLASSES]))
        self.batch = self.constant("batch", np.array([1]))

    def constant(self, name: str, value: np.ndarray) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def packed(self, name: str, value: np.ndarray) -> str:
        """Add ``value`` as whole numbers from -127 to 127 times a scale a row; return its name."""
        scale = np.abs(value).max(axis=-1, keepdims=True) / 127
        scale = np.maximum(scale, np.finfo(np.float32).tiny).astype(np.float32)
        bytes_ = np.rint(value / scale).astype(np.int8)
        whole = self.node("Cast", self.constant(f"{name}.bytes", bytes_), to=1)  # float32
        return self.node("Mul", whole, self.constant(f"{name}.scale", scale))

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        from onnx import helper

        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output


def _export_linear(graph: _Graph, name: str, state: dict[str, np.ndarray], x: str) -> str:
    weight = graph.packed(f"{name}.weight", state[f"{name}.weight"])
    bias = graph.constant(f"{name}.bias", state[f"{name}.bias"])
    return graph.node("Gemm", x, weight, bias, transB=1)


def _export_lstm(graph: _Graph, name: str, state: dict[str, np.ndarray], x: str) -> str:
    """Add a bidirectional LSTM of x [L, in]; return its output [L, 2 * hidden]."""

    def both(kind: str) -> np.ndarray:
        """Stack both directions, PyTorch's gates (in, forget, cell, out) in ONNX's order."""
        ways = []
        for way in ("", "_reverse"):
            gates = np.split(state[f"{name}.{kind}_l0{way}"], 4)
            ways.append(np.concatenate([gates[0], gates[3], gates[1], gates[2]]))
        return np.stack(ways)

    hidden = state[f"{name}.weight_hh_l0"].shape[1]
    bias = np.concatenate([both("bias_ih"), both("bias_hh")], axis=1)
    sequence = graph.node("Unsqueeze", x, graph.batch)  # [L, 1, in]
    output = graph.node(  # [L, 2, 1, hidden]
        "LSTM",
        sequence,
        graph.packed(f"{name}.weight_ih", both("weight_ih")),
        graph.packed(f"{name}.weight_hh", both("weight_hh")),
        graph.constant(f"{name}.bias", bias),
        hidden_size=hidden,
        direction="bidirectional",
    )
    width = graph.constant(f"{name}.width", np.array([-1, 2 * hidden]))
    return graph.node("Reshape", output, width)


def main() -> None:
    """Train, measure and write the network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=MODEL, help="file to write")
    parser.add_argument("--epochs", type=int, default=Settings.epochs)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    training, held_out = dictionary_entries()
    print(f"{len(training)} words to learn from, {len(held_out)} held out", flush=True)
    network = train(training, Settings(epochs=args.epochs), held_out)
    export(network, args.output)
    print(f"{args.output}: {args.output.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
