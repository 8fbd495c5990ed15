"""TensorFlow's checkpoints (version 2, "tensor bundles"), read without TensorFlow.

A checkpoint ``model.ckpt-N`` is a table of contents, ``model.ckpt-N.index``, and the values in
``model.ckpt-N.data-00000-of-0000M``. The table holds protocol buffers, after TensorFlow's
tensorflow/core/protobuf/tensor_bundle.proto: a ``BundleHeaderProto`` under the empty key, and a
``BundleEntryProto`` under each variable's name. Nothing in it is code, and both the table and every
variable carry checksums, which are verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from tacotron.errors import VoiceError
from tacotron.keithito.protobuf import Malformed, Message
from tacotron.keithito.sstable import masked_crc32c, read_table

INDEX_SUFFIX = ".index"

# DataType in tensorflow/core/framework/types.proto, as far as weights and counters need it.
_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2"}
_LITTLE_ENDIAN = 0
_BUNDLE_VERSION = 1  # kTensorBundleVersion: the newest layout that is understood here
_MOST_SHARDS = 100_000  # file names have room for no more
_MOST_DIMENSIONS = 32  # NumPy's own limit, before version 2
_LARGEST_INDEX = 1 << 28  # bytes; keithito's has 11,000, with Adam's slots 30,000


@dataclass(frozen=True)
class Variable:
    """What a checkpoint's table says of one variable."""

    name: str
    dtype: np.dtype | None  # None: of a kind that isn't read here, such as text
    shape: tuple[int, ...]
    shard: int
    offset: int  # bytes, in the shard's file
    size: int  # bytes
    checksum: int  # masked CRC-32C of these bytes
    sliced: bool  # whether its values lie in pieces under other names


class Checkpoint:
    """A checkpoint, opened: its `variables` by name, and their values when asked for."""

    def __init__(self, prefix: Path, shards: int, variables: Mapping[str, Variable]) -> None:
        self.prefix = prefix
        self.variables = variables
        self._shards = shards

    @classmethod
    def open(cls, path: str | Path) -> Checkpoint:
        """Open the checkpoint at ``path``: what ends like ``model.ckpt-877000``, or a file of it.

        Reads its table of contents alone. Raises `VoiceError` where there is none, or where it is
        cut short, changed, or the file of something else.
        """
        prefix = _prefix(Path(path))
        index = prefix.with_name(prefix.name + INDEX_SUFFIX)
        try:
            shards, variables = _read_index(_index_bytes(index, prefix))
        except Malformed as error:
            raise VoiceError(
                f"{index} is no whole index of a TensorFlow checkpoint ({error}): get it again, "
                "or name another."
            ) from error
        return cls(prefix, shards, variables)

    def read(self, name: str) -> np.ndarray:
        """The values of the variable ``name``, in its shape and type.

        Raises `KeyError` for a name that isn't in `variables`, and `VoiceError` where its values
        are missing, cut short or changed, or of a kind that isn't read here.
        """
        variable = self.variables[name]
        if variable.dtype is None or variable.sliced:
            raise VoiceError(
                f"{name} in {self.prefix} is text or stored in slices, which no weight of "
                "keithito/tacotron is: name a checkpoint of that project."
            )
        shard = self._shard(variable.shard)
        try:
            with shard.open("rb") as file:
                file.seek(0, 2)
                rest = file.tell() - variable.offset
                if rest < variable.size:
                    raise VoiceError(
                        f"{shard} is cut short (it lacks {name}): get the whole file again."
                    )
                file.seek(variable.offset)
                data = file.read(variable.size)
        except OSError as error:
            raise _unreadable(shard, error) from error
        if masked_crc32c(data) != variable.checksum:
            raise VoiceError(
                f"{shard} is damaged (the checksum of {name} does not fit): get the file again."
            )
        return np.frombuffer(data, variable.dtype).reshape(variable.shape)

    def _shard(self, number: int) -> Path:
        name = f"{self.prefix.name}.data-{number:05d}-of-{self._shards:05d}"
        return self.prefix.with_name(name)


def _prefix(path: Path) -> Path:
    """``path`` without the ending of one of a checkpoint's files."""
    if path.suffix in (INDEX_SUFFIX, ".meta") or path.suffix.startswith(".data-"):
        return path.with_suffix("")
    return path


def _index_bytes(index: Path, prefix: Path) -> bytes:
    try:
        with index.open("rb") as file:
            data = file.read(_LARGEST_INDEX + 1)
    except OSError as error:
        raise _unreadable(index, error, _nearby(prefix)) from error
    if len(data) > _LARGEST_INDEX:
        raise Malformed("it is far too large")
    return data


def _nearby(prefix: Path) -> str:
    """A hint at the newest checkpoint where the user may have meant it."""
    folder = prefix if prefix.is_dir() else prefix.parent
    try:
        found = sorted(folder.glob(f"*{INDEX_SUFFIX}"), key=lambda path: path.stat().st_mtime)
    except OSError:
        return ""
    return f"did you mean {_prefix(found[-1])}? " if found else ""


def _unreadable(path: Path, error: OSError, hint: str = "") -> VoiceError:
    reason = (error.strerror or str(error)).lower()
    return VoiceError(
        f"Could not read {path} ({reason}): {hint}a checkpoint model.ckpt-N is its .index file and "
        "its .data files, side by side."
    )


def _read_index(table: bytes) -> tuple[int, dict[str, Variable]]:
    """How many files hold the values, and the variables by name."""
    records = read_table(table)
    if b"" not in records:
        raise Malformed("it is a table without the header of a checkpoint")
    header = Message.parse(records.pop(b""))
    shards = header.number(1, 1)
    if header.number(2) != _LITTLE_ENDIAN:
        raise Malformed("it was written on a big-endian machine")
    if header.message(3).number(2) > _BUNDLE_VERSION:
        raise Malformed("it was written by a newer TensorFlow")
    if not 0 < shards < _MOST_SHARDS:
        raise Malformed(f"it counts {shards} data files")
    variables = {}
    for key, value in records.items():
        variable = _variable(key, Message.parse(value))
        if variable.shard >= shards:
            raise Malformed(f"{variable.name} lies in a file beyond the last")
        variables[variable.name] = variable
    return shards, variables


def _variable(key: bytes, entry: Message) -> Variable:
    # A name in an encoding of its own is no weight's; its values are never asked for.
    name = key.decode("utf-8", "backslashreplace")
    kind = _DTYPES.get(entry.number(1))
    dtype = None if kind is None else np.dtype(kind)
    shape = tuple(dimension.number(1) for dimension in entry.message(2).messages(2))
    size = entry.number(5)
    sliced = 7 in entry.fields
    if len(shape) > _MOST_DIMENSIONS:
        raise Malformed(f"{name} has {len(shape)} dimensions")
    if dtype is not None and not sliced and dtype.itemsize * prod(shape) != size:
        raise Malformed(f"{name} has {size} bytes, which is not the size of its shape")
    return Variable(
        name=name,
        dtype=dtype,
        shape=shape,
        shard=entry.number(3),
        offset=entry.number(4),
        size=size,
        checksum=entry.number(6),
        sliced=sliced,
    )
