"""The engine over real processes: loading, sharing, leaving memory, crashes, bad files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.engine.chat import Chat
from tests.tiny_gguf import write_tiny_gguf

from penstock.core.errors import ModelNotFound, Unavailable
from penstock.engine import Engine, Registry
from penstock.engine.card import NAME
from penstock.engine.process import EngineProcess
from penstock.providers.local import Endpoint

pytestmark = pytest.mark.anyio
Start = Callable[..., Engine]


def quiet(done: int, total: int) -> None:
    """Nobody watches."""


async def alive(endpoint: Endpoint) -> bool:
    """Whether the process behind `endpoint` answers."""
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(endpoint.url + "/health", timeout=5)).status_code == 200
        except httpx.HTTPError:
            return False


async def until_gone(endpoint: Endpoint) -> None:
    for _ in range(200):
        if not await alive(endpoint):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the process lives on")


def pid_of(endpoint: Endpoint) -> int:
    """The process that listens there, by the kernel's tables."""
    port = int(endpoint.url.rpartition(":")[2])
    inodes = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            target = os.readlink(descriptor)
        except OSError:
            continue
        if target.removeprefix("socket:[").rstrip("]") in inodes:
            return int(descriptor.parts[2])
    raise AssertionError("nobody listens there")


def kill(pid: int) -> None:
    """Ends the process by kill -9 and comes back when it is dead, before the event loop has heard of it."""
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):  # somebody has waited for it already
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


async def test_a_model_is_loaded_on_first_use_and_answers(start: Start) -> None:
    engine = start()
    async with engine.lease("tiny") as endpoint:
        assert await Chat(endpoint).text() != ""
    assert (endpoint.context, endpoint.vocabulary) == (4096, 271)


async def test_callers_at_the_same_time_share_one_load(start: Start) -> None:
    engine = start(parallel=8)

    async def use() -> Endpoint:
        async with engine.lease("tiny") as endpoint:
            return endpoint

    endpoints = await asyncio.gather(*(use() for _ in range(8)))
    assert len(set(endpoints)) == 1


async def test_one_that_leaves_while_it_loads_does_not_end_it_for_the_others(start: Start) -> None:
    engine = start()

    async def use() -> str:
        async with engine.lease("tiny") as endpoint:
            return await Chat(endpoint).text()

    first, second = asyncio.create_task(use()), asyncio.create_task(use())
    await asyncio.sleep(0.02)
    first.cancel()
    assert await second != ""
    assert first.cancelled()


async def test_unknown_names_are_not_found(start: Start) -> None:
    engine = start()
    with pytest.raises(ModelNotFound, match="'none'"):
        async with engine.lease("none"):
            pytest.fail("it was there")
    with pytest.raises(ModelNotFound):
        await engine.get("none")


async def test_the_list_follows_the_registry_while_it_runs(
    start: Start, registry: Registry, tiny: Path, tmp_path: Path
) -> None:
    engine = start(context=1024)
    assert [model.name for model in await engine.models()] == ["tiny", NAME]
    Registry(tmp_path).add(tiny, "second", copy=False, progress=quiet)
    assert list(engine.names()) == ["tiny", "second", NAME]
    assert (await engine.get("second")).context == 1024
    async with engine.lease("second") as endpoint:
        assert endpoint.context == 1024
    Registry(tmp_path).remove("second")
    assert list(engine.names()) == ["tiny", NAME]
    await until_gone(endpoint)


async def test_a_broken_list_leaves_the_models_that_were_known(start: Start, registry: Registry) -> None:
    engine = start()
    assert list(engine.names()) == ["tiny", NAME]
    (registry.folder / "models.json").write_text("{")
    assert list(engine.names()) == ["tiny", NAME]


async def test_a_model_removed_in_the_middle_of_a_call_stays_to_its_end(
    start: Start, registry: Registry, tmp_path: Path
) -> None:
    engine = start()
    async with engine.lease("tiny") as endpoint:
        registry.remove("tiny")
        assert list(engine.names()) == [NAME]
        assert await alive(endpoint)
    await until_gone(endpoint)


async def test_unused_it_leaves_memory_and_comes_back(start: Start) -> None:
    engine = start(idle_s=0.1)
    async with engine.lease("tiny") as first:
        await asyncio.sleep(0.3)
        assert await alive(first)  # in use, however long
    await until_gone(first)
    async with engine.lease("tiny") as second:
        assert await alive(second)
    assert second.url != first.url or second.api_key != first.api_key
    assert second.fingerprint == first.fingerprint


