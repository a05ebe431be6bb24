"""What becomes of every parameter between a client and a hosted vendor, on real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from penstock.dialects.chat.request import KNOWN
from penstock.dialects.profiles import PROFILES
from penstock.params.capabilities import NEEDED
from tests.parameter_samples import AT_ANY_VENDOR, AT_OPENAI, SAMPLES, asking, told
from tests.server import ServerProcess, provider_toml
from tests.upstream import Behave, FakeVendor, Request, Wire, answer, chunk, completion

HELLO = [{"role": "user", "content": "Hello"}]
PARAMETERS = sorted(SAMPLES)
SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
FORMAT = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA}}

MODELS = """
[[model]]
name = "small"
context = 1000
max_output = 100
parameters = { seed = "refused", user = "ignored" }
targets = [{ provider = "any", model = "small-1" }]

[[model]]
name = "both"
targets = [{ provider = "openai", model = "gpt-4o" }, { provider = "any", model = "m" }]
"""


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor(answer) as made:
        yield made


@pytest.fixture(scope="module")
def server(vendor: FakeVendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    providers = [
        provider_toml("openai", vendor.url),
        provider_toml("any", vendor.url, "compatible"),
        provider_toml("deepseek", vendor.url, "deepseek"),
        provider_toml("qwen", vendor.url, "alibaba"),
        provider_toml("served", vendor.url, "vllm"),
        provider_toml("mistral", vendor.url, "mistral"),
        provider_toml("groq", vendor.url, "groq"),
        provider_toml("anthropic", vendor.url, "anthropic"),
        provider_toml("gemini", vendor.url, "gemini"),
    ]
    home = tmp_path_factory.mktemp("home")
    with ServerProcess(home, "".join(providers) + MODELS, PENSTOCK_TIMEOUTS__KEEP_ALIVE_S="0.2") as running:
        yield running


class Asked:
    """One request through the server: what the client got, and what the vendor was sent, whole and in order."""

    def __init__(
        self, server: ServerProcess, vendor: FakeVendor, model: str, behave: Behave = answer, **more: Any
    ) -> None:
        vendor.behave = behave
        vendor.requests.clear()
        headers = more.pop("headers", {})
        self.answer = server.post({"model": model, "messages": HELLO, **more}, headers=headers)
        vendor.behave = answer
        self.sent = [request.json for request in vendor.requests]
        said = self.answer.headers.get("x-penstock-params", "")
        self.params = dict(part.split("=") for part in said.split(", ")) if said else {}

    @property
    def error(self) -> dict[str, Any]:
        found = self.answer.json()["error"]
        assert isinstance(found, dict)
        return found

    @property
    def text(self) -> str:
        return str(self.answer.json()["choices"][0]["message"]["content"])


def check(asked: Asked, dialect: str, name: str, expected: dict[str, str]) -> None:
    """Whether the parameter `name` was sent and reported as `expected`."""
    what = expected.get(name, "native")
    if what == "refused":
        assert (asked.answer.status_code, asked.error["param"]) == (PROFILES[dialect].invalid_status, name)
        assert "cannot do that" in asked.error["message"]
        assert asked.sent == []
        return
    assert asked.answer.status_code == 200, asked.answer.text
    assert asked.answer.headers["x-penstock-dialect"] == dialect
    (sent,) = asked.sent
    assert asked.params.get(name, "") == told(name, expected)
    if what in ("native", "passed"):
        mine = sent[name]
        assert mine == (SAMPLES[name] | {"include_usage": True} if name == "stream_options" else SAMPLES[name])
    else:
        assert name not in sent


def test_every_parameter_has_a_sample() -> None:
    assert {*SAMPLES} == KNOWN - (NEEDED - {"stream"})


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("dialect", PROFILES)
def test_at_openai(server: ServerProcess, vendor: FakeVendor, dialect: str, name: str) -> None:
    headers = {"x-api-dialect": dialect}
    check(Asked(server, vendor, "openai/gpt-4o", headers=headers, **asking(name)), dialect, name, AT_OPENAI)


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("dialect", PROFILES)
def test_at_any_vendor(server: ServerProcess, vendor: FakeVendor, dialect: str, name: str) -> None:
    headers = {"x-api-dialect": dialect}
    check(Asked(server, vendor, "any/some-model", headers=headers, **asking(name)), dialect, name, AT_ANY_VENDOR)


@pytest.mark.parametrize("name", PARAMETERS)
def test_strict_mode_refuses_what_would_be_changed(server: ServerProcess, vendor: FakeVendor, name: str) -> None:
    asked = Asked(server, vendor, "openai/gpt-4o", headers={"x-strict-params": "true"}, **asking(name))
    if told(name, AT_OPENAI):
        assert (asked.answer.status_code, asked.sent) == (400, [])
        assert asked.error["code"] in ("unsupported_parameter", "unsupported_value")
        assert f"'{name}'" in asked.error["message"]
    else:
        assert asked.answer.status_code == 200, asked.answer.text


def test_a_reasoning_model_is_sent_what_it_takes(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(server, vendor, "openai/o3", temperature=0.2, top_p=1, max_tokens=9, reasoning_effort="minimal", n=1)
    (sent,) = asked.sent
    assert {name: sent[name] for name in sent if name not in ("messages", "model")} == {
        "max_completion_tokens": 9,
        "reasoning_effort": "low",
        "n": 1,
    }
    assert asked.params == {"temperature": "ignored", "max_tokens": "translated", "reasoning_effort": "translated"}


@pytest.mark.parametrize(
    ("model", "given", "sent", "params"),
    [
        ("anthropic/claude-sonnet-5", {"temperature": 0.5, "top_p": 0.9, "seed": 1}, {}, "ignored"),
        ("anthropic/claude-haiku-4-5", {"temperature": 0.5, "top_p": 0.9}, {"temperature": 0.5, "top_p": 0.9}, ""),
        ("gemini/gemini-2.5-pro", {"seed": 1, "frequency_penalty": 1}, {}, "ignored"),
        ("gemini/gemini-3.5-flash", {"reasoning_effort": "xhigh"}, {"reasoning_effort": "high"}, "translated"),
        ("mistral/mistral-large-2512", {"seed": 1}, {"random_seed": 1}, "translated"),
        ("deepseek/deepseek-v4-pro", {"max_tokens": 384001}, {"max_tokens": 384000}, "translated"),
    ],
)
def test_other_vendors_models_are_sent_what_they_take(
    server: ServerProcess, vendor: FakeVendor, model: str, given: dict[str, Any], sent: dict[str, Any], params: str
) -> None:
    asked = Asked(server, vendor, model, **given)
    assert {k: v for k, v in asked.sent[0].items() if k not in ("model", "messages")} == sent
    assert asked.params == (dict.fromkeys(given, params) if params else {})


def test_prediction_is_counted(server: ServerProcess, vendor: FakeVendor) -> None:
    details = {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 4,
        "rejected_prediction_tokens": 2,
    }

    async def predicting(request: Request, wire: Wire) -> None:
        usage = completion()["usage"] | {"completion_tokens_details": details}
        await wire.whole(completion(usage=usage))

    asked = Asked(server, vendor, "openai/gpt-4o", predicting, prediction=SAMPLES["prediction"])
    assert asked.answer.json()["usage"]["completion_tokens_details"] == details
    record = next(r for r in server.records() if r["request_id"] == asked.answer.headers["x-request-id"])
    assert (record["accepted_prediction_tokens"], record["rejected_prediction_tokens"]) == (4, 2)
    assert Asked(server, vendor, "openai/gpt-4", prediction=SAMPLES["prediction"]).params == {"prediction": "ignored"}


def test_a_model_that_speaks_is_asked_in_words_for_json(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(server, vendor, "openai/gpt-4o-audio-preview", saying('{"age": 36}'), response_format=FORMAT)
    assert (json.loads(asked.text), asked.params) == ({"age": 36}, {"response_format": "emulated"})


def test_a_model_that_speaks_is_asked_to(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(server, vendor, "openai/gpt-4o-audio-preview", modalities=["text", "audio"], audio=SAMPLES["audio"])
    assert (asked.sent[0]["modalities"], asked.sent[0]["audio"]) == (["text", "audio"], SAMPLES["audio"])
    refused = Asked(server, vendor, "openai/gpt-4o", modalities=["text", "audio"], audio=SAMPLES["audio"])
    assert "gpt-4o" in refused.error["message"]


@pytest.mark.parametrize(
    ("model", "given", "sent"),
    [
        ("qwen/qwen3", {"enable_thinking": True}, {"enable_thinking": True}),
        ("deepseek/deepseek-chat", {"enable_thinking": False}, {"thinking": {"type": "disabled"}}),
        ("served/qwen3", {"enable_thinking": True}, {"chat_template_kwargs": {"enable_thinking": True}}),
        ("openai/gpt-5.1", {"enable_thinking": False}, {"reasoning_effort": "none"}),
        ("openai/gpt-5.1", {"enable_thinking": True}, {"reasoning_effort": "medium"}),
        ("openai/gpt-4o", {"enable_thinking": False}, {}),
        ("deepseek/deepseek-chat", {"separate_reasoning": True}, {}),
    ],
)
def test_thinking_is_switched_as_the_vendor_has_it(
    server: ServerProcess, vendor: FakeVendor, model: str, given: dict[str, Any], sent: dict[str, Any]
) -> None:
    asked = Asked(server, vendor, model, **given)
    assert {k: v for k, v in asked.sent[0].items() if k not in ("model", "messages")} == sent
    ((name, _),) = given.items()
    assert asked.params == ({name: "translated"} if sent and name not in sent else {})


@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_has_one_name(server: ServerProcess, vendor: FakeVendor, stream: bool) -> None:
    async def naming(request: Request, wire: Wire) -> None:
        if not stream:
            whole = completion("42")
            whole["choices"][0]["message"]["reasoning"] = "hm"
            await wire.whole(whole)
            return
        await wire.begin_stream()
        for event in (chunk({"role": "assistant", "reasoning": "hm"}), chunk({"content": "42"}), chunk({}, "stop")):
            await wire.event(event)
        await wire.event("[DONE]")
        await wire.end_stream()

    asked = Asked(server, vendor, "any/m", naming, stream=stream)
    assert '"reasoning_content":"hm"' in asked.answer.text
    assert '"reasoning":' not in asked.answer.text


def thinking(finish: str = "stop") -> Behave:
    """A vendor that tells its reasoning apart from the text, in two choices where two are asked for."""

    async def behave(request: Request, wire: Wire) -> None:
        count = request.json.get("n") or 1
        if not request.json.get("stream"):
            whole = completion("42")
            (choice,) = whole["choices"]
            choice["message"]["reasoning_content"], choice["finish_reason"] = "hm", finish
            whole["choices"] = [choice | {"index": index} for index in range(count)]
            await wire.whole(whole)
            return
        await wire.begin_stream()
        for delta in ({"role": "assistant", "reasoning_content": "h"}, {"reasoning_content": "m"}, {"content": "42"}):
            for index in range(count):
                await wire.event(chunk(delta, index=index))
        for index in range(count):
            await wire.event(chunk({}, finish, index=index))
        await wire.event("[DONE]")
        await wire.end_stream()

    return behave


def said(asked: Asked, index: int = 0) -> tuple[str, str]:
    """The reasoning and the text of one choice, whole or streamed."""
    assert asked.answer.status_code == 200, asked.answer.text
    if asked.answer.headers["content-type"] == "application/json":
        messages = [choice["message"] for choice in asked.answer.json()["choices"] if choice["index"] == index]
    else:
        messages = [
            choice["delta"]
            for line in asked.answer.text.split("\n\n")
            if line.startswith("data: {")
            for choice in json.loads(line.removeprefix("data: "))["choices"]
            if choice["index"] == index
        ]
    return tuple("".join(m.get(name) or "" for m in messages) for name in ("reasoning_content", "content"))  # type: ignore[return-value]  # two names


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "n"),
    [("any/m", 1), ("any/m", 2), ("openai/o3", 1), ("deepseek/deepseek-reasoner", 2), ("groq/qwen/qwen3-32b", 1)],
)
def test_reasoning_goes_into_the_text_where_it_is_not_wanted_apart(
    server: ServerProcess, vendor: FakeVendor, model: str, n: int, stream: bool
) -> None:
    asked = Asked(server, vendor, model, thinking(), separate_reasoning=False, n=n, stream=stream)
    assert [said(asked, index) for index in range(n)] == [("", "<think>\nhm\n</think>\n\n42")] * n
    assert asked.params["separate_reasoning"] == "emulated"
    assert all("separate_reasoning" not in sent for sent in asked.sent)
    for given in ({}, {"separate_reasoning": None}, {"separate_reasoning": True}):
        assert said(Asked(server, vendor, model, thinking(), stream=stream, **given)) == ("hm", "42")


def test_reasoning_is_not_brought_into_the_text_in_strict_mode(server: ServerProcess, vendor: FakeVendor) -> None:
    strict = {"x-strict-params": "true"}
    asked = Asked(server, vendor, "any/m", thinking(), separate_reasoning=False, headers=strict)
    assert (asked.answer.status_code, asked.error["param"], asked.sent) == (400, "separate_reasoning", [])


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_in_json_keeps_its_reasoning_apart(server: ServerProcess, vendor: FakeVendor, stream: bool) -> None:
    wanted = {"type": "json_object"}
    asked = Asked(server, vendor, "any/m", thinking(), separate_reasoning=False, response_format=wanted, stream=stream)
    assert (said(asked), asked.params) == (("hm", "42"), {"separate_reasoning": "ignored"})


@pytest.mark.parametrize(
    ("provider", "served_by"),
    [("any", "any/m"), ("ANY", "any/m"), ("openai", "openai/gpt-4o"), ("auto", "openai/gpt-4o")],
)
def test_a_provider_is_pinned(server: ServerProcess, vendor: FakeVendor, provider: str, served_by: str) -> None:
    asked = Asked(server, vendor, "both", provider=provider)
    assert asked.answer.headers["x-penstock-served-by"].startswith(served_by)
    assert "provider" not in asked.sent[0]


def test_a_pinned_provider_has_no_fallback(server: ServerProcess, vendor: FakeVendor) -> None:
    async def down(request: Request, wire: Wire) -> None:
        await wire.whole({"error": {"message": "down"}}, 500)

    pinned = Asked(server, vendor, "both", down, provider="openai")
    assert {sent["model"][:6] for sent in pinned.sent} == {"gpt-4o"}
    assert {sent["model"][:6] for sent in Asked(server, vendor, "both", down).sent} == {"gpt-4o", "m"}
    assert pinned.answer.status_code == 502


def test_an_unknown_provider_is_refused_with_those_there_are(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(server, vendor, "both", provider="acme")
    assert (asked.answer.status_code, asked.error["param"], asked.sent) == (400, "provider", [])
    for name in ("'acme'", "'auto'", "'openai'", "'any'"):
        assert name in asked.error["message"]


def test_biases_of_what_is_no_token_are_ignored_and_reported(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(server, vendor, "openai/gpt-4o", logit_bias={"ANY_ADDITIONAL_PROPERTY": 1, "15": 2})
    assert asked.sent[0]["logit_bias"] == {"15": 2}
    assert asked.params == {"logit_bias.ANY_ADDITIONAL_PROPERTY": "ignored"}


def test_a_function_without_parameters_goes_out_without_null(server: ServerProcess, vendor: FakeVendor) -> None:
    function = {"name": "now", "description": "The time", "parameters": None, "required": ["a"]}
    asked = Asked(server, vendor, "openai/gpt-4o", tools=[{"type": "function", "function": function}])
    assert asked.sent[0]["tools"] == [{"type": "function", "function": {"name": "now", "description": "The time"}}]
    assert asked.params == {"tools%5B0%5D.function.required": "ignored"}


def test_of_two_maxima_the_second_wins(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(server, vendor, "openai/gpt-4o", max_tokens=5, max_completion_tokens=6)
    assert ("max_tokens" in asked.sent[0], asked.sent[0]["max_completion_tokens"]) == (False, 6)
    assert asked.params == {"max_tokens": "ignored"}


def test_a_maximum_above_the_models_is_reduced_or_refused(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(server, vendor, "small", max_tokens=101)
    assert (asked.sent[0]["max_tokens"], asked.params) == (100, {"max_tokens": "translated"})
    assert Asked(server, vendor, "small", max_tokens=100).params == {}
    refused = Asked(server, vendor, "small", max_tokens=101, context_length_exceeded_behavior="error")
    assert (refused.answer.status_code, refused.error["code"]) == (400, "integer_above_max_value")
    assert "100" in refused.error["message"]


def test_the_settings_say_what_a_model_takes(server: ServerProcess, vendor: FakeVendor) -> None:
    refused = Asked(server, vendor, "small", seed=1)
    assert (refused.answer.status_code, refused.error["param"]) == (400, "seed")
    assert Asked(server, vendor, "small", user="u").params == {"user": "ignored"}


def test_a_value_beyond_the_vendors_range_is_refused_with_the_range(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(server, vendor, "mistral/mistral-small", temperature=1.8)
    assert (asked.answer.status_code, asked.error["code"]) == (400, "decimal_above_max_value")
    assert "at most 1.5" in asked.error["message"]
    assert Asked(server, vendor, "mistral/mistral-small", temperature=1.5).answer.status_code == 200


def test_the_role_developer_where_it_is_unknown(server: ServerProcess, vendor: FakeVendor) -> None:
    messages = [{"role": "developer", "content": "Be brief"}, *HELLO]
    asked = Asked(server, vendor, "deepseek/deepseek-chat", messages=messages)
    assert [message["role"] for message in asked.sent[0]["messages"]] == ["system", "user"]
    assert asked.params == {"messages.role": "translated"}
    assert Asked(server, vendor, "openai/gpt-4o", messages=messages).sent[0]["messages"] == messages


def too_long(context: int, prompt: int) -> Behave:
    """A vendor whose model has `context` tokens, for a prompt of `prompt`, in OpenAI's words."""

    async def behave(request: Request, wire: Wire) -> None:
        asked = request.json.get("max_tokens") or 0
        if prompt + asked <= context:
            await answer(request, wire)
            return
        message = (
            f"This model's maximum context length is {context} tokens. However, you requested {prompt + asked} tokens "
            f"({prompt} in the messages, {asked} in the completion). Please reduce the length."
        )
        error = {"message": message, "type": "invalid_request_error", "param": "messages", "code": None}
        await wire.whole({"error": error}, 400)

    return behave


