"""The dialects on the wire: a real server in each, by header, path, key and setting; raw HTTP and the openai SDK."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from penstock.dialects.profiles import PROFILES
from tests.server import ServerProcess, penstock, provider_toml
from tests.upstream import FakeVendor, Request, Wire, answer, chunk

NAMES = ["openai", "aimlapi", "aimlapi-legacy", "tokensmind", "sgp", "openresponses"]
HELLO = [{"role": "user", "content": "Hello"}]
CHAT = "/v1/chat/completions"
V5 = "/v5/chat/completions"
OWN = "callers-very-own-key-0123"
CONFIG = """
[records]
content = true

[[model]]
name = "gpt-4"
targets = [{ provider = "openai", model = "gpt-4-0613" }]

[[model]]
name = "priced"
targets = [{ provider = "other", model = "dear" }]

[[price]]
provider = "other"
model = "dear"
input = 1
output = 1

[[price]]
provider = "openai"
model = "*"
input = 1
output = 1

[[model]]
name = "both"
targets = [{ provider = "openai", model = "gpt-4-0613" }, { provider = "other", model = "gpt-4-0613" }]
"""


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor(answer) as made:
        yield made


@pytest.fixture(scope="module")
def server(vendor: FakeVendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    more = 'headers = { openai-organization = "org-ours", x-team = "blue" }'
    providers = provider_toml("openai", vendor.url, more=more) + provider_toml("other", vendor.url, kind="compatible")
    with ServerProcess(tmp_path_factory.mktemp("home"), providers + CONFIG) as running:
        yield running


@pytest.fixture(autouse=True)
def _answering(vendor: FakeVendor) -> None:
    vendor.behave = answer
    vendor.requests.clear()


def ask(
    server: ServerProcess, path: str = CHAT, headers: dict[str, str] | None = None, **fields: Any
) -> httpx.Response:
    body = {"model": "openai/gpt-4", "messages": HELLO, **fields}
    return server.post(body, path, headers=headers or {})


def in_dialect(name: str, **more: str) -> dict[str, str]:
    return {"x-api-dialect": name, **more}


def spoken(answered: httpx.Response) -> str:
    return answered.headers["x-penstock-dialect"]


def new_key(server: ServerProcess, *arguments: str) -> dict[str, str]:
    key = penstock(server.home, "keys", "create", "--name", "k", *arguments).stdout.strip()
    return {"authorization": f"Bearer {key}"}


def client(server: ServerProcess, dialect: str, path: str = "/v1") -> OpenAI:
    return OpenAI(
        base_url=server.url + path,
        api_key=server.key,
        max_retries=0,
        default_headers={"X-API-Dialect": dialect},
        _strict_response_validation=True,
    )


# the choice


def test_the_header_chooses_and_the_answer_and_the_record_say_so(server: ServerProcess) -> None:
    asked = {}
    for name in NAMES:
        for fields in ({}, {"temperature": 3}):
            answered = ask(server, headers=in_dialect(name.upper()), **fields)
            assert (answered.status_code >= 400, spoken(answered)) == (bool(fields), name)
            asked[answered.headers["x-request-id"]] = (name, answered.status_code)
    kept = {record["request_id"]: (record["dialect"], record["status"]) for record in server.records()}
    assert {request_id: kept[request_id] for request_id in asked} == asked


def test_the_path_chooses_where_there_is_no_header(server: ServerProcess) -> None:
    assert spoken(ask(server, V5)) == "sgp"
    assert spoken(ask(server, V5, in_dialect("tokensmind"))) == "tokensmind"
    assert spoken(ask(server)) == "openai"
    assert spoken(ask(server, "/chat/completions")) == "openai"


def test_the_key_chooses_where_neither_header_nor_path_does(server: ServerProcess) -> None:
    key = new_key(server, "--dialect", "aimlapi")
    assert spoken(ask(server, headers=key)) == "aimlapi"
    assert spoken(ask(server, V5, key)) == "sgp"
    assert spoken(ask(server, headers=key | in_dialect("openai"))) == "openai"
    refused = ask(server, headers=key, seed=0)
    assert (refused.status_code, spoken(refused), refused.json()["statusCode"]) == (400, "aimlapi", 400)


def test_the_setting_is_the_last_word(vendor: FakeVendor, tmp_path_factory: pytest.TempPathFactory) -> None:
    config = provider_toml("openai", vendor.url) + '[server]\ndialect = "tokensmind"\n'
    with ServerProcess(tmp_path_factory.mktemp("home"), config) as server:
        assert spoken(ask(server)) == "tokensmind"
        assert spoken(ask(server, V5)) == "sgp"
        assert spoken(ask(server, headers=new_key(server, "--dialect", "openai"))) == "openai"
        nobody = httpx.post(server.url + CHAT, json={})
        assert (nobody.status_code, nobody.json()["error"]["code"]) == (403, "INVALID_API_KEY")
        assert httpx.get(server.url + "/v1/nothing").json()["error"]["code"] == "unknown_url"


@pytest.mark.parametrize("given", ["french", "", "openai,sgp", "\xe9"])
def test_an_unknown_dialect_is_a_400_that_lists_the_six(server: ServerProcess, given: str) -> None:
    headers = {"authorization": f"Bearer {server.key}", "x-api-dialect": given.encode("latin-1")}
    for path in (CHAT, "/v1/models"):
        send = httpx.post if path == CHAT else httpx.get
        refused = send(server.url + path, headers=headers)
        error = refused.json()["error"]
        assert (refused.status_code, error["param"], error["code"]) == (400, "x-api-dialect", "invalid_value")
        assert ", ".join(NAMES) in error["message"]


def test_a_setting_of_a_running_servers_key_is_heard_of_within_a_second(server: ServerProcess) -> None:
    key = new_key(server)
    assert spoken(ask(server, headers=key)) == "openai"
    prefix = key["authorization"].removeprefix("Bearer sk-ps-")[:8]
    penstock(server.home, "keys", "set", prefix, "--dialect", "sgp", "--default-max-tokens", "9")
    for _ in range(100):
        if spoken(ask(server, headers=key)) == "sgp":
            break
    assert spoken(ask(server, headers=key)) == "sgp"


# ranges and defaults


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("aimlapi", {"seed": 0}),
        ("aimlapi", {"top_p": 0.001}),
        ("aimlapi", {"stream": True, "stream_options": {}}),
        ("aimlapi-legacy", {"seed": 0}),
        ("aimlapi-legacy", {"top_p": 0.05}),
        ("tokensmind", {"top_p": 0}),
        ("tokensmind", {"top_k": 128}),
        ("tokensmind", {"top_k": 0}),
    ],
)
def test_ranges_are_those_of_the_dialect(
    server: ServerProcess, vendor: FakeVendor, name: str, fields: dict[str, Any]
) -> None:
    refused = ask(server, headers=in_dialect(name), **fields)
    assert refused.status_code == 400
    assert f"in the dialect '{name}' it must be" in refused.json()["error"]["message"]
    assert vendor.requests == []
    if fields != {"stream": True, "stream_options": {}}:
        assert ask(server, **fields).status_code == 200


@pytest.fixture(scope="module")
def short_key(server: ServerProcess) -> dict[str, str]:
    return new_key(server, "--default-max-tokens", "33")


@pytest.mark.parametrize("name", NAMES)
def test_how_long_an_answer_may_be(
    server: ServerProcess, vendor: FakeVendor, short_key: dict[str, str], name: str
) -> None:
    assert ask(server, headers=in_dialect(name)).status_code == 200
    assert vendor.requests[-1].json.get("max_tokens") == (512 if name == "aimlapi-legacy" else None)
    ask(server, headers=in_dialect(name), max_completion_tokens=20)
    assert "max_tokens" not in vendor.requests[-1].json
    ask(server, headers=in_dialect(name, **short_key))
    assert vendor.requests[-1].json["max_tokens"] == 33


@pytest.mark.parametrize("name", NAMES)
def test_a_functions_required_is_tolerated(server: ServerProcess, vendor: FakeVendor, name: str) -> None:
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}, "required": ["a"]}
    answered = ask(server, headers=in_dialect(name), tools=[{"type": "function", "function": function}])
    assert answered.status_code == 200
    sent = vendor.requests[-1].json["tools"][0]["function"]
    assert sent == {"name": "f", "description": "d", "parameters": {"type": "object"}}
    assert "required" in answered.headers["x-penstock-params"]


def events(answered: httpx.Response) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in answered.text.split("\n\n") if line.startswith("data: ")]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


@pytest.mark.parametrize("name", NAMES)
def test_streams_end_with_usage_in_aimlapi_alone(server: ServerProcess, name: str) -> None:
    *_, last, done = events(ask(server, headers=in_dialect(name), stream=True))
    assert done == "[DONE]"
    assert (last["choices"] == [] and last["usage"]["total_tokens"] == 18) is (name == "aimlapi")


# errors


def extra(body: dict[str, Any]) -> set[str]:
    return set(body) - {"error"}


EXTRA = {
    "openai": set(),
    "aimlapi": {"message", "path", "requestId", "statusCode", "timestamp"},
    "aimlapi-legacy": {"message", "path", "requestId", "statusCode", "timestamp"},
    "tokensmind": set(),
    "sgp": {"detail"},
    "openresponses": set(),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_body_of_an_error(server: ServerProcess, name: str) -> None:
    refused = ask(server, headers=in_dialect(name), temperature=3)
    body = refused.json()
    error = body["error"]
    assert refused.status_code == (422 if name == "sgp" else 400)
    assert extra(body) == EXTRA[name]
    assert (error["param"], error["type"]) == ("temperature", "invalid_request_error")
    code = "INVALID_REQUEST_BODY" if name == "tokensmind" else "decimal_above_max_value"
    assert error["code"] == code
    request_id = refused.headers["x-request-id"]
    assert error["request_id"] == request_id
    if name.startswith("aimlapi"):
        assert (body["message"], body["path"]) == (error["message"], CHAT)
        assert (body["requestId"], body["statusCode"]) == (request_id, 400)
        assert abs(datetime.fromisoformat(body["timestamp"]).timestamp() - time.time()) < 60
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["timestamp"])
    if name == "sgp":
        assert body["detail"] == [{"loc": ["body", "temperature"], "msg": error["message"], "type": code}]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", ["body", "key", "no key", "model", "page", "method"])
def test_statuses_and_codes(server: ServerProcess, name: str, what: str) -> None:
    headers = in_dialect(name)
    if what == "body":
        refused = server.post(b"{nonsense", headers=headers)
    elif what == "key":
        refused = ask(server, headers=headers | {"authorization": "Bearer sk-ps-" + "0" * 43})
    elif what == "no key":
        refused = httpx.post(server.url + CHAT, json={}, headers=headers)
    elif what == "model":
        refused = ask(server, headers=headers, model="nobody/knows")
    elif what == "page":
        refused = httpx.get(server.url + "/v1/nothing", headers=headers)
    else:
        refused = httpx.put(server.url + CHAT, headers=headers)
    status, code, tokensmind = {
        "body": (422 if name == "sgp" else 400, "invalid_json", "INVALID_REQUEST_BODY"),
        "key": (401, "invalid_api_key", "FAILED_TO_AUTH"),
        "no key": (403 if name == "tokensmind" else 401, "missing_api_key", "INVALID_API_KEY"),
        "model": (404, "model_not_found", "MODEL_NOT_FOUND"),
        "page": (404, "unknown_url", "unknown_url"),
        "method": (405, "method_not_allowed", "method_not_allowed"),
    }[what]
    assert (refused.status_code, spoken(refused)) == (status, name)
    body = refused.json()
    assert extra(body) == EXTRA[name]
    assert body["error"]["code"] == (tokensmind if name == "tokensmind" else code)
    assert body.get("statusCode", status) == status


@pytest.mark.parametrize("name", NAMES)
def test_a_vendors_limit_is_told_in_the_dialect(server: ServerProcess, vendor: FakeVendor, name: str) -> None:
    async def limit(request: Request, wire: Wire) -> None:
        await wire.whole({"error": {"message": "slow down", "code": "x"}}, 429, retry_after="900")

    vendor.behave = limit
    refused = ask(server, headers=in_dialect(name), model="gpt-4" if name != "sgp" else "openai/gpt-4")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "900")
    code = "RATE_LIMIT_EXCEEDED" if name == "tokensmind" else "rate_limit_exceeded"
    assert refused.json()["error"]["code"] == code


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", [CHAT, "/chat/completions", V5])
def test_a_stream_that_breaks_ends_with_an_error_of_the_dialect(
    server: ServerProcess, vendor: FakeVendor, name: str, path: str
) -> None:
    async def cut(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(chunk({"role": "assistant", "content": "Hel"}))
        wire.reset()

    vendor.behave = cut
    answered = ask(server, path, in_dialect(name), stream=True)
    first, last = events(answered)
    assert first["choices"][0]["delta"]["content"] == "Hel"
    assert extra(last) == EXTRA[name]
    assert last["error"]["code"] == "upstream_broke"
    if name.startswith("aimlapi"):
        assert (last["path"], last["statusCode"]) == (path, 502)
    if name == "sgp":
        assert last["detail"][0]["type"] == "upstream_broke"


@pytest.mark.parametrize("name", NAMES)
def test_the_sdk_reads_the_error_of_each_dialect(server: ServerProcess, vendor: FakeVendor, name: str) -> None:
    async def cut(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(chunk({"role": "assistant", "content": "Hel"}))
        wire.reset()

    with client(server, name) as sdk:
        kind = openai.UnprocessableEntityError if name == "sgp" else openai.BadRequestError
        with pytest.raises(kind) as refused:
            sdk.chat.completions.create(model="openai/gpt-4", messages=HELLO, temperature=3)  # type: ignore[arg-type]  # a list of plain dicts
        assert (refused.value.param, refused.value.type) == ("temperature", "invalid_request_error")
        assert "'temperature' is 3" in refused.value.message
        with pytest.raises(openai.NotFoundError) as unknown:
            sdk.chat.completions.create(model="nobody/knows", messages=HELLO)  # type: ignore[arg-type]  # a list of plain dicts
        assert unknown.value.code == ("MODEL_NOT_FOUND" if name == "tokensmind" else "model_not_found")
        whole = sdk.chat.completions.create(model="openai/gpt-4", messages=HELLO)  # type: ignore[arg-type]  # a list of plain dicts
        assert whole.choices[0].message.content == "Hello!"
        vendor.behave = cut
        with pytest.raises(openai.APIError, match="the vendor closed the connection"):
            list(sdk.chat.completions.create(model="openai/gpt-4", messages=HELLO, stream=True))  # type: ignore[arg-type]  # a list of plain dicts


# Scale


def test_scales_path_and_headers(server: ServerProcess) -> None:
    headers = {"x-api-key": server.key, "x-selected-account-id": "65f2a0b1c9d8"}
    answered = httpx.post(server.url + V5, json={"model": "openai/gpt-4", "messages": HELLO}, headers=headers)
    assert (answered.status_code, spoken(answered)) == (200, "sgp")
    assert answered.json()["object"] == "chat.completion"


def test_only_the_id_of_another_project_contradicts_a_key(server: ServerProcess) -> None:
    key = new_key(server, "--project", "blue")
    for account in ("", "blue", "default", "acct_1", "proj_x", "x" * 500):
        assert ask(server, V5, key | {"x-selected-account-id": account}).status_code == 200
    for path, name in ((V5, "sgp"), (CHAT, "openai")):
        refused = ask(server, path, key | {"x-selected-account-id": "proj_" + "0" * 32})
        error = refused.json()["error"]
        assert (refused.status_code, spoken(refused)) == (403, name)
        assert (error["type"], error["code"]) == ("permission_error", "permission_denied")
        own = error["message"].partition("which is 'blue' (")[2][:37]
        assert ask(server, path, key | {"x-selected-account-id": own}).status_code == 200
        assert ask(server, path, {"x-selected-account-id": own}).status_code == 403


def test_scales_list_of_models(server: ServerProcess) -> None:
    def listed(query: str = "") -> Any:
        answered = httpx.get(server.url + "/v5/chat/completions/models" + query)
        assert (answered.status_code, spoken(answered)) == (200, "sgp")
        return answered.json()

    whole = listed("?limit=1000")
    assert set(whole) == {"object", "items", "total", "has_more", "limit"}
    assert (whole["object"], whole["total"], whole["has_more"], whole["limit"]) == (
        "list",
        len(whole["items"]),
        False,
        1000,
    )
    for item in whole["items"]:
        assert set(item) == {"model_name", "model_type", "model_vendor", "model_availability"}
        assert item["model_type"] == "chat_completion"
    ids = [f"{item['model_vendor']}/{item['model_name']}" for item in whole["items"]]
    assert len(set(ids)) == len(ids)
    assert [name for name in ids if name in ("openai/gpt-4", "openai/both")] == ["openai/gpt-4", "openai/both"]
    first = listed("?limit=2")
    assert (len(first["items"]), first["has_more"], first["total"]) == (2, True, whole["total"])
    assert listed(f"?limit=1&starting_after={ids[0]}")["items"] == whole["items"][1:2]
    assert listed(f"?limit=1&ending_before={ids[2]}")["items"] == whole["items"][1:2]
    assert listed("?model_vendor=openai")["total"] == len([name for name in ids if name.startswith("openai/")])
    assert listed("?model_vendor=nobody")["items"] == []
    backwards = [item["model_name"] for item in listed("?limit=1000&sort_order=desc")["items"]]
    assert backwards == sorted(backwards, reverse=True)
    assert listed("?check_availability=true")["total"] == whole["total"]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("starting_after=nobody", "starting_after"),
        ("starting_after=openai/gpt-4&ending_before=openai/gpt-4", "ending_before"),
        ("sort_order=up", "sort_order"),
        ("sort_by=price", "sort_by"),
        ("check_availability=maybe", "check_availability"),
        ("page=2", "page"),
    ],
)
def test_scales_list_refuses_what_it_does_not_know(server: ServerProcess, query: str, param: str) -> None:
    refused = httpx.get(f"{server.url}/v5/chat/completions/models?{query}")
    assert refused.status_code == 422
    assert refused.json()["error"]["param"] == param
    assert refused.json()["detail"][0]["type"]


def test_every_listed_model_can_be_called_in_sgp(server: ServerProcess) -> None:
    items = httpx.get(server.url + "/v5/chat/completions/models?limit=1000").json()["items"]
    hosted = [item for item in items if item["model_vendor"] != "local"][:8]
    assert hosted
    for item in hosted:
        assert ask(server, V5, model=f"{item['model_vendor']}/{item['model_name']}").status_code == 200


# a key of the caller's own


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", [V5, CHAT])
def test_the_callers_own_key_is_used_for_that_call_alone(
    server: ServerProcess, vendor: FakeVendor, path: str, stream: bool
) -> None:
    assert ask(server, path, {"x-openai-api-key": OWN}, stream=stream).status_code == 200
    assert ask(server, path, stream=stream).status_code == 200
    own, ours = vendor.requests
    assert own.headers["authorization"] == f"Bearer {OWN}"
    assert "openai-organization" not in own.headers
    assert own.headers["x-team"] == "blue"
    assert ours.headers["authorization"] == "Bearer sk-vendor-secret"
    assert ours.headers["openai-organization"] == "org-ours"
    assert "x-openai-api-key" not in own.headers


def test_a_call_with_the_callers_own_key_costs_nothing_here(server: ServerProcess) -> None:
    assert "x-aimlapi-usd-spent" not in ask(server, headers={"x-openai-api-key": OWN}).headers
    assert "x-aimlapi-usd-spent" in ask(server).headers
    assert "x-aimlapi-usd-spent" in ask(server, headers={"x-openai-api-key": OWN}, model="priced").headers


def test_it_goes_to_no_other_vendor(server: ServerProcess, vendor: FakeVendor) -> None:
    answered = ask(server, headers={"x-openai-api-key": OWN}, model="other/gpt-4")
    assert answered.status_code == 200
    assert answered.headers["x-penstock-params"] == "x-openai-api-key=ignored"
    refused = ask(server, headers={"x-openai-api-key": OWN, "x-strict-params": "true"}, model="other/gpt-4")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "unsupported_parameter")
    assert refused.json()["error"]["param"] == "x-openai-api-key"
    (only,) = vendor.requests
    assert only.headers["authorization"] == "Bearer sk-vendor-secret"
    assert OWN not in str(only.headers) + only.body.decode()


def test_nor_where_another_vendor_takes_over(server: ServerProcess, vendor: FakeVendor) -> None:
    async def only_the_other(request: Request, wire: Wire) -> None:
        if request.headers["authorization"] == f"Bearer {OWN}":
            await wire.whole({"error": {"message": "down"}}, 500)
        else:
            await answer(request, wire)

    vendor.behave = only_the_other
    answered = ask(server, headers={"x-openai-api-key": OWN}, model="both")
    assert answered.headers["x-penstock-served-by"] == "other/gpt-4-0613"
    assert answered.headers["x-penstock-params"] == "x-openai-api-key=ignored"
    assert vendor.requests[-1].headers["authorization"] == "Bearer sk-vendor-secret"


@pytest.mark.parametrize("given", ["", "short", "has a space in it", "\xe9" * 20, "x" * 513])
def test_a_malformed_one_is_a_400_that_does_not_repeat_it(server: ServerProcess, given: str) -> None:
    headers = {"authorization": f"Bearer {server.key}", "x-openai-api-key": given.encode("latin-1")}
    refused = httpx.post(server.url + CHAT, json={"model": "gpt-4", "messages": HELLO}, headers=headers)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "x-openai-api-key")
    assert not given or given not in refused.text


@pytest.mark.parametrize(
    ("theirs", "code", "status", "ours"),
    [
        (401, "invalid_api_key", 401, "invalid_api_key"),
        (403, "unsupported_country_region_territory", 403, "unsupported_country_region_territory"),
        (402, None, 429, "insufficient_quota"),
        (429, "insufficient_quota", 429, "insufficient_quota"),
    ],
)
def test_what_the_vendor_says_of_it_is_the_callers_matter(
    server: ServerProcess, vendor: FakeVendor, theirs: int, code: str | None, status: int, ours: str
) -> None:
    async def refuse(request: Request, wire: Wire) -> None:
        key = request.headers["authorization"].removeprefix("Bearer ")
        await wire.whole({"error": {"message": f"no: {key}", "type": f"t {key}", "code": code}}, theirs)

    vendor.behave = refuse
    for name in NAMES:
        vendor.requests.clear()
        refused = ask(server, headers=in_dialect(name, **{"x-openai-api-key": OWN}))
        no_credit = PROFILES[name].no_credit_status
        assert refused.status_code == (no_credit if ours == "insufficient_quota" else status)
        assert refused.headers["x-should-retry"] == "false"
        assert len(vendor.requests) == 1
        assert refused.json()["error"]["param"] == "x-openai-api-key"
        assert OWN not in refused.text + str(refused.headers)
        if name != "tokensmind":
            assert refused.json()["error"]["code"] == ours
    assert ask(server).status_code == (429 if theirs == 429 else 502)


def test_out_of_credit_is_read_by_the_sdk_as_each_dialect_has_it(server: ServerProcess, vendor: FakeVendor) -> None:
    async def refuse(request: Request, wire: Wire) -> None:
        await wire.whole({"error": {"message": "quota", "code": "insufficient_quota"}}, 429)

    vendor.behave = refuse
    for name in NAMES:
        kind = openai.RateLimitError if PROFILES[name].no_credit_status == 429 else openai.PermissionDeniedError
        with client(server, name).with_options(max_retries=2) as sdk:
            vendor.requests.clear()
            with pytest.raises(kind) as refused:
                sdk.chat.completions.create(
                    model="openai/gpt-4",
                    messages=HELLO,  # type: ignore[arg-type]  # a list of plain dicts
                    extra_headers={"x-openai-api-key": OWN},
                )
            assert refused.value.code == ("NOT_ENOUGH_BALANCE" if name == "tokensmind" else "insufficient_quota")
            assert len(vendor.requests) == 1


def test_it_is_kept_nowhere(server: ServerProcess, vendor: FakeVendor) -> None:
    async def echo(request: Request, wire: Wire) -> None:
        await wire.whole({"error": {"message": request.headers["authorization"], "param": OWN}}, 400)

    own = {"x-openai-api-key": OWN}
    ask(server, headers=own)
    ask(server, headers=own, stream=True)
    vendor.behave = echo
    refused = ask(server, headers=own)
    assert (refused.status_code, OWN in refused.text) == (400, False)
    assert OWN not in json.dumps(server.records())
    files = [file for file in server.home.rglob("*") if file.is_file()]
    assert server.log in files
    for file in files:
        assert OWN.encode() not in file.read_bytes(), file


def test_raw_bytes_with_the_header_twice_have_the_last_one(server: ServerProcess) -> None:
    body = json.dumps({"model": "openai/gpt-4", "messages": HELLO, "temperature": 3}).encode()
    head = (
        f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {server.key}\r\ncontent-type: application/json\r\n"
        f"X-API-Dialect: openai\r\nx-api-dialect:  sgp \r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
        wire.sendall(head.encode() + body)
        got = b""
        while part := wire.recv(65536):
            got += part
    assert got.startswith(b"HTTP/1.1 422 ")
    assert b"x-penstock-dialect: sgp\r\n" in got.lower()


def test_browsers_may_read_the_dialect(server: ServerProcess) -> None:
    answered = ask(server, headers={"origin": "https://page.example"})
    assert "x-penstock-dialect" in answered.headers["access-control-expose-headers"]
