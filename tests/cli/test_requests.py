from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import Result
from tests.store.records import START, a_record

from penstock.cli.requests import flat
from penstock.core.record import Record
from penstock.settings import Settings, SpoolSettings
from penstock.store import segments
from penstock.store.database import Database
from penstock.store.spool import Spool
from penstock.store.writer import Writer

Penstock = Callable[..., Result]


def _keep(home: Path, records: list[Record], *, drain: bool = True) -> None:
    """Puts `records` where a server puts them: into the spool, and from there into the database."""
    spool = Spool(home / "spool", SpoolSettings())
    for record in records:
        spool.append(record)
    spool.close()

    async def drained() -> None:
        async with await Database.open(Settings(home=str(home)), lock_wait_s=10) as database:
            await Writer(spool, database).flush()

    if drain:
        asyncio.run(drained())


def _json(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def _ids(result: Result) -> list[str]:
    return [str(fields["request_id"]) for fields in _json(result)]


def test_without_any_it_says_so_and_makes_the_data_folder(penstock: Penstock, home: Path) -> None:
    result = penstock("requests")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "There are no requests yet.\n")
    result = penstock("requests", "--json")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert (home / "penstock.db").exists()


def test_the_newest_first_of_database_and_spool(penstock: Penstock, home: Path) -> None:
    _keep(home, [a_record(number) for number in range(25)])
    _keep(home, [a_record(number, project="team") for number in range(25, 30)], drain=False)
    newest = [f"req_{n:08d}" for n in reversed(range(30))]
    assert _ids(penstock("requests", "--json")) == newest[:20]
    assert _ids(penstock("requests", "--json", "--limit", "3")) == newest[:3]
    assert _ids(penstock("requests", "--json", "--limit", "0")) == newest
    assert _ids(penstock("requests", "--json", "--project", "team")) == newest[:5]
    assert _ids(penstock("requests", "--json", "--project", "nobody's")) == []
    assert len(segments.names(home / "spool")) == 1  # to look moves nothing
    assert penstock("requests", "--limit", "-1").exit_code == 2


def test_json_has_every_field_on_one_level(penstock: Penstock, home: Path) -> None:
    cost = {"cost_nano": 840_000, "price_nano": 882_000, "price_version": "list:openai/gpt-4@first"}
    records = [
        a_record(1, prompt='[{"role":"user"}]', **cost),
        a_record(2, usage=None, error="upstream_broke", status=502),
    ]
    _keep(home, records)
    second, first = _json(penstock("requests", "--json"))
    assert first == {
        "request_id": "req_00000001",
        "time": "2026-09-21T14:13:20.001000Z",
        "project": "default",
        "key_id": "key_1",
        "key_name": "laptop",
        "endpoint": "chat.completions",
        "dialect": "openai",
        "model_asked": "gpt-4",
        "model_served": "gpt-4-0613",
        "provider": "openai",
        "upstream_id": "chatcmpl-1",
        "status": 200,
        "error": None,
        "stream": False,
        "attempts": [
            {"provider": "openai", "model": "gpt-4-0613", "status": 503, "error": "upstream_overloaded", "ms": 12},
            {"provider": "openai", "model": "b", "status": 200, "error": None, "ms": 0},
        ],
        "latency_us": 700000,
        "first_token_us": 120000,
        "cost_nano": 840000,
        "price_nano": 882000,
        "price_version": "list:openai/gpt-4@first",
        "finish_reasons": ["stop"],
        "params": {"top_k": "ignored"},
        "prompt": '[{"role":"user"}]',
        "answer": None,
        "prompt_tokens": 12,
        "completion_tokens": 30,
        "cached_tokens": 4,
        "cache_write_tokens": 0,
        "reasoning_tokens": 7,
        "audio_prompt_tokens": 0,
        "audio_completion_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
        "image_prompt_tokens": 0,
    }
    assert set(second) == set(first)
    assert (second["status"], second["error"]) == (502, "upstream_broke")
    assert second["prompt_tokens"] is None  # nobody counted: not 0
    assert second["cost_nano"] is None


def test_every_field_is_in_the_docs() -> None:
    page = (Path(__file__).parents[2] / "docs" / "records.md").read_text("utf-8")
    assert [name for name in flat(a_record(1)) if f"| `{name}` |" not in page] == []


def test_the_table_has_what_a_glance_needs(penstock: Penstock, home: Path) -> None:
    _keep(
        home,
        [
            a_record(1, cost_nano=12_345_678_900),
            a_record(
                2, cost_nano=999, project="team", model_served="gpt-4", first_token_us=None, latency_us=12_340_000
            ),
            a_record(
                3, provider=None, model_served=None, usage=None, status=404, error="model_not_found", latency_us=156
            ),
        ],
    )
    header, third, second, first = penstock("requests").stdout.splitlines()
    assert " ".join(header.split()) == "time project key model provider status tokens cost latency first token"
    assert [" ".join(line.split()[2:]) for line in (first, second, third)] == [
        "default laptop gpt-4 -> gpt-4-0613 openai 200 12/30 $12.345678 700 ms 120 ms",
        "team laptop gpt-4 openai 200 12/30 < $0.000001 12.3 s -",
        "default laptop gpt-4 - 404 model_not_found - - 0.2 ms 120 ms",
    ]


def test_the_table_of_many_keeps_its_columns(penstock: Penstock, home: Path) -> None:
    _keep(home, [a_record(number, time=START) for number in range(450)])
    lines = penstock("requests", "--limit", "0").stdout.splitlines()
    assert len(lines) == 451
    assert len({line.index("openai") for line in lines[1:]}) == 1


def test_what_clients_choose_cannot_steer_the_terminal(penstock: Penstock, home: Path) -> None:
    _keep(home, [a_record(1, model_asked="\x1b]0;owned\x07[red]m\r\n", model_served=None)])
    output = penstock("requests").stdout
    assert "\x1b" not in output
    assert "\r" not in output
    assert "[red]m" in output
    assert len(output.splitlines()) == 2


def test_a_reader_that_leaves_is_no_error(home: Path) -> None:
    _keep(home, [a_record(number) for number in range(2000)])
    for arguments in (["--json"], []):
        with _started("requests", "--limit", "0", *arguments) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            process.stdout.close()
            assert process.stderr is not None
            assert process.stderr.read() == b""
            process.wait(30)


def test_following_goes_on_until_ctrl_c(home: Path) -> None:
    _keep(home, [a_record(number) for number in range(5)])
    with _started("requests", "--follow", "--json", "--limit", "2", "--project", "default") as process:
        assert process.stdout is not None
        assert [json.loads(process.stdout.readline())["request_id"] for _ in range(2)] == [
            "req_00000003",
            "req_00000004",
        ]
        _keep(home, [a_record(6), a_record(5), a_record(7, project="team"), a_record(8)])
        told = [json.loads(process.stdout.readline())["request_id"] for _ in range(3)]
        assert told == ["req_00000006", "req_00000005", "req_00000008"]
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)
        assert (rest, errors, process.returncode) == (b"", b"", 0)


@contextmanager
def _started(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "penstock", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": ""},
    )
    try:
        with process:
            yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.parametrize("follow", [[], ["--follow"]], ids=["show", "follow"])
def test_a_database_that_cannot_be_used_is_one_line(penstock: Penstock, home: Path, follow: list[str]) -> None:
    home.mkdir()
    (home / "penstock.db").write_bytes(b"a letter to my aunt\n" * 100)
    result = penstock("requests", *follow)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: the database '{home}/penstock.db' cannot be used: file is not a database\n"
