"""The header of a GGUF file: enough to know that it is a model, and which one."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_SCALARS: Final = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING: Final = 8
_ARRAY: Final = 9
_LONGEST_KEY: Final = 65_535  # the format's own bound
_LONGEST_TEXT: Final = 256  # characters of a value that are kept
_MOST_ENTRIES: Final = 100_000
_SPLIT: Final = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE)


class BadModelFile(Exception):
    """The file is no GGUF model that can be loaded; the message says why, without the file's path."""


class Header(msgspec.Struct, frozen=True):
    """`context` is the length in tokens that the model was trained for, `vocabulary` the number of its tokens."""

    architecture: str
    context: int
    vocabulary: int


def split_of(file_name: str) -> int | None:
    """How many files the model has of which `file_name` is one; None where it is the only one."""
    found = _SPLIT.search(file_name)
    return int(found[2]) if found and int(found[2]) > 1 else None


def read_header(path: Path) -> Header:
    """Reads the key-value part. Raises BadModelFile, and OSError where the file cannot be read."""
    with path.open("rb") as file:
        size = path.stat().st_size
        try:
            values = _key_values(file, size)
        except struct.error:
            raise BadModelFile("it ends within its header: it was not copied or downloaded whole") from None
    architecture = values.get("general.architecture")
    if not isinstance(architecture, str):
        raise BadModelFile("it names no architecture ('general.architecture')")
    context = values.get(f"{architecture}.context_length")
    vocabulary = values.get("tokenizer.ggml.tokens")
    if not isinstance(context, int) or context < 1:
        raise BadModelFile(f"it names no context length ('{architecture}.context_length'): it is no language model")
    if not isinstance(vocabulary, int) or vocabulary < 1:
        raise BadModelFile("it has no tokenizer ('tokenizer.ggml.tokens')")
    return Header(architecture, context, vocabulary)


def _key_values(file: BinaryIO, size: int) -> dict[str, Any]:
    magic = file.read(4)
    if magic != _MAGIC:
        raise BadModelFile(f"it begins with {magic!r}, where a GGUF file begins with {_MAGIC!r}")
    (version,) = _unpack(file, "<I")
    if version not in _VERSIONS:
        raise BadModelFile(f"it has version {version} of the format; known are 2 and 3 (little endian)")
    _, entries = _unpack(file, "<QQ")
    if entries > _MOST_ENTRIES:
        raise BadModelFile(f"its header claims {entries} entries")
    values = {}
    for _ in range(entries):
        (length,) = _unpack(file, "<Q")
        if length > _LONGEST_KEY:
            raise BadModelFile(f"its header has a name of {length} bytes")
        key = file.read(length).decode("utf-8", "replace")
        (kind,) = _unpack(file, "<I")
        values[key] = _value(file, kind, size)
    return values


def _value(file: BinaryIO, kind: int, size: int) -> Any:
    """A scalar, the beginning of a string, or the length of an array."""
    if kind in _SCALARS:
        return _unpack(file, _SCALARS[kind])[0]
    if kind == _STRING:
        return _string(file, size)
    if kind != _ARRAY:
        raise BadModelFile(f"its header has a value of the unknown type {kind}")
    inner, count = _unpack(file, "<IQ")
    if inner in _SCALARS:
        _skip(file, struct.calcsize(_SCALARS[inner]) * count, size)
    elif inner == _STRING:
        for _ in range(count):
            (length,) = _unpack(file, "<Q")
            _skip(file, length, size)
    else:
        raise BadModelFile(f"its header has an array of the unknown type {inner}")
    return count


def _string(file: BinaryIO, size: int) -> str:
    (length,) = _unpack(file, "<Q")
    text = file.read(min(length, 4 * _LONGEST_TEXT))
    _skip(file, length - len(text), size)
    return text.decode("utf-8", "replace")[:_LONGEST_TEXT]


def _skip(file: BinaryIO, count: int, size: int) -> None:
    if count > size - file.tell():
        raise BadModelFile("it ends within its header: it was not copied or downloaded whole")
    file.seek(count, 1)


def _unpack(file: BinaryIO, form: str) -> tuple[Any, ...]:
    return struct.unpack(form, file.read(struct.calcsize(form)))
