"""voice.json: exact round trip, and one sentence for whatever is wrong in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tacotron.audio.convention import get_convention
from tacotron.errors import VoiceError
from tacotron.voice import LengthBound, Manifest, SourceFilterSettings, WaveformSettings

WRONG = [
    ("name", "../etc/passwd"),
    ("name", ""),
    ("name", "a" * 65),
    ("name", "\x1b[31m"),
    ("kind", "magic"),
    ("kind", ["non-attentive"]),
    ("language", None),
    ("license", 5),
    ("frontend", ""),
    ("symbols", []),
    ("symbols", ["a", "a"]),
    ("symbols", "ab"),
    ("symbols", [["a"]]),
    ("speakers", []),
    ("convention", {}),
    ("convention", {"name": "nvidia"}),
    ("convention", 3),
    ("reduction_factor", 0),
    ("reduction_factor", 2.0),
    ("reduction_factor", True),
    ("prenet_dropout", 1.0),
    ("prenet_dropout", "0.5"),
    ("prenet_dropout", float("nan")),
    ("prenet_sizes", [128, -1]),
    ("prenet_sizes", 128),
    ("decoder_size", 10**9),
    ("postnet_context", -1),
    ("postnet_context", 1.5),
    ("vocoder", []),
    ("vocoder", {"kind": "magic"}),
    ("griffin_lim", []),
    ("griffin_lim", {"iterations": -1}),
    ("metrics", []),
    ("parts", {"encoder.onnx": "abc"}),
    ("parts", {"encoder.onnx": 1}),
]


def as_dict(manifest: Manifest) -> dict[str, Any]:
    return json.loads(manifest.to_json())


def test_round_trip(make_manifest: Callable[..., Manifest]) -> None:
    manifest = make_manifest(
        statistics={"level_dbfs": -23.0, "speakers": [{"name": "é"}]},
        provenance={"steps": 3},
        parts={"encoder.onnx": "0" * 64},
    )
    assert Manifest.from_json(manifest.to_json(), source="x") == manifest


def test_keys_of_later_versions_are_skipped(make_manifest: Callable[..., Manifest]) -> None:
    data = as_dict(make_manifest()) | {"mood": "cheerful"}
    assert Manifest.from_json(json.dumps(data), source="x") == make_manifest()


def test_griffin_lim_has_defaults(make_manifest: Callable[..., Manifest]) -> None:
    data = as_dict(make_manifest()) | {"griffin_lim": {"iterations": 7}}
    settings = Manifest.from_json(json.dumps(data), source="x").griffin_lim
    assert (settings.iterations, settings.power, settings.momentum) == (7, 1.2, 0.99)


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_wrong_values_are_named(
    make_manifest: Callable[..., Manifest], key: str, value: object
) -> None:
    data = as_dict(make_manifest()) | {key: value}
    with pytest.raises(VoiceError, match=f"my.voice.*{key}"):
        Manifest.from_json(json.dumps(data), source="my.voice")


def test_attentive_voices_have_a_length_bound(make_manifest: Callable[..., Manifest]) -> None:
    manifest = make_manifest(kind="attentive", length_bound=LengthBound(60, 25))
    assert Manifest.from_json(manifest.to_json(), source="x") == manifest
    assert manifest.length_bound.frames(10) == 310
    without = make_manifest(kind="attentive").to_json()
    with pytest.raises(VoiceError, match="length_bound"):
        Manifest.from_json(without, source="x")


@pytest.mark.parametrize(
    "bound", [None, 5, {}, {"base": -1, "per_symbol": 9}, {"base": 9, "per_symbol": 0}]
)
def test_wrong_length_bounds_are_named(
    make_manifest: Callable[..., Manifest], bound: object
) -> None:
    data = as_dict(make_manifest()) | {"kind": "attentive", "length_bound": bound}
    with pytest.raises(VoiceError, match=r"my\.voice.*length_bound"):
        Manifest.from_json(json.dumps(data), source="my.voice")


VOCODERS = [
    SourceFilterSettings(get_convention("nvidia"), n_fft=1024, hop_length=256, context=24),
    WaveformSettings(get_convention("keithito"), layout="time-first", context=None),
    WaveformSettings(get_convention("nvidia"), layout="time-last", context=12),
]


@pytest.mark.parametrize("vocoder", VOCODERS)
def test_vocoders(
    make_manifest: Callable[..., Manifest], vocoder: SourceFilterSettings | WaveformSettings
) -> None:
    manifest = make_manifest(vocoder=vocoder, postnet_context=10)
    assert Manifest.from_json(manifest.to_json(), source="x") == manifest


@pytest.mark.parametrize(
    ("settings", "key", "value"),
    [
        (VOCODERS[0], "kind", "magic"),
        (VOCODERS[0], "convention", {}),
        (VOCODERS[0], "n_fft", 1000),
        (VOCODERS[0], "hop_length", 0),
        (VOCODERS[0], "context", None),
        (VOCODERS[1], "layout", "time-between"),
        (VOCODERS[1], "context", -1),
    ],
)
def test_wrong_vocoders_are_named(
    make_manifest: Callable[..., Manifest],
    settings: SourceFilterSettings | WaveformSettings,
    key: str,
    value: object,
) -> None:
    data = as_dict(make_manifest(vocoder=settings))
    data["vocoder"][key] = value
    with pytest.raises(VoiceError, match=rf"my\.voice.*vocoder\.{key}"):
        Manifest.from_json(json.dumps(data), source="my.voice")


@pytest.mark.parametrize("key", ["name", "kind", "symbols", "speakers", "convention"])
def test_missing_values_are_named(make_manifest: Callable[..., Manifest], key: str) -> None:
    data = as_dict(make_manifest())
    del data[key]
    with pytest.raises(VoiceError, match=key):
        Manifest.from_json(json.dumps(data), source="my.voice")


@pytest.mark.parametrize("text", ["", "[]", "{", "null", b"\xff\xfe\x00", "[" * 100_000])
def test_other_json_is_no_voice(text: str | bytes) -> None:
    with pytest.raises(VoiceError, match=r"my\.voice is no voice"):
        Manifest.from_json(text, source="my.voice")


@pytest.mark.parametrize("version", [None, 2, "1", [1]])
def test_other_formats_are_refused(make_manifest: Callable[..., Manifest], version: object) -> None:
    data = as_dict(make_manifest()) | {"format": version}
    with pytest.raises(VoiceError, match="format"):
        Manifest.from_json(json.dumps(data), source="my.voice")


def test_figures_are_finite(make_manifest: Callable[..., Manifest]) -> None:
    with pytest.raises(VoiceError, match="not finite"):
        make_manifest(metrics={"loss": float("nan")}).to_json()
