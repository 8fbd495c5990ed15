"""Protocol buffer messages, read without their schemas.

The wire format of https://protobuf.dev/programming-guides/encoding, as far as TensorFlow's index
files use it: numbers of any width and bytes; groups, long deprecated, are refused.
"""

from __future__ import annotations

from dataclasses import dataclass

# A number has at most 64 bits, seven to a byte.
_LONGEST_VARINT = 10
# Bytes of the fixed-width wire types.
_FIXED = {1: 8, 5: 4}
_VARINT, _BYTES = 0, 2


class Malformed(ValueError):
    """Bytes that are not what they are read as; its text says how, as part of a sentence."""


@dataclass(frozen=True)
class Message:
    """The fields of a message, by number, in the order they came."""

    fields: dict[int, list[int | bytes]]

    @classmethod
    def parse(cls, data: bytes) -> Message:
        """Read a whole message. Raises `Malformed` where ``data`` is none."""
        fields: dict[int, list[int | bytes]] = {}
        at = 0
        while at < len(data):
            tag, at = read_varint(data, at)
            kind = tag & 7
            value: int | bytes
            if kind == _VARINT:
                value, at = read_varint(data, at)
            elif kind == _BYTES:
                size, at = read_varint(data, at)
                value, at = _take(data, at, size), at + size
            elif kind in _FIXED:
                size = _FIXED[kind]
                value, at = int.from_bytes(_take(data, at, size), "little"), at + size
            else:
                raise Malformed(f"it holds a field of unknown kind {kind}")
            fields.setdefault(tag >> 3, []).append(value)
        return cls(fields)

    def number(self, field: int, default: int = 0) -> int:
        """The last value of a numeric field, as the format wants it; ``default`` if absent."""
        value = self.fields.get(field, [default])[-1]
        if not isinstance(value, int):
            raise Malformed(f"field {field} holds bytes in place of a number")
        return value

    def messages(self, field: int) -> list[Message]:
        """The messages that a repeated field holds."""
        return [Message.parse(data) for data in self._bytes(field)]

    def message(self, field: int) -> Message:
        """The message that a field holds, an empty one if it is absent."""
        found = self.messages(field)
        return found[-1] if found else Message({})

    def _bytes(self, field: int) -> list[bytes]:
        values = self.fields.get(field, [])
        if not all(isinstance(value, bytes) for value in values):
            raise Malformed(f"field {field} holds a number in place of bytes")
        return values


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The base-128 number at ``at`` (least significant bits first), and where it ends.

    Raises `Malformed` where it doesn't end, or has more than 64 bits.
    """
    value = 0
    for place, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            if value >= 1 << 64:
                break
            return value, at + place + 1
    raise Malformed("a number in it does not end")


def _take(data: bytes, at: int, size: int) -> bytes:
    if size > len(data) - at:
        raise Malformed("a field reaches beyond the end")
    return data[at : at + size]
