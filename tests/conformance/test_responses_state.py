"""The state of responses over a real server: streams that are joined again, ends that come early, restarts, kills,
several processes, projects that never meet."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conformance.responses_server import PATH, PNG, TOOL, ResponsesServer, events, parsed
from tests.conformance.responses_vendor import TEXT
from tests.server import ServerProcess, penstock
from tests.upstream import Request, Wire, chunk, completion

BEFORE = "a0 a1 a2 "
AFTER = "b0 b1 b2 "


class Paced:
    """Behaves: a chat vendor that says half of its answer, and the rest when `go` is set. `left` tells that its caller
    closed the connection before."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.left = threading.Event()
        self.halfway = threading.Event()

    async def __call__(self, request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        for word in BEFORE.split():
            await wire.event(chunk({"content": f"{word} "}))
        self.halfway.set()
        while not self.go.is_set():
            if await wire.gone(0.02):
                self.left.set()
                return
        for word in AFTER.split():
            await wire.event(chunk({"content": f"{word} "}))
        await wire.event(chunk({}, "stop"))
        await wire.event("[DONE]")
        await wire.end_stream()


class Reader:
    """Reads a stream of `server` event by event, as slowly as a test likes."""

    def __init__(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.read()
        self._lines = answer.iter_lines()
        self.done = False

    def next(self) -> dict[str, Any] | None:
        """The next event; None after the last one, where `done` tells whether the stream had its end."""
        for line in self._lines:
            if line == "data: [DONE]":
                self.done = True
            elif line.startswith("data: "):
                event: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return event
        return None

    def until(self, text: str) -> list[dict[str, Any]]:
        """The events up to the one with which the deltas make up `text`."""
        found, said = [], ""
        while said != text:
            event = self.next()
            assert event is not None, (text, said)
            found.append(event)
            said += event.get("delta", "")
        return found

    def rest(self) -> list[dict[str, Any]]:
        """All that is left, to the end."""
        found = []
        while (event := self.next()) is not None:
            found.append(event)
        assert self.done
        return found


@contextmanager
def reading(server: ServerProcess, id: str | None = None, **asked: Any) -> Iterator[Reader]:
    """A stream of a new response, or of the one with `id`, whose query is `asked` then."""
    headers = {"authorization": f"Bearer {server.key}"} | asked.pop("headers", {})
    how: dict[str, Any] = {"headers": headers, "timeout": 20}
    if id is None:
        body = {"model": "chat", "input": "Hello", "stream": True} | asked
        opened = httpx.stream("POST", server.url + PATH, json=body, **how)
    else:
        opened = httpx.stream("GET", f"{server.url}{PATH}/{id}", params={"stream": "true"} | asked, **how)
    with opened as answer:
        yield Reader(answer)


def begun(server: ResponsesServer, **asked: Any) -> tuple[str, Paced, list[dict[str, Any]]]:
    """A stream that waits halfway, whose client has left: its id, its vendor, and the events that its client saw."""
    paced = Paced()
    server.vendor.behave = paced
    with reading(server, **asked) as reader:
        seen = reader.until(BEFORE)
    return seen[0]["response"]["id"], paced, seen


def kept(server: ResponsesServer, id: str, *statuses: str, seconds: float = 15) -> dict[str, Any]:
    """The response when it has one of `statuses`."""
    end = time.monotonic() + seconds
    while True:
        answer = server.get(f"/{id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        if found["status"] in statuses:
            return found
        assert time.monotonic() < end, found["status"]
        time.sleep(0.05)


# Streams that are joined again.


def test_a_stream_is_joined_from_any_event_without_a_second_call(responding: ResponsesServer) -> None:
    id, paced, seen = begun(responding)
    under_way = responding.get(f"/{id}").json()
    assert under_way["status"] == "in_progress"
    assert under_way["output_text"] == BEFORE
    with (
        reading(responding, id) as first,
        reading(responding, id, starting_after=0) as second,
        reading(responding, id, starting_after=len(seen) - 1) as third,
        reading(responding, id, starting_after=len(seen) + 2) as fourth,  # ahead of what was said
    ):
        assert first.until(BEFORE) == seen
        assert second.until(BEFORE) == seen[1:]
        paced.go.set()
        rest = third.rest()
        whole = [*seen, *rest]
        assert first.rest() == rest
        assert second.rest() == rest
        assert fourth.rest() == whole[len(seen) + 3 :]
    assert [event["sequence_number"] for event in whole] == list(range(len(whole)))
    assert whole[-1]["type"] == "response.completed"
    assert whole[-1]["response"]["output_text"] == BEFORE + AFTER
    for after in range(-1, len(whole)):
        query = {} if after < 0 else {"starting_after": after}
        assert events(responding.get(f"/{id}", stream="true", **query)) == whole[after + 1 :]
    assert responding.get(f"/{id}").json() == whole[-1]["response"]
    assert len(responding.vendor.requests) == 1


def test_a_stored_stream_ends_a_while_after_its_client_left(tmp_path: Path) -> None:
    with ResponsesServer(tmp_path / "home", PENSTOCK_STORED__LINGER_S="0.6") as server:
        id, paced, seen = begun(server)
        assert paced.left.wait(5)
        ended = kept(server, id, "incomplete")
        assert ended["output_text"] == BEFORE
        assert ended["output"][0]["status"] == "incomplete"
        again = events(server.get(f"/{id}", stream="true"))
        assert again[: len(seen)] == seen
        assert [event["type"] for event in again[len(seen) :]] == ["response.incomplete"]
        assert again[-1]["response"] == ended
        # Who joins keeps it going, and when the last one leaves the time begins anew.
        id, paced, seen = begun(server)
        with reading(server, id, starting_after=len(seen) - 1) as joined:
            assert not paced.left.wait(1.5)
            paced.go.set()
            assert joined.rest()[-1]["type"] == "response.completed"
        id, paced, seen = begun(server)
        with reading(server, id) as joined:
            joined.until(BEFORE)
        assert paced.left.wait(5)
        assert kept(server, id, "incomplete")["output_text"] == BEFORE
        # A run in the background needs no reader.
        id, paced, seen = begun(server, background=True)
        assert not paced.left.wait(1.5)
        paced.go.set()
        assert kept(server, id, "completed")["output_text"] == BEFORE + AFTER


def test_an_unstored_stream_ends_with_its_client(responding: ResponsesServer) -> None:
    id, paced, _ = begun(responding, store=False)
    assert paced.left.wait(2)
    assert responding.get(f"/{id}").status_code == 404


def test_a_whole_answer_ends_with_its_client(responding: ResponsesServer) -> None:
    left = threading.Event()

    async def never(request: Request, wire: Wire) -> None:
        if await wire.gone(10):
            left.set()

    responding.vendor.behave = never
    with pytest.raises(httpx.ReadTimeout):
        responding.post({"model": "chat", "input": "Hello"}, PATH, timeout=0.5)
    assert left.wait(2)


def test_a_stream_that_is_deleted_under_way_is_gone(responding: ResponsesServer) -> None:
    id, paced, _ = begun(responding)
    assert responding.get(f"/{id}", method="DELETE").json() == {"id": id, "object": "response", "deleted": True}
    assert paced.left.wait(2)
    assert responding.get(f"/{id}").status_code == 404
    id, paced, _ = begun(responding, background=True)
    assert responding.get(f"/{id}", method="DELETE").status_code == 200
    assert paced.left.wait(2)
    time.sleep(0.3)  # its run has come to its end meanwhile
    assert responding.get(f"/{id}").status_code == 404


@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "deleted"}])
@pytest.mark.parametrize("background", [False, True])
def test_who_reads_what_is_deleted_is_told(
    responding: ResponsesServer, headers: dict[str, str], background: bool
) -> None:
    paced = Paced()
    responding.vendor.behave = paced
    headers = {name: f"{value}-{background}" for name, value in headers.items()}
    with reading(responding, headers=headers, background=background) as reader:
        seen = reader.until(BEFORE)
        id = seen[0]["response"]["id"]
        assert responding.get(f"/{id}", method="DELETE").status_code == 200
        (last,) = reader.rest()
    assert paced.left.wait(2)
    assert last["type"] == "response.incomplete"
    assert last["sequence_number"] == len(seen)
    assert last["response"]["status"] == "cancelled"
    assert last["response"]["output_text"] == BEFORE
    assert responding.get(f"/{id}").status_code == 404


