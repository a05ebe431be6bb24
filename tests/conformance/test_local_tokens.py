"""Token ids of local models over a real socket: `/v1/tokenize` and `/v1/detokenize`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.local_server import HELLO, LocalServer
from tests.server import ServerProcess, penstock, provider_toml

CHATML = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
TOOLS = [{"type": "function", "function": {"name": "now", "description": "The time", "parameters": None}}]


def tokens(local: LocalServer, path: str = "/v1/tokenize", **body: Any) -> dict[str, Any]:
    response = local.post({"model": "tiny"} | body, path)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


@pytest.mark.parametrize("prefix", ["/v1", ""])
def test_a_text_there_and_back(local: LocalServer, prefix: str) -> None:
    there = tokens(local, prefix + "/tokenize", prompt="in the end")
    assert there["count"] == len(there["tokens"]) < len("in the end")  # `in` and ` the` are one token each
    assert there["max_model_len"] == 4096
    assert there["token_strs"] is None
    back = tokens(local, prefix + "/detokenize", tokens=there["tokens"])
    assert back == {"prompt": "in the end"}


def test_token_strs_join_to_the_text(local: LocalServer) -> None:
    answer = tokens(local, input="the end, é", return_token_strs=True)
    assert len(answer["token_strs"]) == answer["count"]
    assert "".join(answer["token_strs"]) == "the end, \ufffd\ufffd"  # é is two tokens here
    assert tokens(local, "/v1/detokenize", tokens=answer["tokens"])["prompt"] == "the end, é"


def test_messages_go_through_the_chat_template(local: LocalServer) -> None:
    with_head = tokens(local, messages=HELLO)
    assert tokens(local, "/v1/detokenize", tokens=with_head["tokens"])["prompt"] == CHATML
    without = tokens(local, messages=HELLO, add_generation_prompt=False)
    assert with_head["tokens"][: without["count"]] == without["tokens"]
    assert without["count"] < with_head["count"]


@pytest.mark.parametrize("more", [{}, {"tools": TOOLS}])
def test_the_count_is_what_a_call_has(local: LocalServer, more: dict[str, Any]) -> None:
    messages = [{"role": "system", "content": "be brief"}, *HELLO]
    usage = local.whole(messages=messages, max_tokens=1, **more)["usage"]
    assert tokens(local, messages=messages, **more)["count"] == usage["prompt_tokens"]


def test_an_id_can_be_used_in_logit_bias(local: LocalServer) -> None:
    (token,) = tokens(local, prompt="B")["tokens"]
    assert local.text(logit_bias={str(token): 100}, max_tokens=4) == "BBBB"


@pytest.mark.parametrize(
    ("path", "body", "param", "code"),
    [
        ("/v1/tokenize", {}, "prompt", "missing_required_parameter"),
        ("/v1/tokenize", {"prompt": "a", "input": "a"}, "input", "invalid_parameter_combination"),
        ("/v1/tokenize", {"prompt": 1}, "prompt", "invalid_type"),
        ("/v1/tokenize", {"prompt": "a", "tools": TOOLS}, "tools", "invalid_value"),
        ("/v1/tokenize", {"prompt": "a", "banana": 1}, "banana", "unknown_parameter"),
        ("/v1/tokenize", {"messages": []}, "messages", "array_below_min_length"),
        (
            "/v1/tokenize",
            {"messages": [{"role": "tool", "content": "x", "tool_call_id": "c"}]},
            "messages[0].tool_call_id",
            None,
        ),
        ("/v1/detokenize", {}, "tokens", "missing_required_parameter"),
        ("/v1/detokenize", {"tokens": [-1]}, "tokens[0]", "integer_below_min_value"),
        ("/v1/detokenize", {"tokens": [5, 99999]}, "tokens[1]", "invalid_value"),
    ],
)
def test_what_is_wrong_is_said(
    local: LocalServer, path: str, body: dict[str, Any], param: str, code: str | None
) -> None:
    response = local.post({"model": "tiny"} | body, path)
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert error["param"] == param
    assert code is None or error["code"] == code


def test_a_key_is_wanted_and_a_model(local: LocalServer) -> None:
    body = {"model": "tiny", "prompt": "a"}
    assert local.post(body, "/v1/tokenize", headers={"authorization": "Bearer sk-ps-no"}).status_code == 401
    unknown = local.post({"model": "nobody", "prompt": "a"}, "/v1/tokenize")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize("path", ["/v1/tokenize", "/tokenize", "/v1/detokenize"])
def test_errors_are_in_the_dialect_of_the_key(local: LocalServer, path: str) -> None:
    made = penstock(local.home, "keys", "create", "--name", "scale" + path.replace("/", "-"), "--dialect", "sgp")
    key = {"authorization": f"Bearer {made.stdout.strip()}"}
    refused = local.post({"model": "tiny"}, path, headers=key)
    assert (refused.status_code, refused.headers["x-penstock-dialect"]) == (422, "sgp")
    assert refused.json()["detail"][0]["loc"][-1] == ("tokens" if "detokenize" in path else "prompt")
    by_header = local.post({"model": "tiny"}, path, headers=key | {"x-api-dialect": "openai"})
    assert (by_header.status_code, by_header.headers["x-penstock-dialect"]) == (400, "openai")
    assert local.post({"model": "tiny"}, path).headers["x-penstock-dialect"] == "openai"


def test_a_vendors_tokens_are_not_known(tmp_path_factory: pytest.TempPathFactory) -> None:
    config = provider_toml("openai", "http://127.0.0.1:1")
    with ServerProcess(tmp_path_factory.mktemp("hosted"), config) as server:
        response = server.post({"model": "openai/gpt-4", "prompt": "a"}, "/v1/tokenize")
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "model"
    assert response.json()["error"]["code"] == "unsupported_value"
