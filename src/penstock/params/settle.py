"""Settles the parameters of a request against what its target can do: native, translated, emulated, ignored, passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from penstock.core.errors import InvalidRequest, UnsupportedParameter
from penstock.params.capabilities import LIMITS, OURS, Capabilities, Parameter, Support
from penstock.params.effort import SAMPLED, ByEffort
from penstock.params.thinking import nearest, separated, switched

_ASKS_NOTHING: Final[Mapping[str, tuple[Any, ...]]] = {
    "n": (1,),
    "temperature": (1,),
    "top_p": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "repetition_penalty": (1,),
    "top_k": (0,),
    "min_p": (0,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "tool_choice": ("auto",),
    "parallel_tool_calls": (True,),
    "tools": ([],),
    "functions": ([],),
    "store": (False,),
    "metadata": ({},),
    "service_tier": ("auto", "default"),
    "modalities": (["text"],),
    "verbosity": ("medium",),
    "response_format": ({"type": "text"},),
    "include_stop_str_in_output": (False,),
}
"""Values that say what would happen without them: leaving these out changes nothing, and is no matter for a report."""

_NULL: Final = b"null"


class Settled(msgspec.Struct):
    """The members to send, in the order in which they came, and what became of those that are not sent as they came."""

    members: dict[str, Raw]
    changed: dict[str, str]


class _Format(msgspec.Struct):
    type: str


def settle(members: Mapping[str, Raw], capabilities: Capabilities) -> Settled:
    """What is sent of `members` to a target with these `capabilities`.

    Nothing is lost unseen: every member that goes under another name or with another value, not at all, or unread is
    in `changed` as translated, emulated, ignored or passed; only null and values that ask for nothing go without a
    word. Raises InvalidRequest for what the target cannot do, and for values that it does not take.
    """
    bounded = capabilities.bounded
    if (
        capabilities.developer_role
        and capabilities.by_effort is None
        and members.keys() <= capabilities.native
        and (not bounded or bounded.keys().isdisjoint(members))
        and not ("max_tokens" in members and "max_completion_tokens" in members)
    ):
        return Settled(dict(members), {})
    settling = _Settling(members, capabilities)
    free, sent = capabilities.free, settling.sent
    for name, value in members.items():
        if name in free and name not in sent:
            sent[name] = value
        else:
            settling.take(name, value)
    if not capabilities.developer_role:
        settling.rewrite_roles()
    if capabilities.by_effort is not None:
        settling.heed_effort(capabilities.by_effort)
    return Settled(settling.sent, settling.changed)


class _Settling:
    """One request on its way to one target, where it does not go through as it came."""

    def __init__(self, members: Mapping[str, Raw], capabilities: Capabilities) -> None:
        self.sent: dict[str, Raw] = {}
        self.changed: dict[str, str] = {}
        self._members = members
        self._capabilities = capabilities
        self._made: dict[str, Raw] = {}  # of other members: they hold what the client gave under the same names too

    def take(self, name: str, value: Raw) -> None:
        """Settles one member."""
        if name == "max_tokens" and _given(self._members.get("max_completion_tokens")):
            if _given(value):
                self.changed[name] = Support.IGNORED  # the older name of the other: vendors refuse a request with both
            return
        parameter = self._capabilities.parameters.get(name)
        if parameter is None:
            self._unknown(name, value)
        elif parameter.support is Support.NATIVE:
            if name in self._capabilities.bounded and _given(value):
                self._send(name, self._within(name, value, parameter))
            elif name not in self.sent or _given(value):  # what another member was translated into stays
                self.sent[name] = self._made.get(name, value)
        elif not _given(value):
            return
        elif (name == "enable_thinking" and parameter.support is not Support.REFUSED) or (
            name == "separate_reasoning" and parameter.support in (Support.TRANSLATED, Support.EMULATED)
        ):
            self._reasoning(name, value)
        elif parameter.support is Support.TRANSLATED:
            self._rename(name, value, parameter)
        elif name in OURS:
            if name == "provider" and bytes(value).lstrip()[:1] == b"{":
                self.changed[name] = Support.IGNORED  # OpenRouter's field of this name
        elif _asks_something(name, value):
            if parameter.support is Support.REFUSED:
                raise self._cannot(name)
            self.changed[name] = parameter.support

    def heed_effort(self, rules: ByEffort) -> None:
        """Sets the level that tools need, and leaves out what is not taken at the level that it comes to."""
        said = self.sent.get("reasoning_effort")
        level = msgspec.json.decode(said) if said is not None and _given(said) else rules.default
        if rules.beside_tools is not None and any(
            name in self.sent and _asks_something(name, self.sent[name]) for name in ("tools", "functions")
        ):
            if rules.beside_tools == "none":
                self.sent["reasoning_effort"] = Raw(b'"none"')
                needed, what = "none", Support.TRANSLATED
            else:
                self.sent.pop("reasoning_effort", None)
                needed, what = rules.default, Support.IGNORED
            if level != needed:
                self.changed["reasoning_effort"] = what
            level = needed
        if rules.sampling not in (None, level):
            for name in SAMPLED:
                value = self.sent.pop(name, None)
                if value is not None and _given(value) and _asks_something(name, value):
                    self.changed[name] = Support.IGNORED

    def rewrite_roles(self) -> None:
        """Gives the role `system` to messages of the role `developer`, which the target does not know."""
        raw = bytes(self.sent.get("messages", b""))
        if b"developer" not in raw and b"\\u" not in raw:
            return
        messages = msgspec.json.decode(raw, type=list[dict[str, Raw]])
        found = False
        for message in messages:
            if "role" in message and msgspec.json.decode(message["role"]) == "developer":
                message["role"] = Raw(b'"system"')
                found = True
        if found:
            self.sent["messages"] = Raw(msgspec.json.encode(messages))
            self.changed["messages.role"] = Support.TRANSLATED

    def _send(self, name: str, value: Raw | None) -> None:
        if value is not None:
            self.sent[name] = value

    def _unknown(self, name: str, value: Raw) -> None:
        if self._capabilities.passes_unknown:
            self.sent[name] = self._made.get(name, value)
            self.changed[name] = "passed"
        elif _given(value):
            self.changed[name] = Support.IGNORED

    def _rename(self, name: str, value: Raw, parameter: Parameter) -> None:
        theirs = parameter.sent_as or name
        if _given(self._members.get(theirs)) and theirs in self._capabilities.native and theirs not in LIMITS:
            self.changed[name] = Support.IGNORED  # the client gave the vendor's own name as well, which says it better
            return
        self._send(theirs, self._within(name, value, parameter))
        self.changed[name] = Support.TRANSLATED

    def _reasoning(self, name: str, value: Raw) -> None:
        way = switched if name == "enable_thinking" else separated
        instead, what = way(bytes(value) == b"true", self._members, self._capabilities)
        self._made |= instead
        self.sent |= instead
        if what is not None:
            self.changed[name] = what

    def _within(self, name: str, value: Raw, parameter: Parameter) -> Raw | None:
        """`value` as the target takes it; None where it is left out. Raises InvalidRequest."""
        if name == "response_format":
            return self._format(value, parameter)
        least, most, values = parameter.minimum, parameter.maximum, parameter.values
        given = msgspec.json.decode(value)
        if values is not None and given not in values:
            if name != "reasoning_effort":
                raise self._not_taken(name, f"'{given}'", " or ".join(f"'{each}'" for each in values))
            self.changed[name] = Support.TRANSLATED
            return Raw(msgspec.json.encode(nearest(given, values)))
        if name in LIMITS and most is not None and given > most:
            if bytes(self._members.get("context_length_exceeded_behavior", b"")) == b'"error"':
                raise self._not_taken(name, str(given), f"at most {most:g} tokens", "integer_above_max_value")
            self.changed[name] = Support.TRANSLATED
            return Raw(b"%d" % int(most))
        if least is not None and given < least:
            raise self._not_taken(name, f"{given:g}", _range(least, most), "decimal_below_min_value")
        if most is not None and given > most:
            raise self._not_taken(name, f"{given:g}", _range(least, most), "decimal_above_max_value")
        return value

    def _format(self, value: Raw, parameter: Parameter) -> Raw | None:
        kind = msgspec.json.decode(value, type=_Format).type
        if self._capabilities.formats(kind):
            return value
        self.changed["response_format"] = Support.EMULATED
        return Raw(b'{"type":"json_object"}') if self._capabilities.formats("json_object") else None

    def _cannot(self, name: str) -> InvalidRequest:
        return InvalidRequest(
            f"'{name}' is {_shown(self._members[name])}: {self._capabilities.model} cannot do that.",
            param=name,
            code="unsupported_value",
        )

    def _not_taken(self, name: str, given: str, allowed: str, code: str = "unsupported_value") -> InvalidRequest:
        return InvalidRequest(
            f"'{name}' is {given}; {self._capabilities.model} takes {allowed}.", param=name, code=code
        )


def check_strict(changed: Mapping[str, str], capabilities: Capabilities) -> None:
    """For strict mode. Raises UnsupportedParameter, which lists every parameter that the target lacks."""
    cases = {name: what for name, what in changed.items() if what != "passed"}
    if not cases:
        return
    listed = "; ".join(f"'{name}': {_said(name, what, capabilities)}" for name, what in cases.items())
    raise UnsupportedParameter(
        f"{capabilities.model} does not have these parameters as they were sent, and X-Strict-Params asks that none is "
        f"changed: {listed}",
        param=next(iter(cases)),
    )


def _said(name: str, what: str, capabilities: Capabilities) -> str:
    if what == Support.TRANSLATED:
        parameter = capabilities.parameters.get(name)
        theirs = parameter.sent_as if parameter is not None else None
        return f"it would be sent as '{theirs}'" if theirs else "it would be sent with another value"
    return "it would be emulated" if what == Support.EMULATED else "it would be ignored"


def _given(value: Raw | None) -> bool:
    return value is not None and bytes(value) != _NULL


def _asks_something(name: str, value: Raw) -> bool:
    """Whether to leave `value` out changes anything."""
    if name == "stream_options":  # usage is given to the client in any case: only more than that is lost
        return msgspec.json.decode(value, type=dict[str, Raw]).keys() - {"include_usage"} != set()
    return name not in _ASKS_NOTHING or msgspec.json.decode(value) not in _ASKS_NOTHING[name]


def _shown(value: Raw) -> str:
    return bytes(value)[:64].decode("utf-8", "replace")


def _range(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f"a number from {least:g} to {most:g}"
    return f"a number of at least {least:g}" if least is not None else f"a number of at most {most:g}"
