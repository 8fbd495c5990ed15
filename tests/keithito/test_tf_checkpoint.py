"""Reading TensorFlow's checkpoints: what was written comes back, anything else is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacotron.errors import VoiceError
from tacotron.keithito.protobuf import Malformed, Message
from tacotron.keithito.sstable import masked_crc32c, read_table
from tacotron.keithito.tf_checkpoint import Checkpoint

DATA = Path(__file__).parents[1] / "data"
Write = Callable[..., Path]
MAGIC = bytes.fromhex("57fb808b247547db")


def values(prefix: Path) -> dict[str, np.ndarray]:
    checkpoint = Checkpoint.open(prefix)
    return {name: checkpoint.read(name) for name in checkpoint.variables}


def same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> bool:
    return found.keys() == expected.keys() and all(
        found[name].dtype == value.dtype
        and found[name].shape == value.shape
        and found[name].tobytes() == value.tobytes()
        for name, value in expected.items()
    )


def refused(prefix: Path) -> str:
    """The sentence by which ``prefix`` is refused."""
    with pytest.raises(VoiceError) as caught:
        values(prefix)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def small(chance: np.random.Generator) -> dict[str, np.ndarray]:
    shapes = {
        "a/kernel": (3, 4),
        "a/kernel/Adam": (3, 4),
        "a/bias": (4,),
        "b": (1, 2, 1),
        "z": (2,),
    }
    return {name: chance.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def checkpoint(write_checkpoint: Write, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    return write_checkpoint(folder / "model.ckpt-7", small(np.random.default_rng(1)))


@pytest.mark.parametrize("shards", [1, 3])
def test_every_kind_and_shape_comes_back(
    write_checkpoint: Write, tmp_path: Path, shards: int
) -> None:
    chance = np.random.default_rng(shards)
    variables = {"global_step": np.array(877_000, np.int32), "empty": np.empty((0, 3), np.float32)}
    for number, kind in enumerate(["float32", "float64", "float16", "int32", "int64"] * 9):
        shape = tuple(chance.integers(1, 5, size=number % 5))
        variables[f"model/inference/{kind}/{number}"] = np.asarray(
            chance.normal(size=shape) * 100
        ).astype(kind)
    prefix = write_checkpoint(tmp_path / "model.ckpt-877000", variables, shards=shards)
    assert same(values(prefix), variables)


def test_any_file_of_it_names_it(checkpoint: Path) -> None:
    expected = values(checkpoint)
    for suffix in (".index", ".data-00000-of-00001"):
        assert same(values(checkpoint.with_name(checkpoint.name + suffix)), expected)


def test_what_tensorflow_wrote_is_read(tmp_path: Path) -> None:
    """The index of a checkpoint that TensorFlow 1.10 saved, and the bytes of some variables."""
    shutil.copy(DATA / "keithito_checkpoint.index", tmp_path / "model.ckpt-1234.index")
    with np.load(DATA / "keithito_checkpoint.npz") as kept:
        parts = {int(offset): kept[offset].tobytes() for offset in kept.files}
    with (tmp_path / "model.ckpt-1234.data-00000-of-00001").open("wb") as file:
        file.truncate(28_270_216)
        for offset, data in parts.items():
            file.seek(offset)
            file.write(data)
    opened = Checkpoint.open(tmp_path / "model.ckpt-1234")
    assert len(opened.variables) == 249
    trained = [v for name, v in opened.variables.items() if "moving" not in name]
    assert (
        sum(int(np.prod(v.shape)) for v in trained) == 7_060_225 + 1
    )  # the README's, and the step
    assert opened.read("global_step") == 1234
    whole = [v for v in opened.variables.values() if v.offset in parts]
    assert len(whole) == len(parts) > 5
    for variable in whole:
        assert opened.read(variable.name).tobytes() == parts[variable.offset]
    with pytest.raises(VoiceError, match="checksum of model/inference/embedding does not fit"):
        opened.read("model/inference/embedding")  # zeros in place of what was saved


def test_cut_short_anywhere(checkpoint: Path, tmp_path: Path) -> None:
    for suffix in (".index", ".data-00000-of-00001"):
        for other in (".index", ".data-00000-of-00001"):
            shutil.copy(f"{checkpoint}{other}", tmp_path / f"cut{other}")
        whole = (tmp_path / f"cut{suffix}").read_bytes()
        for length in range(len(whole)):
            (tmp_path / f"cut{suffix}").write_bytes(whole[:length])
            assert f"cut{suffix}" in refused(tmp_path / "cut")


@given(chosen=st.data())
def test_any_byte_changed(
    checkpoint: Path, tmp_path_factory: pytest.TempPathFactory, chosen: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("changed")
    suffixes = (".index", ".data-00000-of-00001")
    for suffix in suffixes:
        shutil.copy(f"{checkpoint}{suffix}", folder / f"changed{suffix}")
    path = folder / f"changed{chosen.draw(st.sampled_from(suffixes))}"
    data = bytearray(path.read_bytes())
    data[chosen.draw(st.integers(0, len(data) - 1))] ^= chosen.draw(st.integers(1, 255))
    path.write_bytes(data)
    try:
        found = values(folder / "changed")
    except VoiceError:
        refused(folder / "changed")
    else:
        assert same(found, values(checkpoint))


def test_every_byte_that_is_read_is_watched(checkpoint: Path, tmp_path: Path) -> None:
    """Only the padding of the footer, and the handle of an empty block, may change unnoticed."""
    index = Path(f"{checkpoint}.index").read_bytes()
    shutil.copy(f"{checkpoint}.data-00000-of-00001", tmp_path / "x.data-00000-of-00001")
    unnoticed = []
    for place in range(len(index)):
        changed = bytearray(index)
        changed[place] ^= 0x55
        (tmp_path / "x.index").write_bytes(changed)
        try:
            values(tmp_path / "x")
        except VoiceError:
            continue
        unnoticed.append(place)
    # The block of meta blocks is empty: nothing of it is read.
    meta_block = 8 + 5
    assert len([place for place in unnoticed if place < len(index) - 48]) <= meta_block
    assert len(unnoticed) <= meta_block + 40


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_no_table(data: bytes) -> None:
    for table in (data, data + MAGIC, data.ljust(60, b"\1") + MAGIC):
        with pytest.raises(Malformed):
            read_table(table)


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_a_message_or_none(data: bytes) -> None:
    try:
        fields = Message.parse(data).fields
    except Malformed:
        return
    assert all(isinstance(v, int | bytes) for values in fields.values() for v in values)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a checkpoint", b"PK\3\4" + bytes(100), bytes(48), bytes(40) + MAGIC],
    ids=["empty", "text", "zip", "zeros", "footer alone"],
)
def test_foreign_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.ckpt-1.index").write_bytes(content)
    assert "no whole index of a TensorFlow checkpoint" in refused(tmp_path / "model.ckpt-1")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"header": None}, "without the header"),
        ({"header": b"\x10\x01"}, "big-endian"),
        ({"header": b"\x08\xff\xff\xff\xff\x0f"}, "counts 4294967295 data files"),
        ({"header": b"\x1a\x02\x10\x07"}, "newer TensorFlow"),
        ({"header": b"\x0b"}, "field of unknown kind"),
        ({"header": b"\x0a\x00"}, "field 1 holds bytes"),
        ({"header": b"\x18\x01"}, "field 3 holds a number"),
        ({"kind": 1}, "compressed"),
        ({"shape": (3,)}, "not the size of its shape"),
        ({"shape": (1 << 63,)}, "not the size of its shape"),
        ({"shape": (1,) * 40}, "40 dimensions"),
        ({"shard": 1}, "in a file beyond the last"),
        ({"offset": 1 << 40}, "cut short"),
        ({"offset": 1}, "cut short"),
        ({"shape": (1 << 40,), "size": 1 << 42}, "cut short"),
    ],
)
def test_absurd_contents_with_good_checksums(
    write_index: Write, changes: dict[str, Any], reason: str
) -> None:
    assert same(values(write_index()), {"x": np.array([1.5], np.float32)})
    assert reason in refused(write_index(**changes))


def test_text_and_slices_are_told_when_they_are_asked_for(
    tmp_path: Path, write_index: Write
) -> None:
    opened = Checkpoint.open(write_index(more=((7, b"\x0a\x00"),)))
    with pytest.raises(VoiceError, match="stored in slices"):
        opened.read("x")


def test_missing_files_and_what_may_be_meant(checkpoint: Path, tmp_path: Path) -> None:
    assert "Could not read" in refused(tmp_path / "nowhere" / "model.ckpt-1")
    assert f"did you mean {checkpoint}?" in refused(checkpoint.with_name("model.ckpt-8"))
    assert f"did you mean {checkpoint}?" in refused(checkpoint.parent)
    shutil.copy(f"{checkpoint}.index", tmp_path / "alone.index")
    assert "alone.data-00000-of-00001 (no such file" in refused(tmp_path / "alone")


def test_checksums_are_those_of_the_standard() -> None:
    """RFC 3720, appendix B.4, masked as LevelDB does."""
    for data, crc in ((bytes(32), 0x8A9136AA), (bytes(range(32)), 0x46DD794E)):
        assert masked_crc32c(data) == ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32
