"""The public surface is what it says, and speaking loads nothing that it does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import tacotron

HEAVY = ["torch", "scipy", "matplotlib", "lightning", "librosa", "onnx", "safetensors", "tqdm"]


def run(code: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_the_surface_is_exactly_all() -> None:
    run("import tacotron; assert dir(tacotron) == sorted(tacotron.__all__)")
    for name in tacotron.__all__:
        assert getattr(tacotron, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = tacotron.nonsense


def test_everything_public_comes_from_all() -> None:
    """A fresh package holds nothing public but `__all__` and what those names loaded."""
    run(
        "import tacotron\n"
        "own = {n for n in vars(tacotron) if not n.startswith('_')}\n"
        "assert own <= {'annotations', 'import_module', 'TYPE_CHECKING', 'Any'}, own\n"
        "from tacotron import *\n"
        "assert set(tacotron.__all__) <= set(globals())\n"
    )


def test_importing_is_light() -> None:
    run("import sys, tacotron; assert not {'numpy', 'onnxruntime'} & set(sys.modules)")


def test_speaking_is_light(hum_voice: Path, tmp_path: Path) -> None:
    run(
        "import sys, tacotron\n"
        f"voice = tacotron.Voice.load({str(hum_voice)!r})\n"
        f"voice.speak_to_file('Hello, world.', {str(tmp_path / 'a.wav')!r})\n"
        f"assert not set({HEAVY!r}) & set(sys.modules), set({HEAVY!r}) & set(sys.modules)\n"
    )


@pytest.mark.parametrize("room", ["tacotron.speak", "tacotron.voice", "tacotron.cli.main"])
def test_rooms_are_light(room: str) -> None:
    run(f"import sys, {room}; assert not set({HEAVY!r}) & set(sys.modules)")
