"""Vocoders put into voices: found out by running them, compared, converted, refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from tacotron.audio.convention import CONVENTIONS, get_convention
from tacotron.audio.definition import Affine, MeanVariance, MelConvention
from tacotron.audio.mel import scale
from tacotron.cli.main import main
from tacotron.errors import VoiceError
from tacotron.speak import Voice
from tacotron.voice import Bundle, WaveformSettings
from tacotron.voice.conversion import conversion
from tacotron.voice.foreign_vocoder import inspect_vocoder
from tacotron.voice.vocoders import read_vocoder
from tacotron.voice.writing import rewrite_voice

from ..speak.conftest import REACH, convolution, graph, waveform_graph

NVIDIA = get_convention("nvidia")
HIFIGAN = get_convention("hifigan")
MEANS = tuple(-2.0 - band / 40 for band in range(80))
DEVIATIONS = tuple(0.5 + band / 80 for band in range(80))

AFFINE = {
    "the same": {},
    "log10": {"log": "log10"},
    "decibels": {"log": "db", "reference_db": 20.0},
    "0 to 1": {"scaling": Affine(-11.5, 2.0)},
    "-4 to 4": {"log": "db", "scaling": Affine(-100.0, 0.0, -4.0, 4.0)},
    "standardized": {"scaling": MeanVariance(-5.5, 2.1)},
    "by band": {"log": "log10", "scaling": MeanVariance(MEANS, DEVIATIONS)},
}


@pytest.mark.parametrize("source", AFFINE)
@pytest.mark.parametrize("target", AFFINE)
def test_affine_maps_are_exact(source: str, target: str) -> None:
    ours, theirs = replace(NVIDIA, **AFFINE[source]), replace(NVIDIA, **AFFINE[target])
    amplitude = np.exp(np.random.default_rng(0).uniform(-11, 3, (9, 80))).astype(np.float32)
    convert = conversion(ours, theirs)
    expected = scale(amplitude, theirs)
    atol = 2e-6 * np.abs(expected).max()
    np.testing.assert_allclose(convert(scale(amplitude, ours)), expected, rtol=0, atol=atol)
    assert convert.warnings == ()
    assert (convert.slope is None) == (source == target)


def test_clipping_vocoders_get_clipped_values() -> None:
    theirs = replace(NVIDIA, scaling=Affine(-11.5, 0.0, clip=True))
    loud = scale(np.full((1, 80), 50.0, np.float32), NVIDIA)
    assert (conversion(NVIDIA, theirs)(loud) == 1.0).all()
    assert "clipped" in conversion(theirs, NVIDIA).warnings[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sample_rate", 24_000),
        ("hop_length", 300),
        ("n_fft", 2048),
        ("win_length", 800),
        ("n_mels", 100),
        ("fmax", 7600.0),
        ("mel_scale", "htk"),
        ("mel_norm", "none"),
        ("power", 2.0),
        ("preemphasis", 0.97),
        ("window", "hamming"),
    ],
)
def test_what_cannot_be_converted_is_refused(field: str, value: object) -> None:
    with pytest.raises(VoiceError, match=rf"'other' can't take mels of 'nvidia' \({field}: "):
        conversion(NVIDIA, replace(NVIDIA, name="other", **{field: value}))


def test_half_a_hop_is_a_warning() -> None:
    framing, softest = reversed(conversion(NVIDIA, HIFIGAN).warnings)
    assert "half a hop" in framing
    assert "power_offset" in softest
    (ends,) = conversion(NVIDIA, replace(NVIDIA, framing="center-constant")).warnings
    assert "very ends" in ends


def test_conventions_are_told_apart_or_mapped() -> None:
    """Every named convention is either refused or mapped to the values it names."""
    amplitude = np.exp(np.random.default_rng(0).uniform(-6, 3, (9, 80))).astype(np.float32)
    mapped = []
    for theirs in CONVENTIONS.values():
        try:
            convert = conversion(NVIDIA, theirs)
        except VoiceError:
            continue
        mapped.append(theirs.name)
        expected = scale(amplitude, theirs)
        np.testing.assert_allclose(convert(scale(amplitude, NVIDIA)), expected, atol=1e-4)
    assert {"nvidia", "hifigan"} <= set(mapped)


@pytest.mark.parametrize("lacking", [0, NVIDIA.hop_length])
@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("layout", ["time-last", "time-first"])
def test_vocoders_are_found_out(layout: str, rank: int, lacking: int) -> None:
    data = waveform_graph(layout, rank=rank, lacking=lacking)
    settings, warnings = inspect_vocoder(data, NVIDIA, where="it")
    assert settings == WaveformSettings(NVIDIA, layout, settings.context)
    assert settings.context in (REACH, REACH + 1)  # rounded up
    assert warnings == ()


def one_to_one(
    operator: str = "Tanh",
    shape: tuple[int | str, ...] = (1, 80, "T"),
    inputs: tuple[str, ...] = ("mel",),
    **attributes: object,
) -> bytes:
    """A graph that gives a value for each that it takes."""
    nodes = [helper.make_node(operator, ["mel"], ["audio"], **attributes)]
    return graph(nodes, {name: list(shape) for name in inputs}, {"audio": list(shape)}, {})


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"RIFF", "it is no graph that ONNX Runtime can run"),
        (one_to_one(inputs=("mel", "f0")), "it takes mel, f0 and gives audio"),
        (one_to_one(shape=(80,)), r"takes \[80\]: a vocoder takes one mel"),
        (one_to_one(shape=(4, 80, "T")), r"takes \[4, 80, 'T'\]"),
        (one_to_one(shape=(1, 100, "T")), r"'nvidia' mels have 80 bands"),
        (one_to_one(shape=(1, 80, 512)), r"export it with a free length"),
        (one_to_one(), "gives 2560 samples for 32 frames and 3840 for 48"),
    ],
)
def test_others_are_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(VoiceError, match=complaint):
        inspect_vocoder(data, NVIDIA, where="it")


def with_chance(layout: str) -> bytes:
    make = helper.make_node
    return graph(
        [
            make("Conv", ["mel", "weights"], ["wide"], pads=[REACH, REACH]),
            make("RandomNormalLike", ["wide"], ["chance"]),
            make("Add", ["wide", "chance"], ["mixed"]),
            make("Transpose", ["mixed"], ["audio"], perm=[0, 2, 1]),
        ],
        {"mel": [1, 80, "T"]},
        {"audio": [1, "T", NVIDIA.hop_length]},
        {"weights": convolution(NVIDIA.hop_length, 0.1)},
    )


def test_chance_is_told_and_not_streamed() -> None:
    settings, warnings = inspect_vocoder(with_chance("time-last"), NVIDIA, where="it")
    assert settings.context is None
    assert "a seed won't" in warnings[0]


def test_far_reaching_vocoders_are_not_streamed() -> None:
    make = helper.make_node
    data = graph(
        [
            make("ReduceMean", ["mel"], ["all"], axes=[2], keepdims=1),
            make("Add", ["mel", "all"], ["moved"]),
            make("Conv", ["moved", "weights"], ["wide"], pads=[REACH, REACH]),
            make("Transpose", ["wide"], ["audio"], perm=[0, 2, 1]),
        ],
        {"mel": [1, 80, "T"]},
        {"audio": [1, "T", NVIDIA.hop_length]},
        {"weights": convolution(NVIDIA.hop_length, 0.1)},
    )
    assert inspect_vocoder(data, NVIDIA, where="it")[0].context is None


@pytest.fixture
def onnx_file(tmp_path: Path) -> Path:
    path = tmp_path / "vocoder.onnx"
    path.write_bytes(waveform_graph())
    return path


def spoken(path: Path, text: str = "Hello there.") -> np.ndarray:
    return np.concatenate([chunk.audio for chunk in Voice.load(path).synthesize(text)])


def test_a_vocoder_speaks_in_the_values_that_it_knows(
    onnx_file: Path, tmp_path: Path, make_hum_voice: Callable[..., Path]
) -> None:
    """A voice of other values sounds the same through the same vocoder, if the map is exact."""
    waves = []
    for number, c in enumerate((NVIDIA, replace(NVIDIA, name="mine", log="log10"))):
        # A vocoder that takes log10, given by voices of either kind.
        log10 = replace(NVIDIA, name="theirs", log="log10")
        (tmp_path / "theirs.json").write_text(_json(log10))
        vocoder = read_vocoder(onnx_file, convention=str(tmp_path / "theirs.json"))
        bundle = Bundle.open(make_hum_voice(convention=c, postnet_context=0))
        mel = scale(np.full((30, 80), 0.1, np.float32), c)
        path = tmp_path / f"{number}.voice"
        rewrite_voice(bundle, path, vocoder=vocoder, name="new")
        voice = Voice.load(path)
        waves.append(voice._vocoder._samples(mel))
    np.testing.assert_allclose(waves[0], waves[1], atol=1e-5)


def _json(c: MelConvention) -> str:
    import json

    return json.dumps(c.to_dict())


def test_the_command(
    onnx_file: Path,
    tmp_path: Path,
    hum_voice: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TACOTRON_VOICES", str(hum_voice.parent))
    out = tmp_path / "out.voice"
    options = ["--vocoder", str(onnx_file), "--vocoder-convention", "hifigan"]
    assert main(["export", "hum", "-o", str(out), *options]) == 0
    assert "half a hop" in capsys.readouterr().err
    bundle = Bundle.open(out)
    assert bundle.manifest.name == "out"
    assert bundle.manifest.license == "MIT"
    assert bundle.manifest.metrics == {}  # they were measured with another vocoder
    assert bundle.manifest.vocoder == WaveformSettings(HIFIGAN, "time-last", REACH + 1)
    assert Voice.load(out).sample_rate == 22_050
    assert spoken(out).std() > 0
    # And from there into another voice.
    other = tmp_path / "other.voice"
    assert main(["export", str(hum_voice), "-o", str(other), "--vocoder", str(out)]) == 0
    assert spoken(other).tobytes() == spoken(out).tobytes()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--vocoder", "v.onnx"], "name the convention it was trained on"),
        (["--vocoder", "none.onnx", "--vocoder-convention", "nvidia"], "none.onnx"),
        (["--vocoder", "v.onnx", "--vocoder-convention", "nvidea"], "nvidia"),
        (["--vocoder", "v.onnx", "--vocoder-convention", "keithito"], "250 a frame"),
        (["--vocoder-convention", "nvidia"], "no --vocoder"),
        (["--vocoder", "hum"], "speaks by Griffin-Lim"),
        (["--vocoder", "hum", "--vocoder-convention", "nvidia"], "leave the convention out"),
        (["--checkpoint", "x.ckpt"], "no checkpoints"),
        (["--card", "none.md"], "none.md"),
    ],
)
def test_mistakes(
    onnx_file: Path,
    tmp_path: Path,
    hum_voice: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    complaint: str,
) -> None:
    monkeypatch.setenv("TACOTRON_VOICES", str(hum_voice.parent))
    monkeypatch.chdir(tmp_path)
    onnx_file.rename("v.onnx")
    assert main(["export", "hum", "-o", "out.voice", *options]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert complaint in err
    assert not Path("out.voice").exists()
