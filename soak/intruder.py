"""A project that tries ids of another: each must be answered as one that nobody has."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any, NamedTuple

from soak.tenant import Tenant

_RANDOM = re.compile("[0-9a-f]{16,32}")


class Attempt(NamedTuple):
    """A request with ID where an id of the other goes, and the status that it must be answered with."""

    method: str
    path: str
    expected: int
    body: Any = None


class Intruder:
    """`own` tries what is `other`'s."""

    def __init__(self, own: Tenant, other: Tenant) -> None:
        self._own, self._other = own, other
        own.foreign = other.mark.encode()

    async def step(self) -> None:
        """Makes one attempt with an id of the other's, and the same with one that nobody has."""
        own = self._own
        kinds = [(ids, attempts) for ids, attempts in self._all() if ids]
        if not kinds:
            return
        ids, attempts = own.draw.choice(kinds)
        id, attempt = own.draw.choice(ids), own.draw.choice(attempts)
        made_up = _RANDOM.sub(lambda found: secrets.token_hex(len(found[0]) // 2), id)
        answers = []
        for tried in (id, made_up):
            path = attempt.path.replace("ID", tried)
            body = _filled(attempt.body, tried)
            answer = await own.ask(attempt.method, path, body, attempt.expected)
            answers.append(answer.body.replace(tried.encode(), b"ID").replace(answer.request_id.encode(), b"req"))
        own.intruded += 1
        what = f"{attempt.method} {attempt.path} {attempt.body or ''} with {id}"
        own.expect(answers[0] == answers[1], f"{what}, unlike one that nobody has", f"{answers[0]!r}, {answers[1]!r}")

    def _all(self) -> Iterator[tuple[list[str], list[Attempt]]]:
        own, other = self._own, self._other
        responses = list(other.responses)
        if other.live is not None and "x-inference-id" in other.live.headers:
            responses += [other.live.headers["x-inference-id"]] * (1 + len(responses) // 4)
        yield responses, _RESPONSES
        yield list(other.completions), _COMPLETIONS
        yield list(other.conversations), _CONVERSATIONS
        yield [other.mark], _LABELS
        items = [id for items in other.conversations.values() for id in items]
        yield items, [_REFERENCE, *self._of_items(own)]

    def _of_items(self, own: Tenant) -> Iterator[Attempt]:
        for id in list(own.conversations)[:1]:
            yield Attempt("GET", f"/v1/conversations/{id}/items/ID", 404)
            yield Attempt("DELETE", f"/v1/conversations/{id}/items/ID", 404)
            yield Attempt("GET", f"/v1/conversations/{id}/items?after=ID", 400)
        for id in list(own.responses)[:1]:
            yield Attempt("GET", f"/v1/responses/{id}/input_items?after=ID", 400)
        for id in list(own.completions)[:1]:
            yield Attempt("GET", f"/v1/chat/completions/{id}/messages?after=ID", 400)


def _filled(value: Any, id: str) -> Any:
    if isinstance(value, dict):
        return {name: _filled(inner, id) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, id) for inner in value]
    return id if value == "ID" else value


_ASK = {"model": "v/echo", "input": "What did they say?"}
_RESPONSES = [
    Attempt("GET", "/v1/responses/ID", 404),
    Attempt("GET", "/v1/responses/ID?stream=true", 404),
    Attempt("GET", "/v1/responses/ID?stream=true&starting_after=1", 404),
    Attempt("GET", "/v1/responses/ID/input_items", 404),
    Attempt("POST", "/v1/responses/ID/cancel", 404),
    Attempt("DELETE", "/v1/responses/ID", 404),
    Attempt("POST", "/v1/responses", 400, _ASK | {"previous_response_id": "ID"}),
    Attempt("POST", "/v1/responses", 400, _ASK | {"previous_response_id": "ID", "stream": True}),
    Attempt("POST", "/v1/responses", 400, _ASK | {"previous_response_id": "ID", "background": True}),
    Attempt("POST", "/v1/responses/input_tokens", 400, _ASK | {"previous_response_id": "ID"}),
    Attempt("GET", "/v1/chat/completions?after=ID", 400),
]
_COMPLETIONS = [
    Attempt("GET", "/v1/chat/completions/ID", 404),
    Attempt("POST", "/v1/chat/completions/ID", 404, {"metadata": {"taken": "yes"}}),
    Attempt("DELETE", "/v1/chat/completions/ID", 404),
    Attempt("GET", "/v1/chat/completions/ID/messages", 404),
    Attempt("GET", "/v1/chat/completions?after=ID", 400),
    Attempt("GET", "/v1/chat/completions?after=ID&order=desc&metadata[shade]=dark", 400),
    Attempt("GET", "/v1/responses/ID", 404),
]
_CONVERSATIONS = [
    Attempt("GET", "/v1/conversations/ID", 404),
    Attempt("POST", "/v1/conversations/ID", 404, {"metadata": {"taken": "yes"}}),
    Attempt("DELETE", "/v1/conversations/ID", 404),
    Attempt("GET", "/v1/conversations/ID/items", 404),
    Attempt("POST", "/v1/conversations/ID/items", 404, {"items": [{"role": "user", "content": "I was here"}]}),
    Attempt("POST", "/v1/responses", 404, _ASK | {"conversation": "ID"}),
    Attempt("POST", "/v1/responses", 404, _ASK | {"conversation": {"id": "ID"}, "stream": True}),
    Attempt("POST", "/v1/responses/input_tokens", 404, _ASK | {"conversation": "ID"}),
]
_REFERENCE = Attempt("POST", "/v1/responses", 400, _ASK | {"input": [{"type": "item_reference", "id": "ID"}]})
_LABELS = [
    Attempt("GET", "/v1/chat/completions?metadata[own]=ID", 200),
    Attempt("GET", "/v1/chat/completions?metadata[own]=ID&metadata[shade]=dark&order=desc", 200),
    Attempt("GET", "/v1/chat/completions/export?metadata[own]=ID", 200),
]
