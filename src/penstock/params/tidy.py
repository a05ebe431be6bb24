"""What is set right in a request whatever its target: parts that mean nothing anywhere, and that vendors may refuse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw

from penstock.core.call import Call
from penstock.core.errors import UnsupportedParameter
from penstock.dialects.profiles import PROFILES

if TYPE_CHECKING:
    from penstock.dialects.chat.request import ChatCompletionRequest
    from penstock.dialects.chat.tools import Function, FunctionObject

_read_object = msgspec.json.Decoder(dict[str, Raw]).decode
_read_objects = msgspec.json.Decoder(list[dict[str, Raw]]).decode
_LONGEST = 64  # of a name that the client chose, in a report
_MOST = 16  # names of one parameter in a report


def tidy(call: Call) -> None:
    """Takes out of `call` what no target can use, and notes it in `call.noted`:

    keys of `logit_bias` that are no token ids, and members of functions that are null (`parameters`) or that no vendor
    knows (`required`, of 2025's AI/ML API). In a dialect whose stop sequences stay in the text, `stop` says so.
    Raises UnsupportedParameter in strict mode.
    """
    wire: ChatCompletionRequest = call.wire
    noted: dict[str, str] = {}
    if wire.logit_bias:
        _token_ids(call, wire, noted)
    if wire.tools is not None and _odd(call.members["tools"], [getattr(tool, "function", None) for tool in wire.tools]):
        tools = _read_objects(call.members["tools"])
        for i, tool in enumerate(tools):
            if bytes(tool.get("function", b""))[:1] == b"{":
                tool["function"] = _tidied(tool["function"], f"tools[{i}].function", noted)
        call.members["tools"] = Raw(msgspec.json.encode(tools))
    if wire.functions is not None and _odd(call.members["functions"], wire.functions):
        functions = msgspec.json.decode(call.members["functions"], type=list[Raw])
        functions = [_tidied(function, f"functions[{i}]", noted) for i, function in enumerate(functions)]
        call.members["functions"] = Raw(msgspec.json.encode(functions))
    if wire.stop is not None and wire.include_stop_str_in_output is None and PROFILES[call.dialect].stop_included:
        wire.include_stop_str_in_output = True
        call.members["include_stop_str_in_output"] = Raw(b"true")
    if noted:
        if call.strict:
            listed = ", ".join(f"'{name}'" for name in noted)
            raise UnsupportedParameter(
                f"no model has a use for {listed}, and X-Strict-Params asks that nothing is ignored",
                param=next(iter(noted)),
            )
        call.noted = noted
        call.changed.update(noted)


def _token_ids(call: Call, wire: ChatCompletionRequest, noted: dict[str, str]) -> None:
    bias = wire.logit_bias or {}
    kept = {token: value for token, value in bias.items() if token.isascii() and token.isdigit()}
    if len(kept) == len(bias):
        return
    strangers = [token for token in bias if token not in kept]
    for token in strangers[:_MOST]:
        noted[f"logit_bias.{token[:_LONGEST]}"] = "ignored"
    if len(strangers) > _MOST:
        noted["logit_bias"] = "ignored"
    wire.logit_bias = kept
    given = msgspec.json.decode(call.members["logit_bias"], type=dict[str, Raw])
    call.members["logit_bias"] = Raw(msgspec.json.encode({token: given[token] for token in kept}))


def _odd(raw: Raw, functions: Iterable[FunctionObject | Function | None]) -> bool:
    """Whether there may be something to take out: in the text, but outside of the schemas, where it is at home."""
    text = bytes(raw)
    if b"\\u006" in text or b"\\u007" in text or b"\\u002" in text:  # letters and quotes may be written so
        return True
    for word in (b'"required"', b"null"):
        found = text.count(word)
        if found and found > sum(_count(function.parameters, word) for function in functions if function is not None):
            return True
    return False


def _count(schema: Mapping[str, Raw] | None, word: bytes) -> int:
    """How often `word` stands in a schema."""
    members = (schema or {}).items()
    return sum([msgspec.json.encode(name).count(word) + bytes(value).count(word) for name, value in members])


def _tidied(raw: Raw, path: str, noted: dict[str, str]) -> Raw:
    """A function without what means nothing; its schema stays to the byte."""
    function = _read_object(raw)
    if "required" in function:
        noted[f"{path}.required"] = "ignored"
    kept = {name: value for name, value in function.items() if bytes(value) != b"null" and name != "required"}
    return Raw(msgspec.json.encode(kept))
