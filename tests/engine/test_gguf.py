"""The header of a GGUF file, whole and broken in every way."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from tests.tiny_gguf import write_tiny_gguf

from penstock.engine.gguf import BadModelFile, read_header, split_of


def test_reads_what_the_engine_needs(tiny: Path) -> None:
    header = read_header(tiny)
    assert (header.architecture, header.context, header.vocabulary) == ("llama", 4096, 271)


def test_the_context_is_the_files_own(tmp_path: Path) -> None:
    assert read_header(write_tiny_gguf(tmp_path / "m.gguf", context=777)).context == 777


@pytest.mark.parametrize("size", [0, 3, 8, 20, 23, 24, 40, 100, 500, 3000])
def test_a_file_cut_within_its_header_is_refused(tiny: Path, tmp_path: Path, size: int) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(tiny.read_bytes()[:size])
    with pytest.raises(BadModelFile):
        read_header(cut)


def _header(*entries: bytes, version: int = 3, count: int | None = None) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(entries) if count is None else count) + b"".join(entries)


def _text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<html>404", "begins with"),
        (_header(version=1), "version 1"),
        (_header(version=0x03000000), "version"),  # big endian
        (_header(count=2**60), "claims"),
        (_header(struct.pack("<Q", 2**40)), "name of"),
        (_header(_text("k") + struct.pack("<I", 99)), "unknown type 99"),
        (_header(_text("k") + struct.pack("<IIQ", 9, 9, 1)), "array of the unknown type 9"),
        (_header(_text("k") + struct.pack("<IIQ", 9, 4, 2**62)), "ends within"),
        (_header(_text("k") + struct.pack("<IQ", 8, 2**62)), "ends within"),
        (_header(_text("k") + struct.pack("<II", 4, 7)), "no architecture"),
        (_header(_text("general.architecture") + struct.pack("<I", 8) + _text("bert")), "no language model"),
        (
            _header(
                _text("general.architecture") + struct.pack("<I", 8) + _text("llama"),
                _text("llama.context_length") + struct.pack("<II", 4, 512),
            ),
            "no tokenizer",
        ),
    ],
)
def test_a_file_that_is_no_model_says_why(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(data)
    with pytest.raises(BadModelFile, match=why):
        read_header(path)


@pytest.mark.parametrize(
    ("name", "parts"),
    [("a-00001-of-00003.gguf", 3), ("a-00002-of-00002.GGUF", 2), ("a-00001-of-00001.gguf", None), ("a.gguf", None)],
)
def test_knows_models_in_several_files(name: str, parts: int | None) -> None:
    assert split_of(name) == parts
