from __future__ import annotations

import msgspec
import pytest
from tests.store.backends import plans
from tests.store.records import START, a_record

from penstock.core.record import Record
from penstock.store import requests
from penstock.store.database import Database
from penstock.store.errors import RowRefused
from penstock.store.rows import row_of_line

pytestmark = pytest.mark.anyio


async def _insert(database: Database, *records: Record) -> None:
    await requests.insert(database, [row_of_line(msgspec.json.encode(record)) for record in records])


async def _ids(database: Database, project: str | None = None, **how: object) -> list[str]:
    return [record.request_id async for record in requests.listing(database, project, **how)]  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, 1, 249, 250, 251, 500, 777])
async def test_any_number_of_rows_goes_in_together(database: Database, count: int) -> None:
    await _insert(database, *(a_record(number) for number in range(count)))
    found = [record async for record in requests.listing(database, None, newest_first=False)]
    assert found == [a_record(number) for number in range(count)]


async def test_a_request_id_that_is_there_is_passed_over(database: Database) -> None:
    await _insert(database, a_record(1), a_record(2))
    await _insert(database, a_record(1), a_record(2, status=500), a_record(3))
    assert [(r.request_id, r.status) async for r in requests.listing(database, None)] == [
        ("req_00000003", 200),
        ("req_00000002", 200),
        ("req_00000001", 200),
    ]


async def test_all_rows_go_in_or_none(database: Database) -> None:
    with pytest.raises(RowRefused):
        await _insert(database, *(a_record(n) for n in range(600)), a_record(600, time=2**63))
    assert await _ids(database) == []


@pytest.mark.parametrize("page", [1, 2, 7, 100])
async def test_newest_first_page_by_page(database: Database, page: int) -> None:
    # Three of each time, in an order of arrival that is none of time's.
    times = [(7 * number) % 20 for number in range(60)]
    await _insert(database, *(a_record(n, time=START + times[n], project="ab"[n % 2]) for n in range(60)))
    expected = sorted(range(60), key=lambda n: (times[n], n), reverse=True)
    assert await _ids(database, page=page) == [f"req_{n:08d}" for n in expected]
    assert await _ids(database, page=page, newest_first=False) == [f"req_{n:08d}" for n in expected[::-1]]
    assert await _ids(database, "a", page=page) == [f"req_{n:08d}" for n in expected if n % 2 == 0]
    assert await _ids(database, page=page, upto=30) == [f"req_{n:08d}" for n in expected if n < 30]


@pytest.mark.parametrize("project", ["other", "", "a' OR '1'='1", "%", "default\0", "DEFAULT"])
async def test_a_project_sees_its_own_alone(database: Database, project: str) -> None:
    await _insert(database, a_record(1), a_record(2))
    assert await _ids(database, project) == []
    assert await requests.arrived(database, project, 0) == ([], 0)


async def test_what_arrives_late_with_an_older_time_is_not_missed(database: Database) -> None:
    assert await requests.last_seq(database) == 0
    await _insert(database, a_record(10), a_record(11))
    seen = await requests.last_seq(database)
    await _insert(database, a_record(3), a_record(12, project="b"), a_record(4))
    records, last = await requests.arrived(database, None, seen)
    assert [r.request_id for r in records] == ["req_00000003", "req_00000012", "req_00000004"]
    assert await requests.arrived(database, None, last) == ([], last)
    records, _ = await requests.arrived(database, "default", seen)
    assert records == [a_record(3), a_record(4)]


async def test_more_than_a_page_arrives_in_pages(database: Database) -> None:
    await _insert(database, *(a_record(number) for number in range(1100)))
    found: list[Record] = []
    seen, sizes = 0, []
    while True:
        records, seen = await requests.arrived(database, None, seen)
        sizes.append(len(records))
        found += records
        if not records:
            break
    assert sizes == [500, 500, 100, 0]
    assert found == [a_record(number) for number in range(1100)]


@pytest.mark.parametrize(
    ("project", "index"), [(None, "ix_requests_time"), ("default", "ix_requests_project_time")], ids=["all", "one"]
)
async def test_a_page_is_found_by_its_index(database: Database, project: str | None, index: str) -> None:
    """However many rows there are, a page costs the rows of the page."""
    await _insert(database, *(a_record(number) for number in range(10)))
    with plans(database) as found:
        await _ids(database, project, page=5)
    pages = [plan for statement, plan in await found() if "LIMIT" in statement]
    assert len(pages) == 3
    for plan in pages[1:]:  # from where the page before it ended, not from the first row on
        assert index in plan
        assert "time<?" in plan or '("time" <= ' in plan