def test_a_background_run_that_is_tried_again_has_one_stream(responding: ResponsesServer) -> None:
    async def second_time(request: Request, wire: Wire) -> None:
        if len(responding.vendor.requests) == 1:
            await wire.whole({"error": {"message": "busy"}}, 503, retry_after="0.05")
            return
        await wire.begin_stream()
        for event in (chunk({"content": TEXT}), chunk({}, "stop"), "[DONE]"):
            await wire.event(event)
        await wire.end_stream()

    responding.vendor.behave = second_time
    found = events(responding.respond(model="chat", background=True, stream=True))
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    assert found[-1]["response"]["output_text"] == TEXT


def test_what_has_ended_can_be_continued_at_once(responding: ResponsesServer) -> None:
    """Whoever hears of an end, by a stream or by a look, finds it kept."""
    for _ in range(10):
        with reading(responding, model="native", background=True) as reader:
            event = reader.next()
            assert event is not None
            id = event["response"]["id"]
            while event is not None and event["type"] != "response.completed":
                event = reader.next()
            assert responding.respond(model="native", previous_response_id=id).status_code == 200
        made = responding.response(background=True)["id"]
        while responding.get(f"/{made}").json()["status"] != "completed":
            pass
        assert responding.get(f"/{made}/cancel", method="POST").json()["status"] == "completed"
        assert responding.respond(previous_response_id=made).status_code == 200


