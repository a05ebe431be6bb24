from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec import Raw
from structlog.testing import capture_logs

from penstock.core.errors import Unavailable
from penstock.store.conversations import NewItem
from penstock.store.journal import REJECTED, Journal, Left
from penstock.store.stored_object import StoredObject

pytestmark = pytest.mark.anyio


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal", 1 << 20)


def an_object(id: str = "resp_1", **more: object) -> StoredObject:
    given = {"project_id": "proj_1", "kind": "response", "created": 1, "status": "in_progress"} | more
    return StoredObject(id=id, **given)  # type: ignore[arg-type]


def _left(journal: Journal) -> list[Left]:
    """What is left, with the lock on it given up again."""
    claimed = journal.claim(journal.left())
    for left in claimed:
        journal.let_go(left)
    return claimed


def test_what_was_received_is_there_in_order(journal: Journal) -> None:
    begun = an_object(input=[Raw(b'{"text":\n "a"}')], metadata={"a": "b\nc"}, body=b'{"x":\n1}')
    entry = journal.begin(begun)
    entry.append(b'{"sequence_number":0}\n{"sequence_number":1}\n')
    entry.append(b'{"sequence_number":2}\n')
    entry.leave()
    (left,) = _left(journal)
    assert left.begun.metadata == {"a": "b\nc"}
    assert left.begun.body == b'{"x":\n1}'
    assert [bytes(raw) for raw in left.begun.input] == [b'{"text":  "a"}']
    assert left.events == [b'{"sequence_number":%d}' % n for n in range(3)]
    assert left.finished is None


def test_how_it_ended_is_there_with_what_it_adds_to_its_conversation(journal: Journal) -> None:
    entry = journal.begin(an_object())
    entry.append(b'{"sequence_number":0}\n')
    ended = an_object(status="completed", output=[Raw(b'{"id":\n"msg_1"}')], events=b"[1,\n2]")
    entry.finish(ended, [NewItem("conv_1", "proj_1", Raw(b'{"id":"msg_1"}'))])
    entry.settle()
    entry.leave()
    (left,) = _left(journal)
    assert left.finished is not None
    assert left.finished.object.status == "completed"
    assert left.finished.object.events == b"[1,\n2]"
    (item,) = left.finished.items
    assert (item.conversation_id, item.project_id, bytes(item.item)) == ("conv_1", "proj_1", b'{"id":"msg_1"}')


def test_nobody_gets_at_what_is_under_way(journal: Journal) -> None:
    entry = journal.begin(an_object())
    other = Journal(journal.folder, 1 << 20)
    assert journal.left() == []
    assert other.claim(other.left()) == []
    assert other.waiting_bytes == 0  # its process counts it
    entry.leave()
    (left,) = other.claim(other.left())
    assert journal.claim(journal.left()) == []  # one drains it
    other.remove(left)
    assert os.listdir(journal.folder) == []


def test_an_entry_that_is_dropped_is_left_and_one_that_is_discarded_is_gone(journal: Journal) -> None:
    journal.begin(an_object("resp_dropped"))
    journal.begin(an_object("resp_discarded")).discard()
    assert [left.begun.id for left in _left(journal)] == ["resp_dropped"]


def test_bytes_are_counted_as_they_come_and_go(journal: Journal) -> None:
    entry = journal.begin(an_object())
    began = journal.waiting_bytes
    assert began == sum(path.stat().st_size for path in journal.folder.iterdir())
    entry.append(b"{}\n")
    assert journal.waiting_bytes == began + 3
    entry.leave()
    assert journal.waiting_bytes == began + 3
    (left,) = journal.claim(journal.left())
    journal.remove(left)
    assert journal.waiting_bytes == 0
    entry = journal.begin(an_object())
    entry.discard()
    entry.discard()
    assert journal.waiting_bytes == 0