@pytest.mark.parametrize("stream", [False, True])
def test_a_maximum_that_does_not_fit_is_reduced_by_the_vendors_own_answer(
    server: ServerProcess, vendor: FakeVendor, stream: bool
) -> None:
    asked = Asked(server, vendor, "any/m", too_long(1000, 900), max_tokens=500, stream=stream)
    assert asked.answer.status_code == 200
    assert [sent["max_tokens"] for sent in asked.sent] == [500, 100]
    assert asked.params == {"max_tokens": "translated"}


@pytest.mark.parametrize(
    ("prompt", "more"),
    [
        (900, {"max_tokens": 500, "context_length_exceeded_behavior": "error"}),
        (900, {"max_tokens": 500, "headers": {"x-strict-params": "true"}}),
        (1001, {"max_tokens": 5}),
        (1001, {}),
    ],
)
def test_what_does_not_fit_is_refused_with_both_numbers(
    server: ServerProcess, vendor: FakeVendor, prompt: int, more: dict[str, Any]
) -> None:
    asked = Asked(server, vendor, "any/m", too_long(1000, prompt), **more)
    assert (asked.answer.status_code, asked.error["code"]) == (400, "context_length_exceeded")
    assert "1000" in asked.error["message"]
    assert str(prompt) in asked.error["message"]
    assert len(asked.sent) == 1