def test_a_background_run_that_fails_says_so(responding: ResponsesServer) -> None:
    async def refused(request: Request, wire: Wire) -> None:
        await wire.whole({"error": {"message": "the vendor's words"}}, 400)

    responding.vendor.behave = refused
    made = responding.response(model="chat", background=True)
    ended = kept(responding, made["id"], "failed")
    assert "the vendor's words" in ended["error"]["message"]
    found = events(responding.get(f"/{made['id']}", stream="true"))
    assert [event["type"] for event in found[-2:]] == ["error", "response.failed"]
    # What is wrong with the request itself is said at once.
    assert responding.respond(model="nobody/knows", background=True).status_code == 404
    assert responding.respond(previous_response_id="resp_nobody_knows", background=True).status_code == 400


# Projects.


def test_another_projects_responses_are_unknown(responding: ResponsesServer) -> None:
    theirs = penstock(responding.home, "keys", "create", "--name", "t", "--project", "theirs").stdout.strip()
    conversation = responding.post({"items": [{"role": "user", "content": "Mine"}]}, "/v1/conversations").json()["id"]
    done = responding.response(conversation=conversation)["id"]
    under_way, paced, _ = begun(responding)
    in_background, background_paced, _ = begun(responding, background=True)
    headers = {"authorization": f"Bearer {theirs}"}
    for id in (done, under_way, in_background):
        same = f"resp_{'0' * len(id.removeprefix('resp_'))}"
        for method, path, query in [
            ("GET", "", {}),
            ("GET", "", {"stream": "true"}),
            ("GET", "/input_items", {}),
            ("POST", "/cancel", {}),
            ("DELETE", "", {}),
        ]:
            answer = responding.get(f"/{id}{path}", key=theirs, method=method, **query)
            unknown = responding.get(f"/{same}{path}", key=theirs, method=method, **query)
            assert answer.status_code == unknown.status_code == 404
            assert told(answer, id) == told(unknown, same)
        for path in (PATH, f"{PATH}/input_tokens"):
            answer = responding.post({"model": "chat", "input": "a", "previous_response_id": id}, path, headers=headers)
            assert answer.status_code == 400
            assert answer.json()["error"]["code"] == "previous_response_not_found"
    for path in (PATH, f"{PATH}/input_tokens"):
        body = {"model": "chat", "input": "a", "conversation": conversation}
        answer = responding.post(body, path, headers=headers)
        assert answer.status_code == 404
    assert not paced.left.is_set()
    assert not background_paced.left.is_set()
    paced.go.set()
    background_paced.go.set()
    assert kept(responding, under_way, "completed")["output_text"] == BEFORE + AFTER
    assert kept(responding, in_background, "completed")["output_text"] == BEFORE + AFTER
    assert responding.get(f"/{done}").status_code == 200


