"""The header of a GGUF file: what a model is, read before a library that may abort loads it.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAGIC = b"GGUF"
# Files from before GGUF, which ctransformers loads: ggml, ggmf, ggjt, ggla, as bytes on disk.
OLD_MAGICS = (b"lmgg", b"fmgg", b"tjgg", b"algg")
VERSIONS = (1, 2, 3)
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q"}
_SCALARS[12] = "d"
_STRING, _ARRAY = 8, 9
_CONTROL = 3
_MOST = 1 << 24  # entries of one list; the largest vocabularies have a quarter of a million
# Types of tensors by number: values in a block, bytes of a block. Of others the size is not known.
_BLOCKS = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34)}
_BLOCKS |= {9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176)}
_BLOCKS |= {14: (256, 210), 15: (256, 292), 30: (1, 2)}


class NotReadable(ValueError):
    """This is no GGUF file, or a damaged one."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of its model. `control` has the ids of tokens that are no text.

    `is_whole` is false for a download that broke off.
    """

    architecture: str
    name: str
    vocabulary: str
    context: int
    experts: int
    template: str
    control: dict[str, int]
    tensor_types: frozenset[int]
    is_whole: bool


def read_magic(path: Path) -> bytes:
    """The first four bytes. Raises OSError."""
    with path.open("rb") as file:
        return file.read(4)


def read_header(path: Path) -> Header:
    """What the file says of itself. Raises NotReadable and OSError."""
    if read_magic(path) != MAGIC:
        raise NotReadable("it does not begin as GGUF files do")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _Reader(data).header()
        except (struct.error, IndexError, KeyError, UnicodeDecodeError, MemoryError) as error:
            raise NotReadable("the file is damaged or cut short") from error


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 4
        self.version = self._take("I")
        if self.version not in VERSIONS:
            raise NotReadable(f"GGUF of version {self.version}")
        # The first version counted in 32 bits.
        self.count = "I" if self.version == 1 else "Q"

    def header(self) -> Header:
        tensors, pairs = self._size(), self._size()
        values: dict[str, Any] = {}
        for _pair in range(pairs):
            key = self._string()
            values[key] = self._value(self._take("I"))
        found = [self._tensor() for _tensor in range(tensors)]
        grain = int(values.get("general.alignment", 32))
        start = -(-self.at // grain) * grain
        whole = start + max((end for _type, end in found), default=0) <= len(self.data)
        return _header_of(values, frozenset(kind for kind, _end in found), whole)

    def _take(self, kind: str) -> Any:
        (value,) = struct.unpack_from(f"<{kind}", self.data, self.at)
        self.at += struct.calcsize(f"<{kind}")
        return value

    def _size(self) -> int:
        size = int(self._take(self.count))
        if size > _MOST:
            raise NotReadable("the file is damaged")
        return size

    def _bytes(self) -> bytes:
        size = self._take(self.count)
        text = self.data[self.at : self.at + size]
        if len(text) < size:
            raise NotReadable("the file is cut short")
        self.at += size
        return bytes(text)

    def _string(self) -> str:
        return self._bytes().decode("utf-8", "replace")

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind != _ARRAY:
            return self._take(_SCALARS[kind])
        inner, size = self._take("I"), self._size()
        if inner == _STRING:
            return [self._string() for _entry in range(size)]
        return self._numbers(_SCALARS[inner], size)

    def _numbers(self, kind: str, size: int) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{size}{kind}", self.data, self.at)
        self.at += struct.calcsize(f"<{size}{kind}")
        return values

    def _tensor(self) -> tuple[int, int]:
        """Its type, and where it ends, counted from the beginning of all tensors."""
        self._bytes()
        shape = [self._take(self.count) for _dimension in range(self._take("I"))]
        kind, offset = int(self._take("I")), int(self._take("Q"))
        values, size = _BLOCKS.get(kind, (1, 0))
        return kind, offset + math.prod(shape) // values * size


def _header_of(values: dict[str, Any], types: frozenset[int], whole: bool) -> Header:
    architecture = str(values.get("general.architecture", ""))
    tokens = values.get("tokenizer.ggml.tokens", ())
    kinds = values.get("tokenizer.ggml.token_type", ())
    return Header(
        architecture=architecture,
        name=str(values.get("general.name", "")),
        vocabulary=str(values.get("tokenizer.ggml.model", "")),
        context=int(values.get(f"{architecture}.context_length", 0)),
        experts=int(values.get(f"{architecture}.expert_count", 0)),
        template=str(values.get("tokenizer.chat_template", "")),
        control={
            token: number
            for number, (token, kind) in enumerate(zip(tokens, kinds, strict=False))
            if kind == _CONTROL and token
        },
        tensor_types=types,
        is_whole=whole,
    )
