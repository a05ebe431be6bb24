"""What a person sees at the first start, and that the curl which it prints works as pasted."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
from tests.server import ServerProcess, environment, free_port, penstock, provider_toml
from tests.upstream import FakeVendor, answer


def started(home: Path, config: str, port: int) -> tuple[subprocess.Popen[str], str]:
    """The process, and what it has said once it listens."""
    home.mkdir(exist_ok=True)
    (home / "penstock.toml").write_text(config)
    process = subprocess.Popen(
        [sys.executable, "-m", "penstock", "serve"],
        env=environment(home, PENSTOCK_SERVER__PORT=str(port), PYTHONUNBUFFERED="1"),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    return process, said


def ended(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    return rest


def test_the_first_start_prints_a_key_once_and_a_curl_that_works(tmp_path: Path) -> None:
    port = free_port()
    with FakeVendor(answer) as vendor:
        config = provider_toml("openai", vendor.url)
        process, said = started(tmp_path, config, port)
        assert f"http://127.0.0.1:{port}" in said
        assert process.stdout is not None
        while "-d '" not in said:
            said += process.stdout.readline()
        command = said[said.index("curl ") :].replace("curl ", "curl -s ", 1)
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=20, check=True)
        assert json.loads(done.stdout)["choices"][0]["message"]["content"] == "Hello!"
        assert vendor.requests[-1].json["model"] == "gpt-4o-mini"
        ended(process)
        process, said = started(tmp_path, config, port)
        assert "sk-ps-" not in said + ended(process)


def test_without_a_model_it_says_how_to_get_one_and_a_call_says_so_too(tmp_path: Path) -> None:
    port = free_port()
    process, said = started(tmp_path, "", port)
    assert process.stdout is not None
    while "[[provider]]" not in said:
        said += process.stdout.readline()
    found = re.search(r"sk-ps-\w{43}", said)
    assert found
    body = {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}
    got = httpx.post(
        f"http://127.0.0.1:{port}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {found[0]}"}
    )
    assert got.status_code == 404
    assert "penstock models" in got.json()["error"]["message"]
    ended(process)


def test_settings_that_are_wrong_are_one_line(tmp_path: Path) -> None:
    for config, word in (
        ("[server]\nprot = 1\n", "port"),
        ('[[provider]]\nname = "x"\nkind = "nothing"\n', "nothing"),
        ('[[provider]]\nname = "x"\nkind = "openai"\napi_key = "env:NOT_SET_ANYWHERE"\n', "NOT_SET_ANYWHERE"),
    ):
        (tmp_path / "penstock.toml").write_text(config)
        done = penstock(tmp_path, "serve", check=False)
        assert done.returncode != 0
        assert word in done.stderr
        assert "Traceback" not in done.stderr


def test_several_workers_serve_one_port_and_die_with_their_parent(tmp_path: Path) -> None:
    with FakeVendor(answer) as vendor:
        server = ServerProcess(tmp_path, provider_toml("openai", vendor.url), PENSTOCK_SERVER__WORKERS="2")
        with server:
            body = {"model": "openai/x", "messages": [{"role": "user", "content": "Hello"}]}
            for _ in range(20):
                assert server.post(body).status_code == 200
            assert server.process is not None
            workers = children(server.process.pid)
            assert len(workers) == 2
            server.kill()
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and any(alive(pid) for pid in workers):
                time.sleep(0.05)
            assert not any(alive(pid) for pid in workers)
            server.start()  # the port is free again
            assert server.post(body).status_code == 200
        assert len(server.records()) == 21


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
