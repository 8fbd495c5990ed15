"""Sorted tables of keys and values, as LevelDB and TensorFlow write them.

The format of https://github.com/google/leveldb/blob/main/doc/table_format.md: blocks of records
whose keys leave out what they share with the key before, an index block that says where the others
lie, and a footer that says where that is. Behind every block stand its kind and its CRC-32C.
"""

from __future__ import annotations

from collections.abc import Iterator

from tacotron.keithito.protobuf import Malformed, read_varint

# The last bytes of a table: two block handles, zeros up to 40, and this number.
_FOOTER = 48
_MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
# Behind a block: its kind, and the checksum of block and kind.
_TRAILER = 5
_UNCOMPRESSED = 0
_WORD = 4  # bytes of a restart point, and of their count
# Checksums of data that may itself hold checksums are rotated, and this is added.
_MASK = 0xA282EAD8


def read_table(table: bytes) -> dict[bytes, bytes]:
    """All records of a table, every block checked against its checksum.

    Raises `Malformed` where ``table`` is none, is cut short or was changed.
    """
    if len(table) < _FOOTER or not table.endswith(_MAGIC):
        raise Malformed("it does not end as a table does")
    footer = table[-_FOOTER:]
    _, _, at = _handle(footer, 0)  # of the block of meta blocks, of which TensorFlow writes none
    start, size, _ = _handle(footer, at)
    found: dict[bytes, bytes] = {}
    for _, handle in _records(_block(table, start, size)):
        start, size, _ = _handle(handle, 0)
        found.update(_records(_block(table, start, size)))
    return found


def masked_crc32c(data: bytes) -> int:
    """The checksum of ``data`` as tables and bundles store it: CRC-32C (RFC 3720), masked."""
    import google_crc32c

    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def _block(table: bytes, start: int, size: int) -> bytes:
    end = start + size
    if end + _TRAILER > len(table) - _FOOTER:
        raise Malformed("a block lies beyond its end")
    checksum = int.from_bytes(table[end + 1 : end + _TRAILER], "little")
    if masked_crc32c(table[start : end + 1]) != checksum:
        raise Malformed("a block's checksum does not fit its bytes")
    if table[end] != _UNCOMPRESSED:
        raise Malformed("it is compressed, which TensorFlow's savers never did")
    return table[start:end]


def _records(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block, whose end lists restart points that reading it whole skips."""
    if len(block) < _WORD:
        raise Malformed("a block is too short")
    end = len(block) - _WORD - _WORD * int.from_bytes(block[-_WORD:], "little")
    at, key = 0, b""
    while at < end:
        shared, at = read_varint(block, at)
        own, at = read_varint(block, at)
        length, at = read_varint(block, at)
        if shared > len(key) or at + own + length > end:
            raise Malformed("a record reaches beyond its block")
        key = key[:shared] + block[at : at + own]
        at += own
        yield key, block[at : at + length]
        at += length
    if at != end:
        raise Malformed("a block does not end where it should")


def _handle(data: bytes, at: int) -> tuple[int, int, int]:
    """Start and size of a block, and where its handle ends."""
    start, at = read_varint(data, at)
    size, at = read_varint(data, at)
    return start, size, at
