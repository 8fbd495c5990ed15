"""The voice file: what is written is read back, anything else is one clear sentence."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tacotron.audio.convention import get_convention
from tacotron.errors import TacotronError, VoiceError
from tacotron.voice import Bundle, Manifest, SourceFilterSettings, bundle, write_bundle

GRAPHS = {
    part: part.encode() * 3
    for part in ("encoder.onnx", "upsampler.onnx", "decoder.onnx", "postnet.onnx")
}


@pytest.fixture
def small(tmp_path: Path, make_manifest: Callable[..., Manifest]) -> Path:
    path = tmp_path / "small.voice"
    write_bundle(path, make_manifest(), GRAPHS | {"weights.safetensors": bytes(range(256))})
    return path


def rewrite(
    path: Path,
    *,
    drop: str | None = None,
    add: dict[str, bytes] | None = None,
    compression: int = zipfile.ZIP_STORED,
) -> None:
    """Write the zip at ``path`` anew with a part less or more: what a forger would do."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != drop}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in (parts | (add or {})).items():
            archive.writestr(name, data)


def test_round_trip(small: Path, make_manifest: Callable[..., Manifest]) -> None:
    opened = Bundle.open(small)
    assert opened.manifest.symbols == make_manifest().symbols
    assert opened.read("encoder.onnx") == GRAPHS["encoder.onnx"]
    assert opened.read("weights.safetensors") == bytes(range(256))
    assert "weights.safetensors" in opened
    assert "lexicon.txt" not in opened
    opened.verify()


def test_same_content_same_bytes(
    tmp_path: Path, small: Path, make_manifest: Callable[..., Manifest]
) -> None:
    again = tmp_path / "again.voice"
    parts = {"weights.safetensors": bytes(range(256))} | dict(reversed(GRAPHS.items()))
    write_bundle(again, make_manifest(), parts)
    assert again.read_bytes() == small.read_bytes()


def test_parts_are_stored_plainly(small: Path) -> None:
    with zipfile.ZipFile(small) as archive:
        assert archive.namelist()[0] == "voice.json"
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_weights_need_no_library(small: Path) -> None:
    code = (
        "import sys; from tacotron.voice import Bundle;"
        f"assert len(Bundle.open({str(small)!r}).read('weights.safetensors')) == 256;"
        "assert not {'safetensors', 'torch', 'onnxruntime', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_vocoder_and_its_settings_come_together(
    small: Path, tmp_path: Path, make_manifest: Callable[..., Manifest]
) -> None:
    settings = SourceFilterSettings(get_convention("nvidia"), 1024, 256, context=24)
    path = tmp_path / "with.voice"
    with_settings = make_manifest(vocoder=settings)
    write_bundle(path, with_settings, GRAPHS | {"vocoder.onnx": b"graph"})
    assert "vocoder.onnx" in Bundle.open(path)
    for manifest, parts in (
        (with_settings, GRAPHS),
        (make_manifest(), GRAPHS | {"vocoder.onnx": b"graph"}),
    ):
        with pytest.raises(VoiceError, match=r"vocoder\.onnx needs a 'vocoder'"):
            write_bundle(path, manifest, parts)


def test_missing_part(small: Path) -> None:
    with pytest.raises(VoiceError, match=r"holds no lexicon\.txt"):
        Bundle.open(small).read("lexicon.txt")


@pytest.mark.parametrize(
    "content", [b"", b"RIFF....WAVE", b"PK\x03\x04", b"PK\x05\x06" + bytes(18)]
)
def test_other_files_are_no_voice(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.voice"
    path.write_bytes(content)
    with pytest.raises(VoiceError, match="is no voice"):
        Bundle.open(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="There is no voice file"):
        Bundle.open(tmp_path / "none.voice")
    with pytest.raises(VoiceError, match="directory"):
        Bundle.open(tmp_path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.floats(0, 1, exclude_max=True))
def test_torn_anywhere(small: Path, tmp_path: Path, kept: float) -> None:
    whole = small.read_bytes()
    torn = tmp_path / "torn.voice"
    torn.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(VoiceError):
        Bundle.open(torn).verify()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0, 1, exclude_max=True), value=st.integers(1, 255))
