"""What a person sees at the first start, and that the curl which it prints works as pasted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.server import ServerProcess, environment, free_port, penstock, provider_toml
from tests.upstream import FakeVendor, answer

from penstock.cli.serve import greet
from penstock.engine.bundled import Bundled
from penstock.routing import Catalogue
from penstock.settings import ProviderSettings, Settings, load


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


def test_without_a_vendor_the_bundled_model_answers_and_the_banner_says_so_and_how_to_get_another(
    tmp_path: Path,
) -> None:
    process, said = started(tmp_path, "", free_port())
    assert process.stdout is not None
    while "penstock.toml" not in said:
        said += process.stdout.readline()
    assert "No vendor is configured: penstock-tiny, a small demonstration model" in said
    assert "also to gpt-4, gpt-4-0613, gpt-4-0125-preview, gpt-4-1106-preview, gpt-4o, openai/gpt-4o." in said
    assert "models pull hf:" in said
    command = said[said.index("curl ") : said.index("}'") + 2].replace("curl ", "curl -si ", 1)
    for asked in ("penstock-tiny", "gpt-4", "gpt-4o"):
        assert '"model": "penstock-tiny"' in command
        pasted = command.replace('"model": "penstock-tiny"', f'"max_tokens": 20, "model": "{asked}"')
        done = subprocess.run(["bash", "-c", pasted], capture_output=True, text=True, timeout=20, check=True)
        head, _, body = done.stdout.partition("\n\n")
        answered = json.loads(body)
        assert "x-penstock-served-by: local/penstock-tiny" in head.splitlines()
        assert answered["model"] == "penstock-tiny"
        assert answered["choices"][0]["message"]["content"]
        assert answered["choices"][0]["finish_reason"] in ("stop", "length")
    ended(process)
    records = [json.loads(line) for line in penstock(tmp_path, "requests", "--json").stdout.splitlines()]
    assert [(r["model_asked"], r["model_served"]) for r in records] == [
        (asked, "penstock-tiny") for asked in ("gpt-4o", "gpt-4", "penstock-tiny")
    ]


def test_the_command_that_adds_a_vendor_writes_settings_that_are_taken(tmp_path: Path) -> None:
    process, said = started(tmp_path, "", free_port())
    assert process.stdout is not None
    while "penstock.toml" not in said:
        said += process.stdout.readline()
    ended(process)
    (command,) = [line for line in said.splitlines() if line.strip().startswith("printf")]
    subprocess.run(["bash", "-c", command], cwd=tmp_path, timeout=20, check=True)
    settings = load(tmp_path / "penstock.toml", {"PENSTOCK_HOME": str(tmp_path)})
    assert [(p.name, p.kind, p.api_key) for p in settings.provider] == [("openai", "openai", "env:OPENAI_API_KEY")]


def said_with(capsys: pytest.CaptureFixture[str], bundled: Bundled, settings: Settings, *local: str) -> str:
    names = Catalogue(settings.model, settings.provider, lambda: [*local, bundled.entry.name], lambda: 0.0, {})
    greet(settings, names, bundled, 8080, "sk-ps-first")
    return capsys.readouterr().out


def test_with_a_model_of_the_users_own_the_curl_asks_for_that(capsys: pytest.CaptureFixture[str]) -> None:
    said = said_with(capsys, Bundled(), Settings(), "mine")
    assert '"model": "mine"' in said
    assert "No vendor is configured: penstock-tiny" in said  # gpt-4 and the like are still its own
    assert "models pull" not in said


def test_with_a_vendor_nothing_is_said_of_the_bundled_model(capsys: pytest.CaptureFixture[str]) -> None:
    said = said_with(capsys, Bundled(), Settings(provider=[ProviderSettings("openai", "openai")]))
    assert '"model": "openai/gpt-4o-mini"' in said
    assert "penstock-tiny" not in said


def test_a_bundled_model_that_cannot_be_used_is_no_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = said_with(capsys, Bundled(tmp_path), Settings())
    assert "sk-ps-first" in said
    assert "curl" not in said
    assert "cannot be used:\n  its model card cannot be read" in said
    assert "models pull" in said


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
