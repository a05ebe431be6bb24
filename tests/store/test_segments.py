from __future__ import annotations

import os
from pathlib import Path

import pytest

from penstock.store import segments


def test_names_sort_by_age_and_other_files_are_none(tmp_path: Path) -> None:
    made = []
    for _ in range(3):
        name, descriptor = segments.create(tmp_path)
        made.append(name)
        os.close(descriptor)
    (tmp_path / segments.REJECTED).write_text("{}\n")
    (tmp_path / "notes.txt").write_text("")
    assert segments.names(tmp_path) == made
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in made} == {0o600}


def test_a_segment_belongs_to_one_until_it_is_let_go(tmp_path: Path) -> None:
    name, descriptor = segments.create(tmp_path)
    assert segments.claim(tmp_path / name) is None
    os.close(descriptor)
    first = segments.claim(tmp_path / name)
    assert first is not None
    assert segments.claim(tmp_path / name) is None
    os.close(first)


def test_a_segment_that_is_gone_cannot_be_claimed(tmp_path: Path) -> None:
    assert segments.claim(tmp_path / "00000000000000000001-1-00000000.jsonl") is None
    assert segments.size(tmp_path / "00000000000000000001-1-00000000.jsonl") == 0


@pytest.mark.parametrize(
    ("content", "offset", "most", "lines", "end"),
    [
        (b"", 0, 10, [], 0),
        (b"torn", 0, 10, [], 0),
        (b"a\nb\n", 0, 10, [b"a", b"b"], 4),
        (b"a\nb\ntorn", 0, 10, [b"a", b"b"], 4),
        (b"a\nb\nc\n", 0, 2, [b"a", b"b"], 4),
        (b"a\nb\nc\n", 4, 2, [b"c"], 6),
        (b"a\n\nc\n", 0, 10, [b"a", b"", b"c"], 5),
        (b"a\nb\n", 4, 10, [], 4),
        (b"x" * 3_000_000 + b"\ny\n", 0, 10, [b"x" * 3_000_000, b"y"], 3_000_003),
        (b"x" * 3_000_000, 0, 10, [], 0),
    ],
    ids=[
        "empty",
        "torn",
        "whole",
        "torn end",
        "bounded",
        "from the middle",
        "empty line",
        "at the end",
        "long",
        "long torn",
    ],
)
def test_whole_lines_are_read(
    tmp_path: Path, content: bytes, offset: int, most: int, lines: list[bytes], end: int
) -> None:
    (tmp_path / "segment").write_bytes(content)
    with (tmp_path / "segment").open("rb") as file:
        assert segments.read(file.fileno(), offset, most) == (lines, end)


def test_all_of_a_long_segment_is_read_in_pieces(tmp_path: Path) -> None:
    written = [b"%d" % number * (number % 700) for number in range(5000)]
    (tmp_path / "segment").write_bytes(b"".join(line + b"\n" for line in written))
    found: list[bytes] = []
    with (tmp_path / "segment").open("rb") as file:
        end = 0
        while lines := segments.read(file.fileno(), end, 500):
            if not lines.lines:
                break
            assert len(lines.lines) <= 500
            found += lines.lines
            end = lines.end
    assert found == written
