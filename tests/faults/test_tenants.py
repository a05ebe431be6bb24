"""Projects never meet: a project's history holds its own calls, wherever their records are at that moment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from soak.client import Answer, Client
from soak.ledger import recorded
from soak.load import CONFIG
from soak.server import Server
from soak.vendor import behave

from tests.server import penstock
from tests.upstream import FakeVendor

pytestmark = pytest.mark.anyio


def history(home: Path, *arguments: str) -> list[str]:
    """The models asked for in the records that `penstock requests` tells, in the order of the calls."""
    out = penstock(home, "requests", "--json", "--limit", "0", *arguments).stdout
    return [json.loads(line)["model_asked"] for line in out.splitlines()][::-1]


async def test_a_project_sees_its_own_records_only(tmp_path: Path) -> None:
    home = tmp_path / "home"
    own: dict[str, list[str]] = {"default": [], "blue": []}
    with FakeVendor(behave) as vendor, Server(home, CONFIG.format(port=vendor.port)) as server:
        blue = penstock(home, "keys", "create", "--name", "app", "--project", "blue").stdout.strip()
        clients = {"default": Client(server.port, server.key), "blue": Client(server.port, blue)}
        answers: list[Answer] = []

        async def call(number: int) -> None:
            for project, names in own.items():
                names.append(f"v/plain~{project}-{number}")
                answers.append(await clients[project].chat(names[-1]))

        for number in range(4):
            await call(number)
        await recorded(home, answers)
        with server.locked():
            for number in range(4, 6):
                await call(number)  # the records of these wait in the spool
            for project, names in own.items():
                assert history(home, "--project", project) == names
        for client in clients.values():
            await client.close()
    assert {answer.status for answer in answers} == {200}
