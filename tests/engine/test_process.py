"""One engine process: its log, its environment, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from penstock.engine.child import LARGEST_LOG
from penstock.engine.process import EngineProcess, LoadFailed
from penstock.settings import EngineSettings

pytestmark = pytest.mark.anyio
SETTINGS = EngineSettings(threads=1, parallel=1)


async def test_loads_stops_and_keeps_a_log(tiny: Path, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "engine.log"
    process = await EngineProcess.start("tiny", tiny, SETTINGS, log)
    assert process.report.context == 4096
    assert process.report.engine.startswith("xllamacpp ")
    assert not process.ended()
    assert log.stat().st_mode & 0o077 == 0
    await process.stop()
    assert process.ended()


async def test_nobody_gets_in_without_the_key(tiny: Path, tmp_path: Path) -> None:
    process = await EngineProcess.start("tiny", tiny, SETTINGS, tmp_path / "log")
    try:
        assert process.report.url.startswith("http://127.0.0.1:")
        async with httpx.AsyncClient(base_url=process.report.url) as client:
            for path in ("/v1/chat/completions", "/completion", "/tokenize", "/props", "/slots"):
                assert (await client.post(path, json={"messages": [], "prompt": ""})).status_code == 401
            assert (await client.get("/")).status_code != 200  # no page of llama.cpp's own
    finally:
        await process.stop()


async def test_the_key_is_in_no_argument_and_no_environment(tiny: Path, tmp_path: Path) -> None:
    process = await EngineProcess.start("tiny", tiny, SETTINGS, tmp_path / "log")
    try:
        for name in ("cmdline", "environ"):
            assert process.api_key not in proc(process.pid, name)
        assert process.api_key not in (tmp_path / "log").read_text()
    finally:
        await process.stop()


async def test_no_secret_of_ours_reaches_it(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("PENSTOCK_DATABASE__URL", "postgresql://u:secret@h/d")
    process = await EngineProcess.start("tiny", tiny, SETTINGS, tmp_path / "log")
    try:
        assert "secret" not in proc(process.pid, "environ")
    finally:
        await process.stop()


async def test_prompts_are_not_in_the_log(tiny: Path, tmp_path: Path) -> None:
    process = await EngineProcess.start("tiny", tiny, SETTINGS, tmp_path / "log")
    try:
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {process.api_key}"}) as client:
            for more in ({}, {"temperature": "hot"}, {"grammar": "root ::= ("}, {"messages": "my diary"}):
                body = {"messages": [{"role": "user", "content": "my diary"}], "max_tokens": 3} | more
                await client.post(process.report.url + "/v1/chat/completions", json=body)
    finally:
        await process.stop()
    assert "diary" not in (tmp_path / "log").read_text()


async def test_a_large_log_is_put_aside_at_the_start(tiny: Path, tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_bytes(b"x" * (LARGEST_LOG + 1))
    process = await EngineProcess.start("tiny", tiny, SETTINGS, log)
    await process.stop()
    assert log.stat().st_size < LARGEST_LOG
    assert (tmp_path / "engine.log.1").stat().st_size == LARGEST_LOG + 1


async def test_a_log_that_cannot_be_written_is_a_failure_that_says_so(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LoadFailed, match="File exists") as failure:
        await EngineProcess.start("tiny", tiny, SETTINGS, tmp_path / "file" / "log")
    assert not failure.value.lasting


async def test_cancelled_while_it_loads_it_leaves_no_process(tiny: Path, tmp_path: Path) -> None:
    for delay in (0.0, 0.005, 0.05):
        task = asyncio.create_task(EngineProcess.start("tiny", tiny, SETTINGS, tmp_path / "log"))
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
    for _ in range(100):
        if not children():
            return
        await asyncio.sleep(0.02)
    pytest.fail("a process was left")


async def test_ctrl_c_and_sigterm_do_not_end_it_but_its_parent_does(tiny: Path, tmp_path: Path) -> None:
    process = await EngineProcess.start("tiny", tiny, SETTINGS, tmp_path / "log")
    try:
        os.kill(process.pid, signal.SIGINT)
        os.kill(process.pid, signal.SIGTERM)
        async with httpx.AsyncClient() as client:
            assert (await client.get(process.report.url + "/health")).status_code == 200
    finally:
        await process.stop()


PARENT = """
import asyncio, sys
from pathlib import Path
from penstock.engine.process import EngineProcess
from penstock.settings import EngineSettings

async def main():
    process = await EngineProcess.start("tiny", Path(sys.argv[1]), EngineSettings(threads=1), Path(sys.argv[2]))
    print(process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_by_kill_9_of_its_parent_it_ends_too(tiny: Path, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, tiny, tmp_path / "log"], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert "penstock.engine.child" in proc(child, "cmdline")
        parent.kill()
    assert_gone(child)


LOADING = """
import os, sys
from penstock.engine import child

def forever(order, header):
    # As llama.cpp does while it loads: holds Python's lock and never looks at signals or pipes.
    import ctypes
    os.write(2, b"loading")
    ctypes.PyDLL(None).sleep(60)

child._load = forever
child.main()
"""


def test_its_end_needs_nothing_of_python_while_it_loads(tiny: Path) -> None:
    order = b'{"path":"%b","name":"t","api_key":"k","context":0,"parallel":1,"threads":1,"gpu_layers":0}\n'
    with subprocess.Popen(
        [sys.executable, "-c", LOADING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(order % str(tiny).encode())
        process.stdin.flush()
        assert process.stderr.read(7) == b"loading"
        process.stdin.close()
        assert process.wait(2) != 0


SERVING = """
import sys
from penstock.engine import child

child._LOOK_AT_LOG_S, child.LARGEST_LOG = 0.02, 100
child._serve(None)
"""


def test_a_log_that_grows_too_large_begins_anew(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("ab") as file:
        file.write(b"x" * 101)
        file.flush()
        with subprocess.Popen([sys.executable, "-c", SERVING], stdin=subprocess.PIPE, stderr=file) as process:
            assert process.stdin is not None
            end = time.monotonic() + 5
            while log.stat().st_size and time.monotonic() < end:
                time.sleep(0.01)
            assert log.stat().st_size == 0
            process.stdin.close()
            assert process.wait(2) == 0


def proc(pid: int, name: str) -> str:
    """What the kernel says of a process."""
    return Path(f"/proc/{pid}/{name}").read_text()


def children() -> list[int]:
    """Engine processes of this one that have not ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if int(state[1]) == os.getpid() and state[0] != "Z" and b"penstock.engine.child" in command:
            found.append(int(folder.name))
    return found


def assert_gone(pid: int) -> None:
    end = time.monotonic() + 2
    while time.monotonic() < end:
        try:
            if proc(pid, "stat").rpartition(")")[2].split()[0] == "Z":
                return
        except OSError:
            return
        time.sleep(0.01)
    raise AssertionError("it lives on")
