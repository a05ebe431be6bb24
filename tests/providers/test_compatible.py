from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.vendor_calls import TARGET, a_call

import penstock
from penstock.core.errors import UnsupportedParameter, UpstreamRateLimited
from penstock.core.exchange import Reply
from penstock.params.models import load_models
from penstock.providers.compatible import Compatible
from penstock.providers.provider import Provider
from penstock.providers.rows import Row, load_rows
from penstock.settings import SettingsError

ROWS = load_rows()
KEY = "sk-of-this-test"


def acme(**row: Any) -> Row:
    return Row(**{"verified": "no", "source": "recordings", "base_url": "https://api.acme.example/v1", **row})


def vendor(row: Row | None = None, **options: Any) -> Compatible:
    return Compatible("acme", row or acme(), **{"api_key": KEY, **options})


def sent(provider: Provider, request: dict[str, Any], **call: Any) -> dict[str, Any]:
    body = json.loads(provider.prepare(a_call(request, **call), TARGET).body)
    assert isinstance(body, dict)
    return body


def test_a_request_is_the_clients_own_with_the_vendors_model() -> None:
    request = {"temperature": 0.7, "messages": [{"role": "user", "content": "é"}], "metadata": {"a": "b"}}
    call = a_call(request)
    out = vendor().prepare(call, TARGET)
    assert json.loads(out.body) == {**request, "model": "acme-large-2"}
    assert (out.method, out.url, out.stream) == ("POST", "https://api.acme.example/v1/chat/completions", False)
    assert call.changed == {}
    assert bytes(call.members["model"]) == b'"gpt-4"'


def test_members_go_out_as_they_came() -> None:
    call = a_call()
    call.members["messages"] = type(call.members["model"])(b'[ {"role":"user","content":"\\u00e9"} ]')
    assert b'"messages":[ {"role":"user","content":"\\u00e9"} ]' in vendor().prepare(call, TARGET).body


@pytest.mark.parametrize("stream", [False, True])
def test_headers_are_ours_and_no_others(stream: bool) -> None:
    out = vendor(headers={"X-Team": "blue"}).prepare(a_call(stream=stream), TARGET)
    assert dict(out.headers) == {
        "content-type": "application/json",
        "accept": "text/event-stream" if stream else "application/json",
        "user-agent": f"penstock/{penstock.__version__}",
        "authorization": f"Bearer {KEY}",
        "x-team": "blue",
    }
    assert len(out.headers) == 5


def test_headers_of_one_request_are_not_those_of_the_next() -> None:
    provider = vendor()
    provider.prepare(a_call(), TARGET).headers.append(("x", "y"))
    assert ("x", "y") not in provider.prepare(a_call(), TARGET).headers


@pytest.mark.parametrize(
    ("auth", "header"), [("bearer", ("authorization", f"Bearer {KEY}")), ("api-key", ("api-key", KEY))]
)
def test_the_key_travels_as_the_row_says(auth: str, header: tuple[str, str]) -> None:
    assert header in vendor(acme(auth=auth)).prepare(a_call(), TARGET).headers


def test_the_operators_header_wins() -> None:
    out = vendor(headers={"User-Agent": "mine"}).prepare(a_call(), TARGET)
    assert [value for name, value in out.headers if name == "user-agent"] == ["mine"]


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://10.0.0.7:8000/v1/", "http://10.0.0.7:8000/v1/chat/completions"),
        ("https://h", "https://h/chat/completions"),
        (
            "https://r.openai.azure.com/openai/deployments/d?api-version=2024-02-01",
            "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-02-01",
        ),
    ],
)
def test_the_operators_address_wins(base_url: str, url: str) -> None:
    assert vendor(base_url=base_url).prepare(a_call(), TARGET).url == url


@pytest.mark.parametrize(
    ("row", "options", "words"),
    [
        (acme(base_url=None), {}, "set base_url"),
        (acme(), {"base_url": "ftp://h"}, "base_url must be"),
        (acme(), {"base_url": "https://"}, "base_url must be"),
        (acme(), {"base_url": "https://user:pass@h"}, "base_url must be"),
        (acme(), {"api_key": None}, "needs an api_key"),
        (acme(), {"api_key": ""}, "needs an api_key"),
        (acme(auth="api-key"), {"api_key": None}, "needs an api_key"),
        (acme(auth="none"), {}, "takes no api_key"),
        (acme(), {"api_key": "a\nb: c"}, "'authorization' cannot be sent"),
        (acme(), {"headers": {"x y": "z"}}, "'x y' cannot be sent"),
        (acme(), {"headers": {"x": "é"}}, "'x' cannot be sent"),
        (acme(), {"headers": {"x": "a\r\nb"}}, "'x' cannot be sent"),
    ],
)
def test_a_vendor_that_cannot_be_called_is_refused_at_the_start(row: Row, options: Any, words: str) -> None:
    with pytest.raises(SettingsError, match="provider 'acme'") as caught:
        vendor(row, **options)
    assert words in str(caught.value)
    assert "b: c" not in str(caught.value)


