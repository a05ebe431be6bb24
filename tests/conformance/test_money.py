"""What calls cost, to the last nano-dollar: in answers, streams, headers, records and metrics of a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openai import OpenAI

from tests.server import ServerProcess, penstock, provider_toml
from tests.upstream import USAGE, Behave, FakeVendor, Request, Wire, chunk, completion, stream_events

HELLO = [{"role": "user", "content": "Hello"}]
# gpt-4 at its list price, which by itself does not hold at the address of a stand-in.
CONFIG = """
[[price]]
provider = "acme"
model = "gpt-4"
input = 30
output = 60

[pricing]
markup = 0.05
"""
# The pages that the API comes from: 504 and 1260 credits for 8 tokens of "Hello" and 10 of its answer.
CREDITS = 504 + 1260
META = {"usage": {"credits_used": CREDITS, "usd_spent": 0.000882}}


async def whole_or_streamed(request: Request, wire: Wire) -> None:
    if not request.json.get("stream"):
        await wire.whole(completion())
        return
    await wire.begin_stream()
    for event in stream_events(["Hel", "lo"]):
        await wire.event(event)
    await wire.event("[DONE]")
    await wire.end_stream()


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor(whole_or_streamed) as made:
        yield made


@pytest.fixture(scope="module")
def server(vendor: FakeVendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    providers = [
        provider_toml("acme", vendor.url),
        provider_toml("listed", vendor.url, more='prices = "openai"'),
        provider_toml("alone", vendor.url, kind="deepseek", more='prices = "openai"'),  # makes one choice a call
    ]
    with ServerProcess(tmp_path_factory.mktemp("home"), "".join(providers) + CONFIG) as running:
        yield running


@pytest.fixture(autouse=True)
def _usual(vendor: FakeVendor) -> None:
    vendor.behave = whole_or_streamed


def answers(body: dict[str, Any]) -> Behave:
    async def behave(request: Request, wire: Wire) -> None:
        await wire.whole(body)

    return behave


def ask(server: ServerProcess, model: str = "acme/gpt-4", headers: dict[str, str] | None = None, **more: Any) -> Any:
    return server.post({"model": model, "messages": HELLO, **more}, headers=headers or {})


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def record(server: ServerProcess, answer: httpx.Response) -> dict[str, Any]:
    (found,) = [r for r in server.records() if r["request_id"] == answer.headers["x-request-id"]]
    return found


def test_the_price_of_the_seeds(server: ServerProcess) -> None:
    answer = ask(server)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["meta"] == META
    assert body["usage"] == completion()["usage"]  # true tokens, and the vendor's own words
    assert list(body)[-1] == "meta"
    assert answer.headers["x-aimlapi-credits-used"] == "1764"
    assert answer.headers["x-aimlapi-usd-spent"] == "0.000882000"
    kept = record(server, answer)
    assert (kept["cost_nano"], kept["price_nano"]) == (840_000, 882_000)
    assert kept["price_version"].startswith("settings:acme/gpt-4@first#")


def test_a_list_price(server: ServerProcess) -> None:
    answer = ask(server, "listed/gpt-4-1106-preview")
    assert answer.json()["meta"]["usage"] == {"credits_used": 168 + 630, "usd_spent": 0.000399}
    kept = record(server, answer)
    assert (kept["cost_nano"], kept["price_nano"]) == (380_000, 399_000)
    assert ":openai/gpt-4-turbo@" in kept["price_version"]


def test_an_unknown_price_is_absent(server: ServerProcess) -> None:
    answer = ask(server, "acme/gpt-4-turbo")  # a list price there is, but not at that address
    assert "meta" not in answer.json()
    assert not [name for name in answer.headers if name.startswith("x-aimlapi-")]
    kept = record(server, answer)
    assert (kept["cost_nano"], kept["price_nano"], kept["price_version"]) == (None, None, None)
    assert kept["prompt_tokens"] == 8


def test_an_answer_without_usage_has_no_cost(server: ServerProcess, vendor: FakeVendor) -> None:
    body = completion()
    del body["usage"]
    vendor.behave = answers(body)
    answer = ask(server)
    assert "meta" not in answer.json()
    assert "x-aimlapi-credits-used" not in answer.headers
    assert record(server, answer)["cost_nano"] is None


@pytest.mark.parametrize(("tier", "version"), [("flex", None), ("default", "settings:acme/gpt-4@first")])
def test_another_service_tier_has_another_price(
    server: ServerProcess, vendor: FakeVendor, tier: str, version: str | None
) -> None:
    vendor.behave = answers(completion(service_tier=tier))
    answer = ask(server)
    assert ("meta" in answer.json()) == (version is not None)
    kept = record(server, answer)["price_version"]
    assert kept is None if version is None else kept.startswith(version)


def test_what_the_vendor_says_in_meta_stays_beside_ours(server: ServerProcess, vendor: FakeVendor) -> None:
    vendor.behave = answers(completion('a "meta" word', meta={"usage": {"credits_used": 9}, "region": "eu"}))
    body = ask(server).json()
    assert body["meta"] == {"region": "eu", **META}
    assert body["choices"][0]["message"]["content"] == 'a "meta" word'


def test_a_stream_tells_its_cost_with_its_usage(server: ServerProcess) -> None:
    answer = ask(server, stream=True, stream_options={"include_usage": True})
    *before, last = events(answer)
    assert not [event for event in before if "meta" in event]
    assert last["choices"] == []
    assert last["usage"] == USAGE
    assert last["meta"] == META
    assert "x-aimlapi-credits-used" not in answer.headers  # at the head nobody knows
    assert answer.headers["x-inference-id"] == last["id"]
    assert record(server, answer)["price_nano"] == 882_000


def test_a_stream_without_usage_is_priced_in_its_record(server: ServerProcess) -> None:
    answer = ask(server, stream=True)
    assert not [event for event in events(answer) if "meta" in event or event["usage"]]
    assert record(server, answer)["price_nano"] == 882_000


def test_in_aimlapi_every_stream_ends_with_its_cost(server: ServerProcess) -> None:
    last = events(ask(server, stream=True, headers={"x-api-dialect": "aimlapi"}))[-1]
    assert last["meta"] == META
    assert last["usage"]["total_tokens"] == 18


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", ["aimlapi", "tokensmind", "openai"])
def test_another_dialect_has_every_detail_field(server: ServerProcess, dialect: str, stream: bool) -> None:
    more = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    answer = ask(server, headers={"x-api-dialect": dialect}, **more)
    usage = (events(answer)[-1] if stream else answer.json())["usage"]
    theirs = USAGE if stream else completion()["usage"]
    if dialect == "openai":
        assert usage == theirs
        return
    assert usage["prompt_tokens_details"] == {
        "cached_tokens": 0 if stream else 2,
        "audio_tokens": 0,
        "cache_write_tokens": 0,
        "text_tokens": 8,
        "image_tokens": 0,
    }
    assert usage["completion_tokens_details"] == {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
        "text_tokens": 10,
    }
    assert {**theirs, **usage} == usage


@pytest.mark.parametrize("stream", [False, True])
def test_choices_made_of_calls_of_their_own_are_added_up(server: ServerProcess, stream: bool) -> None:
    more = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    answer = ask(server, "alone/gpt-4", n=2, **more)
    last = events(answer)[-1] if stream else answer.json()
    assert last["usage"]["total_tokens"] == 36
    assert last["meta"]["usage"] == {"credits_used": 2 * CREDITS, "usd_spent": 0.001764}
    assert record(server, answer)["price_nano"] == 1_764_000


def test_a_client_that_leaves_before_the_usage_leaves_an_unknown_cost(
    server: ServerProcess, vendor: FakeVendor
) -> None:
    async def endless(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(chunk({"role": "assistant", "content": "Hel"}))
        await wire.gone(10)

    vendor.behave = endless
    body = {"model": "acme/gpt-4", "messages": HELLO, "stream": True}
    headers = {"authorization": f"Bearer {server.key}"}
    with httpx.stream("POST", server.url + "/v1/chat/completions", json=body, headers=headers) as answer:
        next(answer.iter_lines())
    kept = record(server, answer)
    assert kept["status"] == 499
    assert (kept["cost_nano"], kept["price_nano"], kept["prompt_tokens"]) == (None, None, None)


def test_a_refused_call_has_no_cost(server: ServerProcess) -> None:
    answer = ask(server, temperature=9)
    assert answer.status_code == 400
    assert record(server, answer)["cost_nano"] is None
    assert "x-aimlapi-usd-spent" not in answer.headers


@pytest.mark.parametrize("stream", [False, True])
def test_the_sdk_takes_it_in_strict_mode(server: ServerProcess, stream: bool) -> None:
    with OpenAI(
        base_url=server.url + "/v1", api_key=server.key, _strict_response_validation=True, max_retries=0
    ) as client:
        if not stream:
            answer = client.chat.completions.create(model="acme/gpt-4", messages=HELLO)
            assert answer.model_extra == {"meta": META}
            return
        *_, last = client.chat.completions.create(
            model="acme/gpt-4", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
        assert last.model_extra == {"meta": META}


@pytest.mark.parametrize(
    ("sent", "said"),
    [("trace-1.a:b_c", "trace-1.a:b_c"), ("~" * 512, "~" * 512), ("a" * 513, None), ("t\tb", None), ("é", None)],
)
def test_ids_of_tracing(server: ServerProcess, sent: str, said: str | None) -> None:
    headers = {"x-client-request-id": sent.encode("latin-1")}
    for more in ({}, {"stream": True}, {"temperature": 9}):
        answer = ask(server, headers=headers, **more)
        assert answer.headers.get("x-client-request-id") == said
        request_id = answer.headers["x-request-id"]
        assert answer.headers["x-inference-id"] == "chatcmpl-" + request_id.removeprefix("req_")
    assert ask(server).json()["id"].startswith("chatcmpl-")
    listed = httpx.get(server.url + "/v1/models", headers={"authorization": f"Bearer {server.key}", **headers})
    assert listed.headers.get("x-client-request-id") == said


def test_a_web_page_can_read_the_headers(server: ServerProcess) -> None:
    exposed = ask(server, headers={"origin": "https://app.example"}).headers["access-control-expose-headers"]
    names = {"x-inference-id", "x-client-request-id", "x-aimlapi-credits-used", "x-aimlapi-usd-spent"}
    assert names <= set(exposed.split(", "))


def test_metrics_and_the_command_tell_costs(server: ServerProcess) -> None:
    def counted() -> float:
        lines = httpx.get(server.url + "/metrics").text.splitlines()
        found = [line for line in lines if line.startswith('penstock_cost_nanodollars_total{provider="listed"}')]
        return float(found[0].split()[1]) if found else 0.0

    before = counted()
    ask(server, "listed/gpt-4-1106-preview")
    assert counted() == before + 380_000
    assert "$0.000380" in penstock(server.home, "requests", "--limit", "1").stdout


def test_costs_are_kept_from_clients_where_the_setting_says_so(vendor: FakeVendor, server: ServerProcess) -> None:
    quiet = provider_toml("acme", vendor.url) + CONFIG + "in_answers = false\n"
    with ServerProcess(server.home.parent / "quiet", quiet) as other:
        answer = ask(other)
        assert "meta" not in answer.json()
        assert "x-aimlapi-usd-spent" not in answer.headers
        assert "meta" not in events(ask(other, stream=True, headers={"x-api-dialect": "aimlapi"}))[-1]
        assert {kept["price_nano"] for kept in other.records()} == {882_000}
