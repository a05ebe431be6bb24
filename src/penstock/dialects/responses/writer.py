"""Writes a response: its events as they are sent, and the response itself as it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

import msgspec

from penstock.core.errors import PenstockError
from penstock.core.usage import Usage
from penstock.dialects.profiles import Profile
from penstock.dialects.responses.chat_output import ChatOutput
from penstock.dialects.responses.events import Event, Sender
from penstock.dialects.responses.failure import error_event, response_error
from penstock.dialects.responses.fold import output_text
from penstock.dialects.responses.items_out import OPEN_REASONING, REASONING
from penstock.dialects.responses.native_output import NativeOutput
from penstock.dialects.responses.usage import usage_object

_CUT: Final = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""Finish reasons of chat that leave a response incomplete, and what it says then."""

_TIERS: Final = frozenset({"auto", "default", "flex", "scale", "priority", "fast", "ultrafast"})


class ResponseWriter:
    """One response, from chunks of chat (`chunk`), from events of a vendor's own (`native`), or from a whole answer.

    `resource` is the response before anything is known of the answer: every member of it but `output`, `output_text`,
    and what tells how it ended, stays. `new_id` makes ids of items and calls from their prefix. `logprobs`: those of
    chat are passed on. `obfuscation`: every event with a delta is filled up to a multiple of 16 bytes, unless the
    request's `stream_options.include_obfuscation` is false; events of a vendor's own stay as they are.

    `start` comes first, and `finish` or `fail` last; each gives the events to send.
    """

    def __init__(
        self,
        resource: Mapping[str, Any],
        *,
        new_id: Callable[[str], str],
        profile: Profile,
        logprobs: bool,
        obfuscation: bool = True,
    ) -> None:
        self._resource = dict(resource)
        self._sender = Sender(new_id("") if obfuscation else "")
        reasoning = OPEN_REASONING if profile.name == "openresponses" else REASONING
        self._chat = ChatOutput(self._sender, new_id, reasoning=reasoning, logprobs=logprobs)
        self._reasoning = reasoning
        self._is_native = False
        self._output: Callable[[], list[dict[str, Any]]] = self._chat.items

    @cached_property
    def _native(self) -> NativeOutput:
        return NativeOutput(self._sender, str(self._resource["id"]), reasoning=self._reasoning)

    @property
    def response(self) -> dict[str, Any]:
        """The response as it stands."""
        output = self._output()
        return {**self._resource, "output": output, "output_text": output_text(output)}

    def json(self) -> bytes:
        """The JSON of the response as it stands."""
        return msgspec.json.encode(self.response)

    def start(self, *, queued: bool = False) -> list[Event]:
        """The first events; of a response that waits for its turn, that it does, too."""
        for name in ("created", "queued", "in_progress") if queued else ("created", "in_progress"):
            self._resource["status"] = "queued" if queued and name != "in_progress" else "in_progress"
            self._sender.send(f"response.{name}", self._told)
        return self._sender.take()

    def chunk(self, data: bytes) -> list[Event]:
        """The events of one `chat.completion.chunk`. Raises UpstreamBroke where the answer is over 64 MiB, or goes on
        with a tool call that had ended."""
        self._chat.chunk(data)
        return self._sender.take()

    def native(self, data: bytes) -> list[Event]:
        """The events of one event of a vendor's stream; none of its beginning and its end, which are ours to tell.
        Raises UpstreamBroke where the answer is over 64 MiB."""
        self._be_native()
        self._native.event(data)
        return self._sender.take()

    def finish(self, usage: Usage | None, *, completed_at: int | None = None) -> list[Event]:
        """The last events: what is open ends, and the response is completed (at `completed_at`, a Unix time in
        seconds) or, where the answer was cut by a limit or a filter, incomplete."""
        if self._is_native:
            outcome = self._native.outcome(usage)
        else:
            cut = _CUT.get(self._chat.finish_reason or "")
            self._chat.finish(cut=cut is not None)
            outcome = {
                "status": "incomplete" if cut else "completed",
                "incomplete_details": {"reason": cut} if cut else None,
                "usage": usage_object(usage) if usage is not None else None,
            }
            if self._chat.service_tier in _TIERS:
                outcome["service_tier"] = self._chat.service_tier
        outcome["completed_at"] = completed_at if outcome["status"] == "completed" else None
        self._resource |= outcome
        self._sender.send(f"response.{outcome['status']}", self._told)
        return self._sender.take()

    def fail(self, error: PenstockError | None, *, status: str = "failed", usage: Usage | None = None) -> list[Event]:
        """The last events of a response that ends before its answer does, with what was received of it.

        `status` "failed" sends `error` as an event and in the response; "cancelled" and "incomplete" are no errors:
        they send `response.incomplete` alone.
        """
        if self._is_native:
            self._output = self._native.unfinished
        else:
            self._chat.break_off()
        self._resource |= {"status": status, "completed_at": None, "incomplete_details": None}
        if usage is not None:
            self._resource["usage"] = usage_object(usage)
        if error is not None and status == "failed":
            told = error_event(error)
            self._sender.send("error", lambda: told)
            self._resource["error"] = response_error(error)
        name = "failed" if status == "failed" else "incomplete"
        self._sender.send(f"response.{name}", self._told)
        return self._sender.take()

    def whole(self, answer: bytes, usage: Usage | None, *, completed_at: int | None = None) -> None:
        """Takes a whole chat completion; `response` is its response then, the same as that of its chunks."""
        self._sender.quiet = True
        self._chat.whole(answer)
        self.finish(usage, completed_at=completed_at)

    def whole_native(self, answer: bytes, usage: Usage | None, *, completed_at: int | None = None) -> None:
        """Takes a vendor's whole response; `response` is ours then."""
        self._sender.quiet = True
        self._be_native()
        self._native.whole(answer)
        self.finish(usage, completed_at=completed_at)

    def _told(self) -> dict[str, Any]:
        return {"response": self.response}

    def _be_native(self) -> None:
        self._is_native = True
        self._output = self._native.items