def told(answer: httpx.Response, id: str) -> str:
    """The error without what differs between two requests."""
    error = answer.json()["error"]
    error.pop("request_id")
    return json.dumps(error).replace(id, "ID")


# Bad input.

_LONG = "x" * 600
BAD: dict[str, tuple[dict[str, Any], int, str | None, str | None, str]] = {
    "both": (
        {"conversation": "conv_1", "previous_response_id": "resp_1"},
        400,
        "previous_response_id",
        "invalid_parameter_combination",
        "only one",
    ),
    "unknown previous": (
        {"previous_response_id": "resp_nobody_knows"},
        400,
        "previous_response_id",
        "previous_response_not_found",
        "resp_nobody_knows",
    ),
    "unknown conversation": ({"conversation": "conv_no"}, 404, "conversation", "conversation_not_found", "conv_no"),
    "output without call": (
        {"input": [{"type": "function_call_output", "call_id": "call_1", "output": "a"}]},
        400,
        "input[0].call_id",
        None,
        "call_1",
    ),
    "call without output": (
        {"input": [{"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}]},
        400,
        "input[0].call_id",
        None,
        "call_1",
    ),
    "15 tokens": ({"max_output_tokens": 15}, 400, "max_output_tokens", None, "16"),
    "unknown tool": ({"tools": [{"type": "time_travel"}]}, 400, "tools[0].type", None, "'web_search'"),
    "background unstored": ({"background": True, "store": False}, 400, "background", None, "store"),
    "unknown item": ({"input": [{"type": "wish"}]}, 400, "input[0].type", None, "'function_call_output'"),
    "unknown part": (
        {"input": [{"role": "user", "content": [{"type": "input_smell"}]}]},
        400,
        "input[0].content[0].type",
        None,
        "'input_text'",
    ),
    "bad image": (
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": PNG[:-20] + "!" * 20}]}]},
        400,
        "input[0].content[0].image_url",
        None,
        "base64",
    ),
    "no input": ({"input": ...}, 400, "input", "missing_required_parameter", "input"),
    "no model": ({"model": ...}, 400, "model", "missing_required_parameter", "model"),
    "unknown model": ({"model": "nobody/knows"}, 404, "model", "model_not_found", "nobody/knows"),
    "wrong type": ({"store": "yes"}, 400, "store", "invalid_type", "true or false"),
    "long metadata": ({"metadata": {"a": _LONG}}, 400, "metadata.a", "string_above_max_length", "512"),
    "choice without tools": ({"tool_choice": "required"}, 400, "tool_choice", None, "'tools'"),
    "choice of no tool": (
        {"tools": [TOOL], "tool_choice": {"type": "function", "name": "nobody"}},
        400,
        "tool_choice",
        None,
        "nobody",
    ),
    "options without stream": ({"stream_options": {}}, 400, "stream_options", None, "stream"),
    "unknown include": ({"include": ["everything"]}, 400, "include[0]", None, "reasoning.encrypted_content"),
    "top logprobs": ({"top_logprobs": 21}, 400, "top_logprobs", None, "20"),
    "hosted tool": ({"model": "chat", "tools": [{"type": "web_search"}]}, 400, "tools[0]", None, "web_search"),
    "hosted tool here": (
        {"model": "tiny", "tools": [{"type": "mcp", "server_label": "a", "server_url": "https://a.b"}]},
        400,
        None,
        None,
        "mcp",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(responding: ResponsesServer, case: str) -> None:
    more, status, param, code, words = BAD[case]
    body = {"model": "native", "input": "Hello"} | more
    body = {name: value for name, value in body.items() if value is not ...}
    for stream in (False, True):
        answer = responding.post(body | {"stream": stream} if "stream_options" not in body else body, PATH)
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert param is None or error["param"] == param
        assert code is None or error["code"] == code
        assert words in error["message"]
        assert error["request_id"] == answer.headers["x-request-id"]
    assert responding.vendor.requests == []


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), (b'{"model": "native", "input": "\xff"}', 400), (b"", 400), (b" " * (33 << 20), 413)],
)
def test_bad_bodies(responding: ResponsesServer, body: bytes, status: int) -> None:
    for path in (PATH, f"{PATH}/input_tokens"):
        answer = responding.post(body, path)
        assert answer.status_code == status, answer.text
        assert answer.json()["error"]["message"]
    assert responding.post(b"{}", PATH, headers={"content-type": "text/plain"}).status_code == 415


def test_bad_queries(responding: ResponsesServer) -> None:
    id = responding.response()["id"]
    for path, query in [
        ("/input_items", {"after": "msg_nobody_knows"}),
        ("/input_items", {"limit": 0}),
        ("/input_items", {"limit": 101}),
        ("/input_items", {"order": "sideways"}),
        ("", {"include": "everything"}),
        ("", {"stream": "maybe"}),
        ("", {"starting_after": 1}),
        ("", {"stream": "true", "starting_after": "-1"}),
        ("", {"stream": "true"}),  # it was no stream
        ("", {"colour": "blue"}),
    ]:
        answer = responding.get(f"/{id}{path}", **query)
        assert answer.status_code == 400, (path, query, answer.text)
        assert answer.json()["error"]["type"] == "invalid_request_error"
    for bad in ("nobody", "resp_" + "0" * 32, "'; DROP TABLE stored; --", "%00", "x" * 5000, "\N{SNOWMAN}"):
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("GET", "/input_items")):
            assert responding.get(f"/{bad}{path}", method=method).status_code == 404, (bad, method, path)
    assert responding.get(f"/{id}").status_code == 200


def test_only_what_runs_in_the_background_is_cancelled(responding: ResponsesServer) -> None:
    whole = responding.response()["id"]
    under_way, paced, _ = begun(responding)
    for id in (whole, under_way):
        answer = responding.get(f"/{id}/cancel", method="POST")
        assert answer.status_code == 400
        assert "background" in answer.json()["error"]["message"]
    assert not paced.left.is_set()
    paced.go.set()
    assert kept(responding, under_way, "completed")["output_text"] == BEFORE + AFTER


def test_one_that_has_not_ended_cannot_be_continued(responding: ResponsesServer) -> None:
    id, paced, _ = begun(responding)
    answer = responding.respond(previous_response_id=id)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "previous_response_not_finished"
    paced.go.set()
    kept(responding, id, "completed")
    assert responding.respond(model="tiny", max_output_tokens=16, previous_response_id=id).status_code == 200


# Restarts and kills.


def test_everything_survives_a_restart_and_a_kill(tmp_path: Path) -> None:
    with ResponsesServer(tmp_path / "home") as server:
        conversation = server.post({}, "/v1/conversations").json()["id"]
        first = server.response(input="One", conversation=conversation)
        streamed = server.streamed(model="tiny", input="Two", max_output_tokens=20)
        chain = server.response(input="Three", previous_response_id=streamed[-1]["response"]["id"])
        server.stop()
        server.start()
        assert server.get(f"/{first['id']}").json() == first
        assert events(server.get(f"/{streamed[0]['response']['id']}", stream="true")) == streamed
        assert server.get(f"/{chain['id']}/input_items").json()["data"][0]["content"][0]["text"] == "Three"
        server.response(input="Four", previous_response_id=chain["id"])
        said = [item["content"] for item in server.vendor.requests[-1].json["input"]]
        assert [part if isinstance(part, str) else part[0]["text"] for part in said] == [
            "Two",
            streamed[-1]["response"]["output_text"],
            "Three",
            TEXT,
            "Four",
        ]
        server.response(input="Five", conversation=conversation)
        assert len(server.vendor.requests[-1].json["input"]) == 3

        calls = len(server.vendor.requests)
        id, _, seen = begun(server)
        in_background, _, background_seen = begun(server, background=True)
        quiet = Paced()
        server.vendor.behave = quiet
        silent = server.response(model="chat", background=True)["id"]
        assert quiet.halfway.wait(5)
        while server.get(f"/{silent}").json()["output_text"] != BEFORE:
            time.sleep(0.02)
        unstored, _, _ = begun(server, store=False)
        server.kill()
        server.start()
        cut = kept(server, id, "incomplete")
        assert cut["output_text"] == BEFORE
        assert cut["output"][0]["status"] == "incomplete"
        again = events(server.get(f"/{id}", stream="true"))
        assert again[: len(seen)] == seen
        assert again[-1]["type"] == "response.incomplete"
        assert again[-1]["response"]["output_text"] == BEFORE
        for lost in (in_background, silent):
            failed = kept(server, lost, "failed")
            assert failed["output_text"] == BEFORE
            assert failed["error"]["code"] == "server_error"
            again = events(server.get(f"/{lost}", stream="true"))
            assert again[-1]["type"] == "response.failed"
            assert again[-1]["response"] == failed
        assert events(server.get(f"/{in_background}", stream="true"))[: len(background_seen)] == background_seen
        assert server.get(f"/{unstored}").status_code == 404
        assert len(server.vendor.requests) == calls + 4  # nothing was asked again
        # What was cut short can be continued.
        assert server.respond(model="tiny", max_output_tokens=16, previous_response_id=id).status_code == 200


def test_a_background_run_is_not_lost_when_the_server_stops(tmp_path: Path) -> None:
    with ResponsesServer(tmp_path / "home", PENSTOCK_SERVER__DRAIN_S="0.5") as server:
        id, paced, _ = begun(server, background=True)
        streaming, _, _ = begun(server)
        server.stop()
        server.start()
        failed = kept(server, id, "failed")
        assert failed["output_text"] == BEFORE
        assert "stopped" in failed["error"]["message"]
        assert kept(server, streaming, "failed", "incomplete")["output_text"] == BEFORE
        assert not paced.go.is_set()


# Several processes.


def test_two_workers_know_the_same(tmp_path: Path) -> None:
    with ResponsesServer(tmp_path / "home", PENSTOCK_SERVER__WORKERS="2") as server:

        def everywhere(ask: Callable[[], httpx.Response], status: int = 200) -> list[Any]:
            answers = [ask() for _ in range(12)]  # each over a connection of its own
            assert [answer.status_code for answer in answers] == [status] * 12, answers[0].text
            return [answer.json() for answer in answers]

        whole = server.response(input="One")
        assert everywhere(lambda: server.get(f"/{whole['id']}")) == [whole] * 12
        streamed = server.streamed(model="chat")
        id = streamed[0]["response"]["id"]
        assert everywhere(lambda: server.get(f"/{id}")) == [streamed[-1]["response"]] * 12
        for _ in range(8):
            assert events(server.get(f"/{id}", stream="true", starting_after=3)) == streamed[4:]
        everywhere(lambda: server.respond(previous_response_id=id))

        made = server.response(model="chat", background=True)
        kept(server, made["id"], "completed")
        under_way, paced, seen = begun(server)
        for found in everywhere(lambda: server.get(f"/{under_way}")):
            assert found["status"] == "in_progress"
        with ThreadPoolExecutor(8) as pool:
            joined = [pool.submit(server.get, f"/{under_way}", stream="true") for _ in range(8)]
            time.sleep(0.3)
            paced.go.set()
            streams = [events(each.result()) for each in joined]
        assert streams == [streams[0]] * 8
        assert streams[0][: len(seen)] == seen
        assert streams[0][-1]["response"]["output_text"] == BEFORE + AFTER

        assert server.get(f"/{whole['id']}", method="DELETE").status_code == 200
        everywhere(lambda: server.get(f"/{whole['id']}"), 404)

        # Whichever of them is asked, the one that runs it ends it.
        for _ in range(4):
            runs, _, _ = begun(server, background=True)
            cancelled = server.get(f"/{runs}/cancel", method="POST")
            assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled"), cancelled.text
            assert cancelled.json()["output_text"] == BEFORE
            runs, _, _ = begun(server)
            assert server.get(f"/{runs}", method="DELETE").status_code == 200
            everywhere(lambda id=runs: server.get(f"/{id}"), 404)


def test_a_keyed_stream_goes_on_for_those_who_read_it_by_its_id(tmp_path: Path) -> None:
    with ResponsesServer(tmp_path / "home", PENSTOCK_STORED__LINGER_S="1") as server:
        id, paced, seen = begun(server, headers={"idempotency-key": "a"})
        with reading(server, id, starting_after=len(seen) - 1) as joined:
            assert not paced.left.wait(3)
            paced.go.set()
            assert joined.rest()[-1]["response"]["output_text"] == BEFORE + AFTER
        id, paced, seen = begun(server, headers={"idempotency-key": "b"})
        assert paced.left.wait(5)
        assert kept(server, id, "incomplete", "failed")["output_text"] == BEFORE


def test_what_another_process_runs_is_followed_as_it_goes(tmp_path: Path) -> None:
    with ResponsesServer(tmp_path / "home", PENSTOCK_STORED__LINGER_S="2") as server:
        config = (server.home / "penstock.toml").read_text()
        with ServerProcess(server.home, config) as other:
            id, paced, seen = begun(server)
            with reading(other, id, starting_after=1) as joined:
                assert [joined.next() for _ in seen[2:]] == seen[2:]
                assert not paced.left.wait(4)  # it does not end for want of readers
                paced.go.set()
                assert joined.rest()[-1]["response"]["output_text"] == BEFORE + AFTER
            id, paced, seen = begun(server)
            with reading(other, id) as joined:
                joined.until(BEFORE)
            assert paced.left.wait(10)
            assert kept(server, id, "incomplete")["output_text"] == BEFORE


# Truncation.


def test_truncation_leaves_out_the_oldest_and_keeps_the_instructions(responding: ResponsesServer) -> None:
    turns: list[dict[str, Any]] = [{"role": "system", "content": "Be brief"}]
    for number in range(40):
        turns += [
            {"role": "user", "content": f"{number} " + "word " * 40},
            {"role": "assistant", "content": "yes " * 10},
        ]
    turns.append({"role": "user", "content": "And now?"})
    asked = {"model": "tiny", "input": turns, "max_output_tokens": 16}
    refused = responding.respond(**asked)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "context_length_exceeded"
    answer = responding.respond(truncation="auto", **asked)
    assert answer.status_code == 200, answer.text
    assert answer.json()["truncation"] == "auto"
    assert 1000 < answer.json()["usage"]["input_tokens"] < 4096
    assert "truncation=emulated" in answer.headers["x-penstock-params"]
    kept_input = responding.get(f"/{answer.json()['id']}/input_items", limit=100).json()
    assert len(kept_input["data"]) == len(turns)  # what was asked is kept whole
    follows = responding.respond(
        model="tiny", input="More", previous_response_id=answer.json()["id"], truncation="auto", max_output_tokens=16
    )
    assert follows.status_code == 200
    # One message that does not fit by itself cannot be made to.
    too_long = responding.respond(model="tiny", input="word " * 6000, truncation="auto", max_output_tokens=16)
    assert too_long.status_code == 400
    assert too_long.json()["error"]["code"] == "context_length_exceeded"


# Whole and streamed.

SCHEMA = {"type": "object", "properties": {"a": {"enum": ["x", "y"]}}, "required": ["a"], "additionalProperties": False}


@pytest.mark.parametrize(
    "asked",
    [
        {"temperature": 0},
        {"seed": 7, "temperature": 1.0},
        {"model": "thinking", "seed": 3},
        {"seed": 1, "include": ["message.output_text.logprobs"], "top_logprobs": 2},
        {"temperature": 0, "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}}},
        {"seed": 2, "tools": [TOOL], "tool_choice": "required"},
        {"seed": 2, "stop": ["A"]},
    ],
)
def test_whole_and_streamed_are_the_same(responding: ResponsesServer, asked: dict[str, Any]) -> None:
    asked = {"model": "tiny", "max_output_tokens": 40} | asked
    whole = responding.response(**asked)
    streamed = responding.streamed(**asked)
    last = streamed[-1]["response"]
    assert plain(last) == plain(whole)
    assert plain(responding.get(f"/{last['id']}").json()) == plain(whole)


def plain(response: dict[str, Any]) -> dict[str, Any]:
    """A response without ids, and without its times and what of the input the engine had seen before."""
    found = json.loads(json.dumps(response))
    found["usage"]["input_tokens_details"].pop("cached_tokens")
    for name in ("id", "created_at", "completed_at"):
        found.pop(name)
    for item in found["output"]:
        item.pop("id")
        item.pop("call_id", None)
    return dict(found)


# Idempotency.


def test_a_key_makes_one_response(responding: ResponsesServer) -> None:
    headers = {"idempotency-key": "whole"}
    first = responding.respond(headers=headers)
    again = responding.respond(headers=headers)
    assert again.content == first.content
    assert again.headers["x-inference-id"] == first.headers["x-inference-id"] == first.json()["id"]
    assert len(responding.vendor.requests) == 1
    other = responding.respond(headers=headers, input="Another")
    assert other.status_code == 409
    assert other.json()["error"]["code"] == "idempotency_key_reused"
    assert other.headers["x-should-retry"] == "false"
    assert responding.get(f"/{first.json()['id']}").json() == first.json()


def test_a_key_makes_one_stream(responding: ResponsesServer) -> None:
    headers = {"idempotency-key": "stream"}
    first = responding.respond(headers=headers, stream=True)
    again = responding.respond(headers=headers, stream=True)
    assert again.content == first.content
    assert events(again)[-1]["type"] == "response.completed"
    assert len(responding.vendor.requests) == 1
    id = events(again)[0]["response"]["id"]
    assert events(responding.get(f"/{id}", stream="true")) == events(first)


def test_a_key_makes_one_run_in_the_background(responding: ResponsesServer) -> None:
    headers = {"idempotency-key": "background"}
    first = responding.respond(headers=headers, background=True).json()
    again = responding.respond(headers=headers, background=True).json()
    assert again == first
    assert kept(responding, first["id"], "completed")["output_text"] == TEXT
    assert responding.respond(headers=headers, background=True).json() == first
    streamed = {"headers": {"idempotency-key": "background-stream"}, "background": True, "stream": True}
    stream = responding.respond(**streamed)
    assert responding.respond(**streamed).content == stream.content
    assert len(responding.vendor.requests) == 2


def test_a_stream_with_a_key_is_joined_while_its_client_reads(responding: ResponsesServer) -> None:
    paced = Paced()
    responding.vendor.behave = paced
    headers = {"idempotency-key": "joined"}
    with reading(responding, headers=headers) as first:
        seen = first.until(BEFORE)
        id = seen[0]["response"]["id"]
        with reading(responding, headers=headers) as again, reading(responding, id) as by_id:
            assert again.until(BEFORE) == seen
            assert by_id.until(BEFORE) == seen
            paced.go.set()
            rest = first.rest()
            assert again.rest() == rest
            assert by_id.rest() == rest
    assert len(responding.vendor.requests) == 1


def test_a_failed_call_frees_its_key(responding: ResponsesServer) -> None:
    async def second_time(request: Request, wire: Wire) -> None:
        if len(responding.vendor.requests) == 1:
            await wire.whole({"error": {"message": "no"}}, 400)
        else:
            await wire.whole(completion())

    responding.vendor.behave = second_time
    headers = {"idempotency-key": "failed"}
    assert responding.respond(model="chat", headers=headers).status_code == 400
    assert responding.respond(model="chat", headers=headers).status_code == 200
    assert len(responding.vendor.requests) == 2


def test_parsed_streams_are_whole() -> None:
    """The reader of these tests finds a gap, and an end that is missing."""
    frame = 'event: a\ndata: {"type": "a", "sequence_number": %d}\n\n'
    assert len(parsed(frame % 0 + frame % 1 + "data: [DONE]\n\n")) == 2
    for text in (frame % 0 + frame % 2 + "data: [DONE]\n\n", frame % 0):
        with pytest.raises((AssertionError, ValueError)):
            parsed(text)
