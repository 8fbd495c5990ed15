"""TensorFlow's checkpoints written from their specification alone, and keithito's graph in numpy.

Neither shares a line with what is tested: the checksum here is the textbook's, bit by bit; the
graph is computed in double precision, one step and one utterance at a time, from the variables'
TensorFlow names.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Variables = dict[str, np.ndarray]

CRC_TABLE = []
for number in range(256):
    for _ in range(8):
        number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
    CRC_TABLE.append(number)

KINDS = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "float16": 19}
STRING = 7


def masked_checksum(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17 & 0xFFFFFFFF) + 0xA282EAD8) % 2**32


def varint(number: int) -> bytes:
    digits = []
    while number > 127:
        digits.append(number % 128 + 128)
        number //= 128
    return bytes([*digits, number])


def message(*fields: tuple[int, int | bytes | tuple[int]]) -> bytes:
    """Fields as (number, value): an int is a varint, bytes are bytes, (int,) is 32 fixed bits.
    Zeros and empty texts are left out, as proto3 has it."""
    parts = []
    for field, value in fields:
        if isinstance(value, tuple):
            parts.append(varint(field * 8 + 5) + struct.pack("<I", *value))
        elif isinstance(value, bytes):
            parts.append(varint(field * 8 + 2) + varint(len(value)) + value)
        elif value:
            parts.append(varint(field * 8) + varint(value))
    return b"".join(parts)


def table(records: Mapping[bytes, bytes], *, per_block: int = 5, kind: int = 0) -> bytes:
    """A sorted table of ``records``, so many to a block, with a restart point every third."""
    written = b""

    def block(items: list[tuple[bytes, bytes]], kind: int = 0) -> bytes:
        """Write a block, return its handle."""
        nonlocal written
        body, restarts, before = b"", [], b""
        for place, (key, value) in enumerate(items):
            shared = 0
            if place % 3 == 0:
                restarts.append(len(body))
            else:
                while shared < min(len(key), len(before)) and key[shared] == before[shared]:
                    shared += 1
            body += varint(shared) + varint(len(key) - shared) + varint(len(value))
            body += key[shared:] + value
            before = key
        body += struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))
        handle = varint(len(written)) + varint(len(body))
        body += bytes([kind])
        written += body + struct.pack("<I", masked_checksum(body))
        return handle

    items = sorted(records.items())
    groups = [items[n : n + per_block] for n in range(0, len(items), per_block)]
    index = [(group[-1][0] + b"\0", block(group, kind)) for group in groups]
    footer = block([]) + block(index)
    return written + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def entry(**changes: Any) -> bytes:
    """The entry of a variable of four bytes, with ``changes``."""
    facts = {"kind": 1, "shape": (1,), "shard": 0, "offset": 0, "size": 4, "checksum": 0} | changes
    dimensions = b"".join(message((2, message((1, size)))) for size in facts["shape"])
    return message(
        (1, facts["kind"]),
        (2, dimensions),
        (3, facts["shard"]),
        (4, facts["offset"]),
        (5, facts["size"]),
        (6, (facts["checksum"],)),
        *facts.get("more", ()),
    )


HEADER = message((1, 1), (3, message((1, 1))))


def write(prefix: Path, variables: Variables, *, shards: int = 1) -> Path:
    """Write ``variables`` as the checkpoint ``prefix``, spread over ``shards`` files."""
    records = {b"": message((1, shards), (3, message((1, 1))))}
    files = [b""] * shards
    for place, (name, values) in enumerate(sorted(variables.items())):
        data, shard = values.tobytes(), place % shards
        records[name.encode()] = entry(
            kind=KINDS[values.dtype.name],
            shape=values.shape,
            shard=shard,
            offset=len(files[shard]),
            size=len(data),
            checksum=masked_checksum(data),
        )
        files[shard] += data
    prefix.with_name(prefix.name + ".index").write_bytes(table(records))
    for shard, data in enumerate(files):
        prefix.with_name(f"{prefix.name}.data-{shard:05}-of-{shards:05}").write_bytes(data)
    return prefix


# A model like keithito's, but small: 149 symbols, 6 mels, 33 bins, 2 frames a step.
MELS, BINS, R, EMBED, PRENET, HALF, DEPTH = 6, 33, 2, 8, (7, 6), 4, 5
BANKS = {"encoder_cbhg": 3, "post_cbhg": 2}
#: What whoever imports it must say of it; the sizes are there to be found.
TINY_HPARAMS = "frame_length_ms=3.2,frame_shift_ms=0.8,max_iters=30"

ROOT = "model/inference/"
OUTPUT = "decoder/output_projection_wrapper"
CELLS = f"{OUTPUT}/multi_rnn_cell"
COMBINE = f"{CELLS}/cell_0/output_projection_wrapper"
BEFORE = f"{COMBINE}/concat_output_and_attention_wrapper/decoder_prenet_wrapper"
ATTENTION = f"{BEFORE}/attention_wrapper"


def tiny_variables(seed: int = 0) -> Variables:
    """The variables of a small model with weights by chance, and some of Adam's."""
    chance = np.random.default_rng(seed)
    found: Variables = {}

    def add(name: str, *shape: int, low: float = -0.6, high: float = 0.6) -> None:
        found[ROOT + name] = chance.uniform(low, high, shape).astype(np.float32)

    def dense(name: str, inputs: int, outputs: int) -> None:
        add(f"{name}/kernel", inputs, outputs)
        add(f"{name}/bias", outputs)

    def gru(name: str, inputs: int, size: int) -> None:
        dense(f"{name}/gates", inputs + size, 2 * size)
        dense(f"{name}/candidate", inputs + size, size)

    def convolution(name: str, width: int, inputs: int, outputs: int) -> None:
        add(f"{name}/conv1d/kernel", width, inputs, outputs)
        add(f"{name}/conv1d/bias", outputs)
        for part in ("beta", "gamma", "moving_mean"):
            add(f"{name}/batch_normalization/{part}", outputs)
        add(f"{name}/batch_normalization/moving_variance", outputs, low=0.3, high=2.0)

    add("embedding", 149, EMBED)
    dense("prenet/dense_1", EMBED, PRENET[0])
    dense("prenet/dense_2", PRENET[0], PRENET[1])
    for scope, inputs, projection in (
        ("encoder_cbhg", PRENET[1], HALF),
        ("post_cbhg", MELS, 2 * HALF),
    ):
        for width in range(1, BANKS[scope] + 1):
            convolution(f"{scope}/conv_bank/conv1d_{width}", width, inputs, HALF)
        convolution(f"{scope}/proj_1", 3, BANKS[scope] * HALF, projection)
        convolution(f"{scope}/proj_2", 3, projection, inputs)
        for number in range(1, 5):
            for part in "HT":
                dense(f"{scope}/highway_{number}/{part}", HALF, HALF)
        for direction in ("fw", "bw"):
            gru(f"{scope}/bidirectional_rnn/{direction}/gru_cell", HALF, HALF)
    dense("encoder_cbhg/dense", PRENET[1], HALF)
    dense("post_cbhg/dense", MELS, HALF)
    dense("dense", 2 * HALF, BINS)
    add("memory_layer/kernel", 2 * HALF, DEPTH)
    dense(f"{BEFORE}/decoder_prenet/dense_1", MELS, PRENET[0])
    dense(f"{BEFORE}/decoder_prenet/dense_2", PRENET[0], PRENET[1])
    gru(f"{ATTENTION}/gru_cell", PRENET[1] + 2 * HALF, DEPTH)
    add(f"{ATTENTION}/bahdanau_attention/query_layer/kernel", DEPTH, DEPTH)
    add(f"{ATTENTION}/bahdanau_attention/attention_v", DEPTH)
    dense(COMBINE, DEPTH + 2 * HALF, DEPTH)
    for number in (1, 2):
        gru(f"{CELLS}/cell_{number}/gru_cell", DEPTH, DEPTH)
    dense(OUTPUT, DEPTH, R * MELS)
    slots = {
        f"model/optimizer/{name}/{slot}": np.full_like(values, np.nan)
        for name, values in found.items()
        for slot in ("Adam", "Adam_1")
    }
    return found | slots | {"global_step": np.array(4321, np.int32)}


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def softmax(x: np.ndarray) -> np.ndarray:
    weights = np.exp(x - x.max())
    return weights / weights.sum()