def saying(*texts: str, finish: str = "stop", pause_s: float = 0.0) -> Behave:
    """A vendor that says these one after another, streamed."""
    left = list(texts)

    async def behave(request: Request, wire: Wire) -> None:
        text = left.pop(0)
        await asyncio.sleep(pause_s)
        await wire.begin_stream()
        for event in (
            chunk({"role": "assistant", "content": text[:4]}),
            chunk({"content": text[4:]}),
            chunk({}, finish),
            chunk(None, usage={"prompt_tokens": 8, "completion_tokens": 10, "total_tokens": 18}),
        ):
            await wire.event(event)
        await wire.event("[DONE]")
        await wire.end_stream()

    return behave


def test_an_answer_in_json_is_asked_for_and_checked(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(server, vendor, "openai/gpt-4", saying('```json\n{"age": 36}\n```'), response_format=FORMAT)
    assert (json.loads(asked.text), asked.params) == ({"age": 36}, {"response_format": "emulated"})
    (sent,) = asked.sent
    assert "response_format" not in sent
    system, user = sent["messages"]
    assert (system["role"], user) == ("system", HELLO[0])
    assert json.dumps(SCHEMA, separators=(",", ":")) in system["content"]


def test_an_answer_that_does_not_fit_is_repaired_once(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(server, vendor, "openai/gpt-4", saying('{"age": "x"}', '{"age": 36}'), response_format=FORMAT)
    assert json.loads(asked.text) == {"age": 36}
    again = asked.sent[1]["messages"]
    assert again[-2] == {"role": "assistant", "content": '{"age": "x"}'}
    assert "age" in again[-1]["content"]
    usage = asked.answer.json()["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (16, 20, 36)


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_never_fits_is_an_error(server: ServerProcess, vendor: FakeVendor, stream: bool) -> None:
    asked = Asked(server, vendor, "openai/gpt-4", saying("no", "no"), response_format=FORMAT, stream=stream)
    assert (asked.answer.status_code, asked.error["code"]) == (502, "response_format_failed")
    assert asked.answer.headers["x-should-retry"] == "false"
    assert len(asked.sent) == 2
    record = next(r for r in server.records() if r["request_id"] == asked.answer.headers["x-request-id"])
    assert record["completion_tokens"] == 20


def test_an_emulated_answer_is_streamed_after_the_check(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(
        server,
        vendor,
        "openai/gpt-4",
        saying("no", '{"age": 36}', pause_s=0.35),
        response_format={"type": "json_object"},
        stream=True,
        stream_options={"include_usage": True},
    )
    lines = [line for line in asked.answer.text.split("\n\n") if line]
    assert lines[0].startswith(":")  # the connection is kept alive while nothing is fit to be told
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    text = "".join(choice["delta"].get("content") or "" for each in chunks for choice in each["choices"])
    assert json.loads(text) == {"age": 36}
    assert chunks[-1]["usage"]["completion_tokens"] == 20
    assert (chunks[-2]["choices"][0]["finish_reason"], lines[-1]) == ("stop", "data: [DONE]")
    assert asked.params == {"response_format": "emulated"}


def test_a_failure_after_a_long_wait_is_the_last_event(server: ServerProcess, vendor: FakeVendor) -> None:
    never = saying("no", "no", pause_s=0.35)
    asked = Asked(server, vendor, "openai/gpt-4", never, response_format=FORMAT, stream=True)
    assert asked.answer.status_code == 200
    *comments, last = [line for line in asked.answer.text.split("\n\n") if line]
    assert comments
    assert all(line.startswith(":") for line in comments)
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == "response_format_failed"


def test_strict_mode_emulates_nothing(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(server, vendor, "openai/gpt-4", response_format=FORMAT, headers={"x-strict-params": "true"})
    assert (asked.answer.status_code, asked.error["code"]) == (400, "unsupported_parameter")
    assert (asked.error["param"], asked.sent) == ("response_format", [])


def test_an_answer_that_was_cut_passes_as_it_is(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(server, vendor, "openai/gpt-4", saying('{"age": ', finish="length"), response_format=FORMAT)
    assert (asked.text, asked.answer.json()["choices"][0]["finish_reason"]) == ('{"age": ', "length")
    assert len(asked.sent) == 1


def test_choices_in_json_are_checked_one_by_one(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(
        server, vendor, "openai/gpt-4", saying(*['{"age": 1}'] * 2), response_format=FORMAT, n=2, max_tokens=9
    )
    choices = asked.answer.json()["choices"]
    assert [(c["index"], json.loads(c["message"]["content"])) for c in choices] == [(0, {"age": 1}), (1, {"age": 1})]
    assert asked.answer.json()["usage"]["completion_tokens"] == 20
    assert ["n" in sent for sent in asked.sent] == [False, False]


@pytest.mark.parametrize(
    "schema", [{"type": "nope"}, {"$ref": "http://127.0.0.1:1/x"}, {"pattern": "(?=a)", "type": "string"}]
)
def test_a_schema_that_cannot_be_checked_is_refused(
    server: ServerProcess, vendor: FakeVendor, schema: dict[str, Any]
) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    asked = Asked(server, vendor, "openai/gpt-4", response_format=wanted)
    assert (asked.answer.status_code, asked.error["code"]) == (400, "invalid_json_schema")
    assert asked.error["param"] == "response_format.json_schema.schema"
    assert asked.sent == []


def test_the_nearest_form_that_the_vendor_has_is_asked_of_it(server: ServerProcess, vendor: FakeVendor) -> None:
    asked = Asked(server, vendor, "deepseek/deepseek-chat", saying('{"age": 1}'), response_format=FORMAT)
    assert asked.sent[0]["response_format"] == {"type": "json_object"}
    assert asked.params == {"response_format": "emulated"}


def test_a_stop_that_stays_in_the_text_is_reported_where_the_vendor_takes_it_out(
    server: ServerProcess, vendor: FakeVendor
) -> None:
    headers = {"x-api-dialect": "tokensmind"}
    asked = Asked(server, vendor, "openai/gpt-4o", headers=headers, stop=["END"])
    assert (asked.sent[0]["stop"], asked.params) == (["END"], {"include_stop_str_in_output": "ignored"})
    assert "include_stop_str_in_output" in Asked(server, vendor, "served/m", headers=headers, stop=["END"]).sent[0]