def test_a_local_server_needs_no_key() -> None:
    out = Compatible("here", ROWS["vllm"]).prepare(a_call(), TARGET)
    assert "authorization" not in dict(out.headers)


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({}, {"include_usage": True}),
        ({"stream_options": None}, {"include_usage": True}),
        ({"stream_options": {"include_usage": False}}, {"include_usage": True}),
        (
            {"stream_options": {"include_obfuscation": False}},
            {"include_obfuscation": False, "include_usage": True},
        ),
    ],
)
def test_a_stream_is_asked_for_its_usage(options: dict[str, Any], asked: dict[str, Any]) -> None:
    body = sent(vendor(), {"stream": True, **options}, stream=True)
    assert (body["stream"], body["stream_options"]) == (True, asked)


def test_usage_is_not_asked_for_where_that_is_an_error() -> None:
    call = a_call(
        {"stream": True, "stream_options": {"include_usage": True}}, stream=True, include_usage=True, strict=True
    )
    body = json.loads(Compatible("m", ROWS["mistral"], api_key=KEY).prepare(call, TARGET).body)
    assert "stream_options" not in body
    assert call.changed == {}


def test_a_whole_answer_is_asked_for_without_stream_options() -> None:
    assert "stream_options" not in sent(vendor(), {"stream": False})


def test_what_is_done_to_parameters_is_noted_for_this_attempt() -> None:
    call = a_call({"seed": 1, "top_k": 3, "n": 2})
    call.changed["response_format"] = "emulated"  # another room's word about something else stays
    Compatible("m", ROWS["mistral"], api_key=KEY).prepare(call, TARGET)
    assert call.changed == {"response_format": "emulated", "seed": "translated", "top_k": "ignored"}
    Compatible("g", ROWS["groq"], api_key=KEY).prepare(call, TARGET)
    assert call.changed == {"response_format": "emulated", "top_k": "ignored", "n": "emulated"}
    Compatible("v", ROWS["vllm"]).prepare(call, TARGET)
    assert call.changed == {"response_format": "emulated"}


@pytest.mark.parametrize(
    ("model", "path"),
    [("gpt-4o", "/responses"), ("gpt-4o-audio-preview", "/chat/completions"), ("gpt-new", "/responses")],
)
def test_a_model_that_the_vendors_responses_lack_is_asked_for_a_chat_completion(model: str, path: str) -> None:
    provider = vendor(ROWS["openai"], kind="openai", models=load_models())
    call, target = a_call(), replace(TARGET, model=model)
    call.responses = lambda reasons: ({}, {})
    assert provider.native(call, target) == (path == "/responses")
    assert provider.prepare(call, target).url.endswith(path)
    assert not provider.native(a_call(), target)


def test_strict_mode_refuses_what_the_vendor_lacks() -> None:
    call = a_call({"seed": 1, "logit_bias": {"1": 1}}, strict=True)
    with pytest.raises(UnsupportedParameter, match=r"'seed'.*'logit_bias'"):
        Compatible("m", ROWS["mistral"], api_key=KEY).prepare(call, TARGET)
    assert call.changed == {}
    Compatible("o", ROWS["openai"], api_key=KEY).prepare(call, TARGET)


def test_the_request_of_each_vendor_as_its_row_says() -> None:
    request = {"seed": 7, "max_completion_tokens": 5, "n": 1, "top_k": 2, "repetition_penalty": 1.1, "user": "u"}
    kept = {
        "openai": {"seed", "max_completion_tokens", "n", "user"},
        "mistral": {"random_seed", "max_tokens", "n"},
        "groq": {"seed", "max_completion_tokens", "user"},
        "ollama": {"seed", "max_tokens", "top_k", "repetition_penalty"},
        "vllm": set(request),
        "together": set(request),
        "lm-studio": {"seed", "max_tokens", "top_k", "repeat_penalty", "user"},
        "deepseek": {"max_tokens"},
    }
    for name, expected in kept.items():
        provider = Compatible(name, ROWS[name], api_key=KEY)
        assert sent(provider, request).keys() - {"model", "messages"} == expected, name


def test_choices_are_made_of_calls_where_the_row_says_so() -> None:
    assert vendor(acme(fans_out=True)).fans_out
    assert not vendor().fans_out


def test_answers_are_read_with_the_rows_quirks() -> None:
    body = b'{"choices":[{"finish_reason":"eos","message":{}}]}'
    reply = Reply(200, {}, body)
    assert vendor().read(reply, a_call(), TARGET).finish_reasons == ["eos"]
    assert vendor(acme(quirks=("finish_names",))).read(reply, a_call(), TARGET).finish_reasons == ["stop"]
    stream = b'data: {"choices":[{"finish_reason":"eos","delta":{}}]}\n\ndata: [DONE]\n\n'
    for row, reason in ((acme(), "eos"), (acme(quirks=("finish_names",)), "stop")):
        reader = vendor(row).reader(a_call(stream=True), TARGET)
        reader.feed(stream)
        assert reader.finish_reasons == {0: reason}


def test_errors_are_explained_without_our_secrets() -> None:
    reply = Reply(429, {"retry-after": "3"}, json.dumps({"error": {"message": f"{KEY} and teamsecret"}}).encode())
    error = vendor(headers={"x-team": "teamsecret"}).explain(reply, a_call())
    assert isinstance(error, UpstreamRateLimited)
    assert error.retry_after == 3
    assert "provider 'acme'" in error.message
    assert KEY not in error.message
    assert "teamsecret" not in error.message