async def test_the_model_unused_for_longest_makes_room(
    start: Start, registry: Registry, tiny: Path, tmp_path: Path
) -> None:
    for name in ("second", "third"):
        registry.add(tiny, name, copy=False, progress=quiet)
    engine = start(loaded=2)
    async with engine.lease("tiny") as first:
        pass
    async with engine.lease("second") as second:
        pass
    async with engine.lease("third") as third:
        assert [await alive(e) for e in (first, second, third)] == [False, True, True]


async def test_with_all_models_busy_the_next_waits(start: Start, registry: Registry, tiny: Path) -> None:
    registry.add(tiny, "second", copy=False, progress=quiet)
    engine = start(loaded=1)
    entered = asyncio.Event()

    async def use_second() -> None:
        async with engine.lease("second"):
            entered.set()

    async with engine.lease("tiny") as first:
        task = asyncio.create_task(use_second())
        await asyncio.sleep(0.2)
        assert not entered.is_set()
        assert await alive(first)
    await asyncio.wait_for(task, 10)
    assert entered.is_set()
    assert not await alive(first)


async def test_alone_means_alone(start: Start) -> None:
    engine = start(parallel=4)
    inside = 0

    async def use(alone: bool) -> None:
        nonlocal inside
        async with engine.lease("tiny", alone=alone):
            assert inside == 0 or not alone
            inside += 1
            await asyncio.sleep(0.002)
            assert inside == 1 or not alone
            inside -= 1

    await asyncio.gather(*(use(alone=i % 3 == 0) for i in range(30)))


async def test_over_the_queue_a_call_is_refused(start: Start) -> None:
    engine = start(parallel=1, queue=0)
    async with engine.lease("tiny"):
        with pytest.raises(Unavailable) as refused:
            async with engine.lease("tiny"):
                pytest.fail("it was let in")
    assert refused.value.code == "model_busy"
    assert "retry-after" in refused.value.headers


async def test_killed_it_is_brought_back_without_a_call(start: Start) -> None:
    engine = start()
    async with engine.lease("tiny") as first:
        text = await Chat(first).text(seed=1, temperature=1)
    kill(pid_of(first))
    await until_gone(first)
    async with engine.lease("tiny") as second:
        assert await Chat(second).text(seed=1, temperature=1) == text
    assert second.api_key != first.api_key


async def test_a_call_right_after_a_crash_waits_for_the_new_process(start: Start) -> None:
    engine = start()
    async with engine.lease("tiny") as first:
        pid = pid_of(first)
    kill(pid)
    async with engine.lease("tiny") as second:
        assert await alive(second)


async def test_a_restart_that_nobody_waits_for_pushes_no_other_model_out(
    start: Start, registry: Registry, tiny: Path
) -> None:
    registry.add(tiny, "second", copy=False, progress=quiet)
    engine = start(loaded=1)
    async with engine.lease("tiny") as first:
        pass
    kill(pid_of(first))
    async with engine.lease("second") as second:
        pass
    await asyncio.sleep(0.8)  # longer than the pause before the restart
    assert await alive(second)
    async with engine.lease("tiny") as third:  # a call does
        assert await alive(third)
    assert not await alive(second)


async def test_crashing_again_and_again_it_is_restarted_ever_later(start: Start) -> None:
    engine = start()
    pauses = []
    loop = asyncio.get_running_loop()
    for _ in range(2):
        async with engine.lease("tiny") as endpoint:
            pid = pid_of(endpoint)
        kill(pid)
        began = loop.time()
        async with engine.lease("tiny"):
            pauses.append(loop.time() - began)
    assert 0.4 < pauses[0] < 0.95
    assert pauses[1] > 0.95