class Graph:
    """keithito/tacotron's inference, from its published description, on numpy arrays [T, C]."""

    def __init__(self, variables: Mapping[str, np.ndarray]) -> None:
        self.v = {
            name.removeprefix(ROOT): values.astype(np.float64)
            for name, values in variables.items()
            if name.startswith(ROOT)
        }

    def dense(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self.v[f"{name}/kernel"] + self.v[f"{name}/bias"]

    def prenet(self, scope: str, x: np.ndarray) -> np.ndarray:
        for number in (1, 2):
            x = np.maximum(self.dense(f"{scope}/dense_{number}", x), 0)
        return x

    def gru(self, name: str, x: np.ndarray, state: np.ndarray) -> np.ndarray:
        gates = sigmoid(self.dense(f"{name}/gates", np.concatenate([x, state])))
        reset, update = np.split(gates, 2)
        candidate = np.tanh(self.dense(f"{name}/candidate", np.concatenate([x, reset * state])))
        return update * state + (1 - update) * candidate

    def convolution(self, name: str, x: np.ndarray, *, relu: bool = True) -> np.ndarray:
        kernel = self.v[f"{name}/conv1d/kernel"]
        width = len(kernel)
        padded = np.pad(x, (((width - 1) // 2, width // 2), (0, 0)))
        y = sum(padded[k : k + len(x)] @ kernel[k] for k in range(width))
        y = y + self.v[f"{name}/conv1d/bias"]
        y = np.maximum(y, 0) if relu else y
        norm = {key: self.v[f"{name}/batch_normalization/{key}"] for key in ("beta", "gamma")}
        mean = self.v[f"{name}/batch_normalization/moving_mean"]
        variance = self.v[f"{name}/batch_normalization/moving_variance"]
        return norm["gamma"] * (y - mean) / np.sqrt(variance + 1e-3) + norm["beta"]

    def cbhg(self, scope: str, x: np.ndarray, length: int | None = None) -> np.ndarray:
        widths = sum(f"{scope}/conv_bank/conv1d_{k}/conv1d/bias" in self.v for k in range(1, 17))
        names = [f"{scope}/conv_bank/conv1d_{k + 1}" for k in range(widths)]
        y = np.concatenate([self.convolution(name, x) for name in names], 1)
        y = np.maximum(y, np.concatenate([y[1:], y[-1:]]))
        y = self.convolution(f"{scope}/proj_1", y)
        y = self.convolution(f"{scope}/proj_2", y, relu=False) + x
        if f"{scope}/dense/kernel" in self.v:
            y = self.dense(f"{scope}/dense", y)
        for number in range(1, 5):
            changed = np.maximum(self.dense(f"{scope}/highway_{number}/H", y), 0)
            gate = sigmoid(self.dense(f"{scope}/highway_{number}/T", y))
            y = changed * gate + y * (1 - gate)
        out = np.zeros((len(y), 2 * y.shape[1]))
        length = len(y) if length is None else length
        for half, (direction, order) in enumerate(
            (("fw", range(length)), ("bw", range(length - 1, -1, -1)))
        ):
            state = np.zeros(y.shape[1])
            for t in order:
                state = self.gru(f"{scope}/bidirectional_rnn/{direction}/gru_cell", y[t], state)
                out[t, half * len(state) : (half + 1) * len(state)] = state
        return out

    def encoder(self, ids: np.ndarray, length: int) -> np.ndarray:
        """``ids`` [L], padding included, of which ``length`` are real -> memory [L, E]."""
        return self.cbhg("encoder_cbhg", self.prenet("prenet", self.v["embedding"][ids]), length)

    def decoder(self, memory: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Memory [L, E] -> mel [steps r, n_mels] and attention [steps, L]."""
        bahdanau = f"{ATTENTION}/bahdanau_attention"
        keys = memory @ self.v["memory_layer/kernel"]
        score, query = self.v[f"{bahdanau}/attention_v"], self.v[f"{bahdanau}/query_layer/kernel"]
        mels = self.v["post_cbhg/dense/kernel"].shape[0]
        attending = np.zeros(len(query))
        context, frame = np.zeros(memory.shape[1]), np.zeros(mels)
        size = len(self.v[f"{COMBINE}/bias"])
        states, spoken, looks = [np.zeros(size), np.zeros(size)], [], []
        for _ in range(steps):
            heard = self.prenet(f"{BEFORE}/decoder_prenet", frame)
            heard = np.concatenate([heard, context])
            attending = self.gru(f"{ATTENTION}/gru_cell", heard, attending)
            weights = softmax(np.tanh(keys + attending @ query) @ score)
            context = weights @ memory
            y = self.dense(COMBINE, np.concatenate([attending, context]))
            for number in (0, 1):
                cell = f"{CELLS}/cell_{number + 1}/gru_cell"
                states[number] = self.gru(cell, y, states[number])
                y = y + states[number]
            frames = self.dense(OUTPUT, y).reshape(-1, mels)
            frame = frames[-1]
            spoken.append(frames)
            looks.append(weights)
        return np.concatenate(spoken), np.stack(looks)

    def postnet(self, mel: np.ndarray) -> np.ndarray:
        """Mel [T, n_mels] -> linear [T, bins]."""
        return self.dense("dense", self.cbhg("post_cbhg", mel))


@pytest.fixture(scope="session")
def tiny() -> Variables:
    return tiny_variables()


@pytest.fixture(scope="session")
def tiny_hparams() -> str:
    return TINY_HPARAMS


@pytest.fixture(scope="session")
def graph() -> Callable[[Mapping[str, np.ndarray]], Graph]:
    """The reference computation on a checkpoint's variables."""
    return Graph


@pytest.fixture(scope="session")
def write_checkpoint() -> Callable[..., Path]:
    """``write_checkpoint(prefix, variables, shards=1)``."""
    return write


@pytest.fixture
def write_index(tmp_path: Path) -> Callable[..., Path]:
    """Writes an index of one variable, ``x``, and its data: `entry`'s and the header's fields may
    be changed, and the whole be written as blocks of another ``kind``."""

    def write_index(header: bytes | None = HEADER, kind: int = 0, **changes: Any) -> Path:
        data = np.array([1.5], np.float32).tobytes()
        records = {b"x": entry(checksum=masked_checksum(data), **changes)}
        if header is not None:
            records[b""] = header
        (tmp_path / "odd.index").write_bytes(table(records, kind=kind))
        (tmp_path / "odd.data-00000-of-00001").write_bytes(data)
        return tmp_path / "odd"

    return write_index


@pytest.fixture(scope="session")
def tiny_checkpoint(tiny: Variables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prefix of a small checkpoint of keithito's."""
    return write(tmp_path_factory.mktemp("checkpoint") / "model.ckpt-4321", tiny)
