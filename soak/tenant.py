"""One project that knows all that it has, and holds every answer against that."""

from __future__ import annotations

import asyncio
import json
import random
import re
from typing import Any
from urllib.parse import urlencode

import msgspec

from soak.client import Answer, Client
from soak.speech import BETWEEN, numerals

_ID = re.compile(rb"\b(?:resp_|conv_|chatcmpl-|msg_)[0-9a-f]{32}")
_SHARED = "What both say is kept once for each of them. " * 40
_MOST = 40  # objects of a kind: then some go
_LONGEST_CHAIN = 4
_PAGES = (1, 3, 20, 100)
_KEYS = 20
_LIVE = "v/count-20-50"
_PATIENCE_S = 30.0


class Response(msgspec.Struct):
    """A response as it was told, with the texts of users that it answers, and the ids of those before it."""

    told: dict[str, Any]
    texts: list[str]
    before: tuple[str, ...] = ()
    events: list[bytes] | None = None


class Completion(msgspec.Struct):
    """A stored chat completion."""

    model: str
    text: str
    metadata: dict[str, str]


class Tenant:
    """`mark` is in every text of its own. `told` has what ids it was told, and by what; `wrong` what was wrong."""

    def __init__(self, client: Client, mark: str, draw: random.Random) -> None:
        self.client, self.mark, self.draw = client, mark, draw
        self.foreign = b""  # what must be in no answer
        self.asked = self.intruded = 0
        self.told: dict[bytes, str] = {}
        self.wrong: list[str] = []
        self.responses: dict[str, Response] = {}
        self.completions: dict[str, Completion] = {}
        self.conversations: dict[str, dict[str, str]] = {}  # by id, the texts of items by their ids
        self.live: Answer | None = None
        self._task: asyncio.Task[Answer] | None = None
        self._replays: dict[str, bytes] = {}

    async def step(self) -> None:
        """Does something with what is its own."""
        kinds = (self._respond, self._respond, self._complete, self._complete, self._read, self._list, self._list)
        more = (self._converse, self._converse, self._change, self._delete, self._export, self._repeat, self._stream)
        await self.draw.choice((*kinds, *more))()

    async def close(self) -> None:
        """Looks at everything once more: what the other did to it must have changed nothing."""
        await self._end_stream()
        for id in self.responses:
            await self._read_response(id)
        for id in self.conversations:
            await self._read_conversation(id)
        await self._list_all({}, {}, None, descending=False)
        await self.client.close()

    async def ask(self, method: str, path: str, body: Any = None, expected: int = 200, **headers: str) -> Answer:
        """One request, and what holds for every answer."""
        sent = b"" if body is None else json.dumps(body).encode()
        self.asked += 1
        answer = await self.client.send(method, path, sent, None, _PATIENCE_S, **headers)
        what = f"{method} {path} {sent[:300].decode()}"
        self.look(what, path.encode() + sent, answer)
        self.expect(
            answer.received and answer.status == expected, what, f"{answer.status} {answer.trouble or ''}", answer
        )
        return answer

    def look(self, what: str, sent: bytes, answer: Answer) -> None:
        """Notes the ids in `answer` that were not in what was `sent`; the other's mark must not be there."""
        known = set(_ID.findall(sent))
        for id in _ID.findall(answer.body):
            if id not in known:
                self.told.setdefault(id, what)
        if self.foreign and self.foreign in answer.body and self.foreign not in sent:
            self.wrong.append(f"{what} tells what the other said: {answer.body[:500]!r}")

    def expect(self, holds: bool, what: str, got: str, answer: Answer | None = None) -> None:
        """Notes something wrong unless `holds`."""
        if not holds:
            self.wrong.append(f"{what}: {got} {answer.body[:300] if answer else b''!r}")

    async def _respond(self) -> None:
        text = self._text()
        body: dict[str, Any] = {"model": f"v/echo~{self.draw.randrange(3)}", "input": text}
        body |= {"metadata": {"own": self.mark}, "stream": self.draw.random() < 0.5}
        texts, expected = [text], 200
        before: tuple[str, ...] = ()
        conversation: str | None = None
        link = self.draw.random()
        if link < 0.4 and self.responses:
            id = self.draw.choice(list(self.responses))
            previous = self.responses[id]
            if len(previous.before) >= _LONGEST_CHAIN:
                return
            body["previous_response_id"] = id
            before = (*previous.before, id)
            texts = [*previous.texts, text]
            expected = 200 if all(one in self.responses for one in before) else 400
        elif link < 0.6 and self.conversations:
            conversation = self.draw.choice(list(self.conversations))
            body["conversation"] = conversation
            texts = [said for said in self.conversations[conversation].values() if said] + [text]
        answer = await self.ask("POST", "/v1/responses", body, expected)
        if expected != 200 or answer.status != 200:
            return
        response = answer.events[-1]["response"] if body["stream"] else json.loads(answer.body)
        self.expect(response["output_text"] == BETWEEN.join(texts), f"a response to {texts}", response["output_text"])
        events = answer.data if body["stream"] else None
        self.responses[response["id"]] = Response(response, texts, before, events)
        if conversation is not None:
            del self.responses[response["id"]].texts[:-1]
            await self._take_conversation(conversation, [text, ""])

    async def _complete(self) -> None:
        text = self._text()
        metadata = {"own": self.mark, "shade": self.draw.choice(("light", "dark")), "n": str(self.draw.randrange(4))}
        messages = [{"role": "user", "content": text}]
        body: dict[str, Any] = {"model": f"v/echo~{self.draw.randrange(3)}", "messages": messages}
        body |= {"store": True, "metadata": metadata, "stream": self.draw.random() < 0.5}
        answer = await self.ask("POST", "/v1/chat/completions", body)
        if answer.status == 200:
            self.expect(answer.text == text, f"a completion of {text}", answer.text)
            told = answer.events[0] if answer.streamed else json.loads(answer.body)
            self.completions[told["id"]] = Completion(told["model"], text, metadata)

    async def _read(self) -> None:
        if self.responses and self.draw.random() < 0.5:
            await self._read_response(self.draw.choice(list(self.responses)))
        elif self.completions:
            id, known = self.draw.choice(list(self.completions.items()))
            found = json.loads((await self.ask("GET", f"/v1/chat/completions/{id}")).body)
            self.expect(found.get("metadata") == known.metadata, f"the metadata of {id}", str(found))
            listed = json.loads((await self.ask("GET", f"/v1/chat/completions/{id}/messages")).body)
            said = [message["content"] for message in listed.get("data", [])]
            self.expect(said == [known.text], f"the messages of {id}", str(said))

    async def _read_response(self, id: str) -> None:
        known = self.responses[id]
        found = json.loads((await self.ask("GET", f"/v1/responses/{id}")).body)
        self.expect(found == known.told, f"{id}, told as {known.told}", str(found))
        listed = json.loads((await self.ask("GET", f"/v1/responses/{id}/input_items")).body)
        said = [item["content"][0]["text"] for item in listed.get("data", [])]
        self.expect(said == known.texts[-1:], f"the input of {id}", str(said))
        if known.events is not None:
            again = (await self.ask("GET", f"/v1/responses/{id}?stream=true")).data
            self.expect(again == known.events, f"the stream of {id}", str(again))

    async def _list(self) -> None:
        filters = {}
        for name, values in (("shade", ("light", "dark")), ("n", ("0", "1", "2", "3")), ("own", (self.mark,))):
            if self.draw.random() < 0.4:
                filters[name] = self.draw.choice(values)
        model = {"model": self.draw.choice(list(self.completions.values())).model} if self.completions else {}
        after = self.draw.choice(list(self.completions)) if self.completions and self.draw.random() < 0.3 else None
        query = model if self.draw.random() < 0.3 else {}
        await self._list_all(query, filters, after, descending=self.draw.random() < 0.5)

    async def _list_all(
        self, query: dict[str, str], filters: dict[str, str], after: str | None, *, descending: bool
    ) -> None:
        ids = sorted(self._filtered(query.get("model"), filters), reverse=descending)
        if after is not None:
            ids = [id for id in ids if (id < after if descending else id > after)]
        found: list[str] = []
        more = True
        fixed = {**query, "limit": str(self.draw.choice(_PAGES)), "order": "desc" if descending else "asc"}
        fixed |= {f"metadata[{name}]": value for name, value in filters.items()}
        while more and len(found) <= len(ids):
            here = fixed | ({"after": after} if after else {})
            answer = await self.ask("GET", f"/v1/chat/completions?{urlencode(here)}")
            if answer.status != 200:
                return
            page = json.loads(answer.body)
            found += [completion["id"] for completion in page["data"]]
            more, after = page["has_more"], page["last_id"]
        self.expect(found == ids, f"the list of {fixed}, which should be {ids}", str(found))

    def _filtered(self, model: str | None, filters: dict[str, str]) -> list[str]:
        of_model = {id: known for id, known in self.completions.items() if model in (None, known.model)}
        return [id for id, known in of_model.items() if filters.items() <= known.metadata.items()]

    async def _export(self) -> None:
        filters = {"shade": "dark"} if self.draw.random() < 0.5 else {}
        query = urlencode({f"metadata[{name}]": value for name, value in filters.items()})
        answer = await self.ask("GET", f"/v1/chat/completions/export?{query}")
        said = [json.loads(line)["messages"][0]["content"] for line in answer.body.splitlines()]
        texts = [self.completions[id].text for id in sorted(self._filtered(None, filters))]
        self.expect(said == texts, f"an export of {filters}", f"{len(said)} lines, not {len(texts)}")

    async def _converse(self) -> None:
        texts = [self._text() for _ in range(self.draw.randrange(4))]
        items = [{"type": "message", "role": "user", "content": text} for text in texts]
        if not self.conversations or self.draw.random() < 0.3:
            body = {"items": items, "metadata": {"own": self.mark}}
            answer = await self.ask("POST", "/v1/conversations", body)
            if answer.status != 200:
                return
            id = json.loads(answer.body)["id"]
            self.conversations[id] = {}
        else:
            id = self.draw.choice(list(self.conversations))
            if texts:
                await self.ask("POST", f"/v1/conversations/{id}/items", {"items": items})
        await self._take_conversation(id, texts)

    async def _take_conversation(self, id: str, texts: list[str]) -> None:
        """Reads a conversation to which `texts` were added; "" stands for one that is not a user's."""
        listed = await self._items(id)
        known = self.conversations[id]
        ids = [item["id"] for item in listed]
        self.expect(ids[: len(known)] == list(known), f"the items of {id}, before {list(known)}", str(ids))
        self.conversations[id] = {item["id"]: _said(item) for item in listed}
        said = list(self.conversations[id].values())[len(known) :]
        self.expect(said == texts, f"what was added to {id}, {texts}", str(said))

    async def _read_conversation(self, id: str) -> None:
        await self._take_conversation(id, [])

    async def _items(self, id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        more, after = True, ""
        while more:
            answer = await self.ask("GET", f"/v1/conversations/{id}/items?order=asc&limit=100{after}")
            if answer.status != 200:
                return found
            page = json.loads(answer.body)
            found += page["data"]
            more, after = page["has_more"], f"&after={page['last_id']}"
        return found

    async def _change(self) -> None:
        if self.completions:
            id = self.draw.choice(list(self.completions))
            metadata = {"own": self.mark, "shade": "dark", "n": str(self.draw.randrange(4))}
            await self.ask("POST", f"/v1/chat/completions/{id}", {"metadata": metadata})
            self.completions[id].metadata = metadata

    async def _delete(self) -> None:
        known: dict[str, dict[str, Any]] = {
            "responses": self.responses,
            "chat/completions": self.completions,
            "conversations": self.conversations,
        }
        for kind, its in known.items():
            for id in self.draw.sample(list(its), max(len(its) - _MOST, 1) if its else 0):
                await self.ask("DELETE", f"/v1/{kind}/{id}")
                await self.ask("GET", f"/v1/{kind}/{id}", expected=404)
                del its[id]
        for id, items in self.conversations.items():
            if items and self.draw.random() < 0.2:
                item = self.draw.choice(list(items))
                await self.ask("DELETE", f"/v1/conversations/{id}/items/{item}")
                del items[item]

    async def _repeat(self) -> None:
        """The same names of keys as the other uses, each with a body of its own."""
        name = f"both-use-this-{self.draw.randrange(_KEYS)}"
        body = {"model": "v/echo~0", "messages": [{"role": "user", "content": f"{self.mark} {name}"}]}
        answer = await self.ask("POST", "/v1/chat/completions", body, idempotency_key=name)
        first = self._replays.setdefault(name, answer.body)
        self.expect(answer.body == first, f"the second answer for {name}", str(answer.body))

    async def _stream(self) -> None:
        """A stored stream that goes on meanwhile."""
        if self._task is not None and not self._task.done():
            return
        await self._end_stream()
        body = json.dumps({"model": f"{_LIVE}~{self.mark}", "input": self.mark, "stream": True}).encode()
        self.live = Answer("live")
        self.asked += 1
        self._task = asyncio.create_task(self.client.send("POST", "/v1/responses", body, self.live, _PATIENCE_S))

    async def _end_stream(self) -> None:
        if self._task is None:
            return
        answer = await self._task
        self.look("a stream", b"", answer)
        said = answer.events[-1]["response"]["output_text"] if answer.done else ""
        self.expect(said == "".join(numerals(20)), "a stream", f"{answer.status} {answer.trouble} {said}", answer)
        self._task = self.live = None

    def _text(self) -> str:
        shared = _SHARED if self.draw.random() < 0.2 else ""
        return f"{self.mark} {self.draw.randrange(1 << 30)} {shared}".rstrip()


def _said(item: dict[str, Any]) -> str:
    return item["content"][0]["text"] if item["role"] == "user" else ""