@pytest.mark.parametrize("kind", ["duplicate tokens", "cut", "gone"])
async def test_a_bad_file_costs_one_clear_error_and_nothing_else(
    start: Start, registry: Registry, tmp_path: Path, kind: str
) -> None:
    bad = write_tiny_gguf(tmp_path / "bad.gguf", duplicate_tokens=kind == "duplicate tokens")
    registry.add(bad, None, copy=False, progress=quiet)
    if kind == "cut":
        bad.write_bytes(bad.read_bytes()[:200_000])
    if kind == "gone":
        bad.unlink()
    engine = start()
    async with engine.lease("tiny") as good:
        with pytest.raises(Unavailable) as first:
            async with engine.lease("bad"):
                pytest.fail("it was loaded")
        log = tmp_path / "logs" / "engine-bad.log"
        size = log.stat().st_size if log.exists() else None
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable, match="'bad' cannot be loaded"):
            async with engine.lease("bad"):
                pytest.fail("it was loaded")
        assert asyncio.get_running_loop().time() - began < 0.05  # nothing was tried again
        assert (log.stat().st_size if log.exists() else None) == size
        assert await alive(good)
    why = {"duplicate tokens": "GGML_ASSERT", "cut": "not within the file bounds", "gone": "its file is gone"}[kind]
    error = first.value
    assert why in error.message
    assert (error.status, error.code, error.headers) == (503, "model_unavailable", {"x-should-retry": "false"})
    assert str(tmp_path) not in error.message
    unavailable = (await engine.get("bad")).unavailable
    assert unavailable is not None
    assert why in unavailable

    write_tiny_gguf(bad, seed=3)  # the file is made good: it is tried again
    assert (await engine.get("bad")).unavailable is None
    async with engine.lease("bad") as endpoint:
        assert await alive(endpoint)
    assert (await engine.get("bad")).unavailable is None


async def test_all_who_wait_for_a_bad_file_are_told(start: Start, registry: Registry, tmp_path: Path) -> None:
    bad = write_tiny_gguf(tmp_path / "bad.gguf", duplicate_tokens=True)
    registry.add(bad, None, copy=False, progress=quiet)
    engine = start(parallel=2)

    async def use() -> str | None:
        with pytest.raises(Unavailable) as error:
            async with engine.lease("bad"):
                pytest.fail("it was loaded")
        return error.value.code

    assert set(await asyncio.gather(*(use() for _ in range(6)))) == {"model_unavailable"}


async def test_a_file_changed_in_place_has_another_fingerprint(
    start: Start, registry: Registry, tmp_path: Path
) -> None:
    path = write_tiny_gguf(tmp_path / "m.gguf")
    registry.add(path, None, copy=False, progress=quiet)
    engine = start(loaded=1)
    async with engine.lease("m") as before:
        pass
    async with engine.lease("tiny"):  # pushes the other one out
        pass
    write_tiny_gguf(path, seed=9)
    async with engine.lease("m") as after:
        pass
    assert before.fingerprint != after.fingerprint
    assert before.fingerprint.startswith("fp_")


async def test_the_fingerprint_tells_settings_and_engine_versions_apart(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fingerprint(**settings: Any) -> str:
        async with start(**settings).lease("tiny") as endpoint:
            return endpoint.fingerprint

    plain = await fingerprint()
    assert await fingerprint(threads=2, queue=3) == plain  # neither changes a token
    assert len({plain, await fingerprint(context=512), await fingerprint(parallel=2)}) == 3

    started = EngineProcess.start

    async def another_version(*given: Any) -> EngineProcess:
        process = await started(*given)
        process.report = msgspec.structs.replace(process.report, engine="xllamacpp 1")
        return process

    monkeypatch.setattr(EngineProcess, "start", another_version)
    assert await fingerprint() != plain


async def test_that_takes_too_long_to_load_is_ended_and_may_be_tried_again(start: Start) -> None:
    engine = start(load_s=0.01)
    with pytest.raises(Unavailable, match=r"did not load within 0\.01 s") as error:
        async with engine.lease("tiny"):
            pytest.fail("it was loaded")
    assert "retry-after" in error.value.headers


async def test_closed_it_leaves_no_process_and_tells_who_waits(start: Start) -> None:
    engine = start(parallel=1)

    async def use() -> None:
        async with engine.lease("tiny"):
            pytest.fail("it was let in")

    async with engine.lease("tiny") as endpoint:
        waiting = asyncio.create_task(use())
        await asyncio.sleep(0)
        await engine.close()
        assert not await alive(endpoint)
    with pytest.raises(Unavailable, match="stopping"):
        await waiting


async def test_closed_while_it_loads_it_leaves_no_process(start: Start) -> None:
    engine = start()

    async def use() -> None:
        async with engine.lease("tiny"):
            pytest.fail("it was loaded")

    task = asyncio.create_task(use())
    await asyncio.sleep(0.03)
    await engine.close()
    with pytest.raises(Unavailable, match="stopping"):
        await task
