"""A local model as a provider: its calls go to llama.cpp's own HTTP server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Raw

from penstock.core.answer import Answer, Reader
from penstock.core.call import Call
from penstock.core.errors import UpstreamBroke, UpstreamError
from penstock.core.exchange import Outgoing, Reply, Target
from penstock.core.ids import new_id
from penstock.dialects.chat.assembly import Assembly
from penstock.params import Capabilities, check_strict, settle
from penstock.providers.local import body, failure, schema
from penstock.providers.local.capabilities import local_capabilities
from penstock.providers.local.endpoint import Endpoint
from penstock.providers.local.reader import LocalReader
from penstock.providers.local.tools import Mode, Tools, chosen


class Local:
    """A loaded model for one call. `endpoint` is where it listens, `make_id` makes ids of tool calls."""

    name = "local"
    fans_out = True
    takes_own_key = False

    def __init__(self, endpoint: Endpoint, make_id: Callable[[str], str] = new_id) -> None:
        self._endpoint = endpoint
        self._make_id = make_id

    def capabilities(self, model: str) -> Capabilities:
        """What the local `model` can do."""
        return local_capabilities(model, self._endpoint.context)

    def native(self, call: Call, target: Target) -> bool:
        """False: llama.cpp is always asked for a chat completion."""
        return False

    def counting(self, members: Callable[[], Mapping[str, Raw]], model: str) -> None:
        """None: its tokenizer is asked instead."""
        return

    def prepare(self, call: Call, target: Target) -> Outgoing:
        """The request to llama.cpp; notes in `call.changed` what became of parameters that are not taken as they are.

        Raises InvalidRequest for what a local model cannot do at all, UnsupportedParameter in strict mode.
        """
        tools = chosen(call)
        capabilities = self.capabilities(target.model)
        changed = settle(call.members, capabilities).changed | _changed(call, tools)
        if call.strict:
            check_strict(changed, capabilities)
        call.changed.update(changed)
        return Outgoing(
            url=self._endpoint.url + "/v1/chat/completions",
            headers=[
                ("content-type", "application/json"),
                ("authorization", f"Bearer {self._endpoint.api_key}"),
                # A connection holds a thread of llama.cpp's for as long as it is open; a new one costs nothing here.
                ("connection", "close"),
            ],
            body=msgspec.json.encode(body.build(call, tools, self._endpoint)),
            stream=True,
            trusted=True,
        )

    def read(self, reply: Reply, call: Call, target: Target) -> Answer:
        """The whole answer that the streamed `reply` adds up to. Raises UpstreamError, UpstreamBroke."""
        reader = self.reader(call, target)
        assembly = Assembly(call, target)
        for frame in [*reader.feed(reply.body), *reader.close()]:
            assembly.add(frame)
        if reader.usage is None:
            raise UpstreamBroke("the local model's answer came without counts of its tokens")
        return assembly.answer(reader.usage)

    def reader(self, call: Call, target: Target) -> Reader:
        """A reader for one streamed answer."""
        endpoint = self._endpoint
        return LocalReader(call, target, chosen(call), endpoint.context, endpoint.fingerprint, self._make_id)

    def explain(self, reply: Reply, call: Call) -> UpstreamError:
        """What an error answer means."""
        return failure.explain(reply.status, reply.body)


def _changed(call: Call, tools: Tools) -> dict[str, str]:
    """What becomes of parameters that are taken, but in a way of our own."""
    wire: Any = call.wire
    changed: dict[str, str] = {}
    choice = "tool_choice"
    if wire.functions is not None:
        choice = "function_call"
        changed["functions"] = "translated" if tools.legacy else "ignored"
        if wire.function_call is not None:
            changed["function_call"] = "translated" if tools.legacy else "ignored"
    if tools.mode is Mode.FORCED or (tools.mode is Mode.EITHER and getattr(wire, choice) is not None):
        changed[choice] = "emulated"
    if tools.mode is Mode.EITHER:
        changed["tools" if not tools.legacy else "functions"] = "emulated"
    if tools.mode in (Mode.FREE, Mode.EITHER) and not tools.parallel:
        changed["parallel_tool_calls"] = "emulated"
    if schema.may_slip(call):
        changed["response_format"] = "emulated"  # held in part, and checked
    if wire.reasoning_effort is not None:
        changed["reasoning_effort"] = "translated" if wire.reasoning_effort == "none" else "passed"
    return changed