def test_one_wrong_byte_is_noticed_or_harmless(
    small: Path, tmp_path: Path, at: float, value: int
) -> None:
    data = bytearray(small.read_bytes())
    data[int(at * len(data))] ^= value
    broken = tmp_path / "broken.voice"
    broken.write_bytes(data)
    try:
        opened = Bundle.open(broken)
        opened.verify()
    except VoiceError:
        return
    # Dates, attributes and the manifest's words are not hashed; the parts are.
    assert {part: opened.read(part) for part in GRAPHS} == GRAPHS


def test_changed_part(small: Path) -> None:
    rewrite(small, add={"decoder.onnx": b"something else"})
    with pytest.raises(VoiceError, match=r"damaged: decoder\.onnx"):
        Bundle.open(small).verify()


def test_foreign_part(small: Path) -> None:
    rewrite(small, add={"../../evil.py": b"import os"})
    with pytest.raises(VoiceError, match=r"it holds '../../evil\.py'"):
        Bundle.open(small)


def test_unlisted_part(small: Path) -> None:
    rewrite(small, add={"lexicon.txt": b""})
    with pytest.raises(VoiceError, match=r"damaged: lexicon\.txt"):
        Bundle.open(small)


def test_lost_part(small: Path) -> None:
    rewrite(small, drop="postnet.onnx")
    with pytest.raises(VoiceError, match=r"damaged: postnet\.onnx"):
        Bundle.open(small)


def test_lost_manifest(small: Path) -> None:
    rewrite(small, drop="voice.json")
    with pytest.raises(VoiceError, match=r"holds no voice\.json"):
        Bundle.open(small)


def test_twofold_part(small: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(small, "a") as archive:
        archive.writestr("encoder.onnx", b"another")
    with pytest.raises(VoiceError, match="twice"):
        Bundle.open(small)


def test_compressed_parts_are_refused(small: Path) -> None:
    rewrite(small, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(VoiceError, match="compressed"):
        Bundle.open(small)


def test_large_parts_are_refused_unread(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "PART_LIMITS", bundle.PART_LIMITS | {"weights.safetensors": 255})
    with pytest.raises(VoiceError, match="too large"):
        Bundle.open(small)


def test_a_voice_needs_its_graphs(small: Path) -> None:
    with zipfile.ZipFile(small) as archive:
        manifest = json.loads(archive.read("voice.json"))
    del manifest["parts"]["decoder.onnx"]
    rewrite(small, drop="decoder.onnx", add={"voice.json": json.dumps(manifest).encode()})
    with pytest.raises(VoiceError, match=r"needs decoder\.onnx"):
        Bundle.open(small)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, r"needs encoder\.onnx"),
        (GRAPHS | {"notes.txt": b""}, r"no part 'notes\.txt'"),
        (GRAPHS | {"voice.json": b"{}"}, r"no part 'voice\.json'"),
    ],
)
def test_only_whole_voices_are_written(
    tmp_path: Path,
    make_manifest: Callable[..., Manifest],
    parts: dict[str, bytes],
    expected: str,
) -> None:
    with pytest.raises(VoiceError, match=expected):
        write_bundle(tmp_path / "new.voice", make_manifest(), parts)
    assert not list(tmp_path.iterdir())


def test_what_could_not_be_read_is_not_written(
    tmp_path: Path, make_manifest: Callable[..., Manifest]
) -> None:
    with pytest.raises(VoiceError, match="prenet_dropout"):
        write_bundle(tmp_path / "new.voice", make_manifest(prenet_dropout=2.0), GRAPHS)
    with pytest.raises(TacotronError, match="Could not write"):
        write_bundle(tmp_path / "none" / "new.voice", make_manifest(), GRAPHS)
    assert not list(tmp_path.iterdir())
