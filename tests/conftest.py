"""The hum voice: a real voice file, small and without training, for tests of all that speaks.

Its graphs honor the contract of a non-attentive voice and are simple enough to predict: each
phoneme is one band of the mel for a fixed number of frames, everything else is silence.
"""

from __future__ import annotations

import os

# Before numpy is loaded: on busy machines its threads take far longer than one, and results of
# processes that tests start should equal those of this one to the bit.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from tacotron.audio.convention import get_convention
from tacotron.text import ENGLISH_SYMBOLS
from tacotron.voice import GriffinLimSettings, Manifest, write_bundle

# How long an example takes depends on the machine and on what else runs there.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SILENCE = np.log(1e-5)  # the convention's floor
HUM = np.log(0.05)  # the one band that a phoneme sounds in
BOUNDARIES = frozenset("_^$~ ,.?!;:—")

PHONEME_FRAMES = 6.3  # not whole, so that rounding is at work
BOUNDARY_FRAMES = 4.0
EDGE_FRAMES = 30.0  # of "^" and "$": silence to be trimmed


def hum_band(symbol: str, symbols: Sequence[str] = ENGLISH_SYMBOLS) -> int:
    """The mel band in which a phoneme sounds."""
    return 10 + symbols.index(symbol) % 50


def hum_graphs(
    symbols: Sequence[str], speakers: Sequence[str], n_mels: int, r: int
) -> dict[str, bytes]:
    """The four graphs of the hum voice as serialized ONNX models."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    float32, int64 = TensorProto.FLOAT, TensorProto.INT64
    width = r * n_mels

    def graph(
        nodes: list[tuple[str, list[str], list[str], dict[str, Any]]],
        inputs: dict[str, tuple[int, list[Any]]],
        outputs: dict[str, tuple[int, list[Any]]],
        constants: dict[str, np.ndarray],
    ) -> bytes:
        def describe(values: dict[str, tuple[int, list[Any]]]) -> list[Any]:
            return [helper.make_tensor_value_info(n, t, s) for n, (t, s) in values.items()]

        model = helper.make_model(
            helper.make_graph(
                [helper.make_node(op, ins, outs, **attrs) for op, ins, outs, attrs in nodes],
                "hum",
                describe(inputs),
                describe(outputs),
                [numpy_helper.from_array(value, name) for name, value in constants.items()],
            ),
            opset_imports=[helper.make_opsetid("", 17)],
            ir_version=8,
        )
        onnx.checker.check_model(model)
        return model.SerializeToString()

    sounds = np.full((len(symbols), n_mels), SILENCE, np.float32)
    lengths = np.full(len(symbols), PHONEME_FRAMES, np.float32)
    for number, symbol in enumerate(symbols):
        if symbol in BOUNDARIES:
            lengths[number] = EDGE_FRAMES if symbol in "^$~" else BOUNDARY_FRAMES
        else:
            sounds[number, hum_band(symbol, symbols)] = HUM
    # A second speaker hums softer.
    voices = -0.5 * np.arange(len(speakers), dtype=np.float32)[:, None, None]
    states = ("hidden_1", "cell_1", "hidden_2", "cell_2")
    small = np.float32(0.02)
    return {
        "encoder.onnx": graph(
            [
                ("Gather", ["sounds", "ids"], ["sound"], {"axis": 0}),
                ("Gather", ["voices", "speaker"], ["voice"], {"axis": 0}),
                ("Add", ["sound", "voice"], ["memory"], {}),
                ("Gather", ["lengths", "ids"], ["durations"], {"axis": 0}),
            ],
            {"ids": (int64, [1, "L"]), "speaker": (int64, [1])},
            {"memory": (float32, [1, "L", n_mels]), "durations": (float32, [1, "L"])},
            {"sounds": sounds, "voices": voices, "lengths": lengths},
        ),
        "upsampler.onnx": graph(
            [
                ("Squeeze", ["memory", "zero"], ["rows"], {}),
                ("Squeeze", ["index", "zero"], ["which"], {}),
                ("Gather", ["rows", "which"], ["frames"], {"axis": 0}),
                ("ReduceMean", ["position"], ["where"], {"axes": [2], "keepdims": 1}),
                ("Mul", ["where", "small"], ["tilt"], {}),
                ("Add", ["frames", "tilt"], ["tilted"], {}),
                ("Reshape", ["tilted", "steps"], ["condition"], {}),
            ],
            {
                "memory": (float32, [1, "L", n_mels]),
                "index": (int64, [1, "T"]),
                "position": (float32, [1, "T", 3]),
            },
            {"condition": (float32, [1, "S", width])},
            {
                "zero": np.array([0], np.int64),
                "small": small,
                "steps": np.array([1, -1, width], np.int64),
            },
        ),
        "decoder.onnx": graph(
            [
                ("ReduceMean", ["dropout_1"], ["mean_1"], {"axes": [1], "keepdims": 1}),
                ("ReduceMean", ["dropout_2"], ["mean_2"], {"axes": [1], "keepdims": 1}),
                ("Add", ["mean_1", "mean_2"], ["chance"], {}),
                ("ReduceMean", ["frame"], ["heard"], {"axes": [1], "keepdims": 1}),
                ("Tanh", ["heard"], ["bounded"], {}),
                ("Add", ["chance", "bounded"], ["moved"], {}),
                ("Mul", ["moved", "small"], ["moving"], {}),
                ("Add", ["condition", "moving"], ["flat"], {}),
                ("Reshape", ["flat", "shape"], ["frames"], {}),
                *(("Tanh", [state], [f"next_{state}"], {}) for state in states),
            ],
            {
                "frame": (float32, [1, n_mels]),
                "condition": (float32, [1, width]),
                "dropout_1": (float32, [1, 8]),
                "dropout_2": (float32, [1, 8]),
                **{state: (float32, [1, width]) for state in states},
            },
            {
                "frames": (float32, [1, r, n_mels]),
                **{f"next_{state}": (float32, [1, width]) for state in states},
            },
            {"small": small, "shape": np.array([1, r, n_mels], np.int64)},
        ),
        "postnet.onnx": graph(
            [("Identity", ["frames"], ["mel"], {})],
            {"frames": (float32, [1, "T", n_mels])},
            {"mel": (float32, [1, "T", n_mels])},
            {},
        ),
    }


def hum_manifest(**changes: Any) -> Manifest:
    """The manifest of the hum voice, with ``changes``."""
    convention = get_convention("nvidia")
    r = changes.get("reduction_factor", 3)
    fields: dict[str, Any] = {
        "name": "hum",
        "kind": "non-attentive",
        "language": "en-US",
        "license": "MIT",
        "frontend": "english",
        "symbols": ENGLISH_SYMBOLS,
        "speakers": ("alto", "tenor"),
        "convention": convention,
        "reduction_factor": r,
        "prenet_dropout": 0.5,
        "prenet_sizes": (8, 8),
        "decoder_size": r * convention.n_mels,
        "griffin_lim": GriffinLimSettings(iterations=2),
        "metrics": {"word error rate": 1.0},
    }
    return Manifest(**fields | changes)


def write_hum_voice(path: Path, parts: dict[str, bytes] | None = None, **changes: Any) -> Path:
    """Write the hum voice to ``path``, with other ``parts`` and manifest fields where given."""
    manifest = hum_manifest(**changes)
    graphs = hum_graphs(
        manifest.symbols,
        manifest.speakers,
        manifest.convention.n_mels,
        manifest.reduction_factor,
    )
    card = {"MODEL_CARD.md": b"# hum\n\nIt hums.\n"}
    write_bundle(path, manifest, graphs | card | (parts or {}))
    return path


@pytest.fixture(scope="session")
def hum_voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder's ``hum.voice``."""
    return write_hum_voice(tmp_path_factory.mktemp("voices") / "hum.voice")


@pytest.fixture
def make_hum_voice(tmp_path: Path) -> Callable[..., Path]:
    """Writes a variation of the hum voice: `write_hum_voice` without its path."""

    def make(parts: dict[str, bytes] | None = None, **changes: Any) -> Path:
        return write_hum_voice(tmp_path / "variation.voice", parts, **changes)

    return make


@pytest.fixture
def graphs() -> dict[str, bytes]:
    """The hum voice's graphs, to be damaged."""
    return hum_graphs(ENGLISH_SYMBOLS, ("alto", "tenor"), 80, 3)


@pytest.fixture
def make_manifest() -> Callable[..., Manifest]:
    """Makes the hum voice's manifest with changes: `hum_manifest`."""
    return hum_manifest