async def test_a_new_start_and_a_new_count_know_what_waits(journal: Journal) -> None:
    journal.begin(an_object()).leave()
    size = journal.waiting_bytes
    again = Journal(journal.folder, 1 << 20)
    assert again.waiting_bytes == size
    (left,) = journal.claim(journal.left())
    journal.remove(left)
    await again.measure()
    assert again.waiting_bytes == 0


def test_a_full_journal_refuses_the_next_one_and_lets_those_under_way_go_on(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", 64_000)
    entry = journal.begin(an_object())
    entry.append(b'{"a":"%s"}\n' % (b"x" * 60_000))
    with pytest.raises(Unavailable) as caught:
        journal.begin(an_object("resp_2"))
    assert (caught.value.code, caught.value.headers) == ("journal_full", {"retry-after": "5"})
    entry.append(b'{"b":1}\n')
    with pytest.raises(Unavailable):
        entry.append(b'{"c":"%s"}\n' % (b"x" * 10_000))
    entry.append(b'{"d":1}\n')  # after a gap: left out
    entry.leave()
    (left,) = _left(journal)
    assert [event[:4] for event in left.events] == [b'{"a"', b'{"b"']


@contextmanager
def _a_full_disk(size: int) -> Iterator[None]:
    """No file may grow over `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_leaves_whole_lines(journal: Journal) -> None:
    entry = journal.begin(an_object())
    entry.append(b'{"a":1}\n')
    with _a_full_disk(1000), pytest.raises(Unavailable) as caught:
        entry.append(b'{"b":"%s"}\n' % (b"x" * 2000))
    assert caught.value.code == "journal_failed"
    entry.leave()
    assert [left.events for left in _left(journal)] == [[b'{"a":1}']]


def test_where_nothing_can_be_written_nothing_begins(journal: Journal) -> None:
    with _a_full_disk(10), pytest.raises(Unavailable) as caught:
        journal.begin(an_object())
    assert caught.value.code == "journal_failed"
    assert os.listdir(journal.folder) == []
    assert journal.waiting_bytes == 0


def test_what_outlived_its_process_and_a_lost_machine(journal: Journal) -> None:
    program = """
        import os, signal, sys
        from pathlib import Path
        from penstock.store.journal import Journal
        from penstock.store.stored_object import StoredObject
        journal = Journal(Path(sys.argv[1]), 1 << 20)
        entry = journal.begin(StoredObject(id="resp_1", project_id="p", kind="response", created=1))
        entry.append(b'{"a":1}\\n')
        entry.write(b'{"torn')
        print("ready", flush=True)
        signal.pause()
    """
    arguments = [sys.executable, "-c", textwrap.dedent(program), str(journal.folder)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert journal.claim(journal.left()) == []
        process.kill()
    (left,) = _left(journal)
    assert (left.begun.id, left.events, left.finished) == ("resp_1", [b'{"a":1}'], None)


def test_what_had_not_quite_begun_is_forgotten_with_a_word(journal: Journal) -> None:
    entry = journal.begin(an_object())
    entry.leave()
    (name,) = journal.left()
    os.truncate(journal.folder / name, 20)
    with capture_logs() as logs:
        assert journal.claim([name]) == []
    assert [line["log_level"] for line in logs] == ["warning"]
    assert os.listdir(journal.folder) == []


def test_a_file_of_nonsense_is_put_aside_and_counted(journal: Journal) -> None:
    entry = journal.begin(an_object())
    entry.write(b'={"object": 1}\n')
    entry.leave()
    (name,) = journal.left()
    with capture_logs() as logs:
        assert journal.claim([name]) == []
    assert [line["log_level"] for line in logs] == ["error"]
    assert os.listdir(journal.folder) == [name + REJECTED]
    assert journal.left() == []
    assert journal.waiting_bytes == (journal.folder / (name + REJECTED)).stat().st_size


def test_a_folder_that_was_removed_is_made_again(journal: Journal) -> None:
    journal.folder.rmdir()
    journal.begin(an_object()).leave()
    assert len(_left(journal)) == 1
    assert journal.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in journal.folder.iterdir()} == {0o600}
