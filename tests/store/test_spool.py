from __future__ import annotations

import os
import resource
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.store.records import a_record

from penstock.core.errors import Unavailable
from penstock.core.record import Record
from penstock.settings import SpoolSettings
from penstock.store import segments
from penstock.store.spool import Spool


def _records(folder: Path) -> list[Record]:
    lines = [line for name in segments.names(folder) for line in (folder / name).read_bytes().splitlines(keepends=True)]
    assert all(line.endswith(b"\n") for line in lines)
    return [msgspec.json.decode(line, type=Record) for line in lines]


def _eventually(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_record_is_in_the_file_when_append_returns(spool: Spool) -> None:
    for number in range(3):
        spool.append(a_record(number))
        assert _records(spool.folder) == [a_record(n) for n in range(number + 1)]


def test_nothing_is_made_before_the_first_record(spool: Spool) -> None:
    assert segments.names(spool.folder) == []
    assert spool.live is None
    assert not spool.full


def test_folder_and_files_are_their_owners_alone(spool: Spool) -> None:
    spool.append(a_record(1))
    assert spool.folder.stat().st_mode & 0o777 == 0o700
    assert spool.folder.parent.stat().st_mode & 0o777 == 0o700
    assert spool.live is not None
    assert (spool.folder / spool.live).stat().st_mode & 0o777 == 0o600


def test_an_end_of_line_inside_a_record_is_none_in_the_file(spool: Spool) -> None:
    spool.append(a_record(1, prompt='"a\nb\r\n\u2028c"'))
    assert [record.prompt for record in _records(spool.folder)] == ['"a\nb\r\n\u2028c"']


def test_a_segment_of_full_size_is_followed_by_another(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 1500)
    for number in range(20):
        spool.append(a_record(number))
    names = segments.names(spool.folder)
    assert len(names) > 5
    assert [record.request_id for record in _records(spool.folder)] == [f"req_{n:08d}" for n in range(20)]
    # Once they are on the disk they are anybody's; the live one is not.
    for name in names:
        if name != spool.live:
            _eventually(lambda name=name: _is_free(spool.folder / name))  # type: ignore[misc]
    if spool.live is None:
        spool.append(a_record(20))
    assert spool.live is not None
    assert not _is_free(spool.folder / spool.live)


def _is_free(path: Path) -> bool:
    descriptor = segments.claim(path)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


def test_the_files_are_forced_to_the_disk_within_the_time(
    settings_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        forced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    spool = Spool(settings_folder, SpoolSettings(fsync_ms=20))
    spool.append(a_record(1))
    live = str(spool.folder / str(spool.live))
    _eventually(lambda: live in forced)
    _eventually(lambda: str(spool.folder) in forced)  # the name of the file, too
    forced.clear()
    time.sleep(0.1)
    assert forced == []  # nothing new: nothing to force
    start = time.monotonic()
    while time.monotonic() < start + 0.2:
        spool.append(a_record(2))
        time.sleep(0.001)
    assert 2 <= len(forced) <= 11
    spool.close()
    assert forced[-1] == live


@pytest.fixture
def settings_folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "spool"


def test_over_its_size_it_takes_no_more_and_says_so_before(settings_folder: Path) -> None:
    spool = Spool(settings_folder, SpoolSettings(max_bytes=32_000))
    length = len(msgspec.json.encode(a_record(10))) + 1
    count = 10
    while not spool.full:
        spool.check()
        spool.append(a_record(count))
        count += 1
    with pytest.raises(Unavailable) as refused:
        spool.check()
    assert (refused.value.code, refused.value.status) == ("records_full", 503)
    assert int(refused.value.headers["retry-after"]) > 0
    # A call that was let in before still finds room for its record, up to the bound and never over it.
    assert spool.waiting_bytes + length <= 32_000
    spool.append(a_record(count))
    while spool.waiting_bytes + length <= 32_000:
        spool.append(a_record(count))
    with pytest.raises(Unavailable) as refused:
        spool.append(a_record(count))
    assert refused.value.code == "records_full"
    assert 32_000 - length < spool.waiting_bytes <= 32_000
    assert sum(segments.size(spool.folder / name) for name in segments.names(spool.folder)) == spool.waiting_bytes
    spool.drained(16_000)
    assert not spool.full
    spool.append(a_record(count))
    spool.close()


def test_what_waits_from_before_counts(settings_folder: Path) -> None:
    before = Spool(settings_folder, SpoolSettings())
    before.append(a_record(1))
    before.close()
    assert Spool(settings_folder, SpoolSettings()).waiting_bytes == before.waiting_bytes > 0


def test_each_process_begins_a_segment_of_its_own(settings_folder: Path) -> None:
    first, second = (Spool(settings_folder, SpoolSettings()) for _ in range(2))
    first.append(a_record(1))
    second.append(a_record(2))
    first.append(a_record(3))
    assert len(segments.names(settings_folder)) == 2
    assert sorted(r.request_id for r in _records(settings_folder)) == ["req_00000001", "req_00000002", "req_00000003"]
    first.close()
    second.close()


def test_a_record_after_the_end_is_kept_all_the_same(spool: Spool) -> None:
    spool.append(a_record(1))
    spool.close()
    spool.append(a_record(2))
    spool.close()
    assert [record.request_id for record in _records(spool.folder)] == ["req_00000001", "req_00000002"]
    assert all(_is_free(spool.folder / name) for name in segments.names(spool.folder))


DISK_FULL = """
    import resource, sys, time
    from pathlib import Path
    import msgspec
    from penstock.core.errors import Unavailable
    from penstock.core.record import Record
    from penstock.settings import SpoolSettings
    from penstock.store import segments, spool as module
    from tests.store.records import a_record

    module._PAUSE_S = 0.2
    folder = Path(sys.argv[1])
    spool = module.Spool(folder, SpoolSettings())
    kept = [0]
    spool.append(a_record(0))
    # A file of more bytes than this cannot be written: the same short write, then error, as on a full disk.
    size = spool.waiting_bytes * 5 + 100
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    failed = 0
    for number in range(1, 10):
        try:
            spool.append(a_record(number))
        except Unavailable as error:
            assert error.code == "records_failed", error.code
            assert error.status == 503 and "retry-after" in error.headers
            assert spool.full
            try:
                spool.check()
            except Unavailable as refused:
                assert refused.code == "records_failed"
            else:
                raise AssertionError("a call would be let in")
            failed += 1
        else:
            kept.append(number)
    assert failed == 5, failed
    time.sleep(0.25)
    assert not spool.full  # the next call is let in, as the trial
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    spool.append(a_record(99))
    spool.close()
    (name,) = segments.names(folder)
    found = [msgspec.json.decode(line, type=Record) for line in (folder / name).read_bytes().splitlines()]
    assert found == [a_record(number) for number in [*kept, 99]]
    assert spool.waiting_bytes == (folder / name).stat().st_size
"""


def test_a_full_disk_costs_the_calls_of_that_time_and_tears_nothing(settings_folder: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(DISK_FULL), str(settings_folder)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_disk_that_is_gone_fails_the_call_and_comes_back(settings_folder: Path) -> None:
    spool = Spool(settings_folder, SpoolSettings())
    settings_folder.rmdir()
    settings_folder.write_text("in the way")
    with pytest.raises(Unavailable, match="could not be written"):
        spool.append(a_record(1))
    assert spool.waiting_bytes == 0
    settings_folder.unlink()
    spool.append(a_record(2))  # the folder is made anew
    assert [record.request_id for record in _records(settings_folder)] == ["req_00000002"]
    spool.close()
