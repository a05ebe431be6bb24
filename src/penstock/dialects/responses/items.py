"""The items of an input: that each is one of the dialect, and the form in which they are stored and listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw, Struct

from penstock.core.errors import InvalidRequest
from penstock.dialects import mismatch
from penstock.dialects.chat.media import check_base64, check_url
from penstock.dialects.responses import input as wire
from penstock.dialects.responses.links import OUTPUTS
from penstock.settings import Limits

if TYPE_CHECKING:
    from penstock.dialects.responses.request import Asked

VENDOR_ITEMS: Final[Mapping[str, str]] = {
    "file_search_call": "fs_",
    "web_search_call": "ws_",
    "computer_call": "cu_",
    "computer_call_output": "cuo_",
    "code_interpreter_call": "ci_",
    "image_generation_call": "ig_",
    "local_shell_call": "lsh_",
    "local_shell_call_output": "lsho_",
    "shell_call": "sh_",
    "shell_call_output": "sho_",
    "apply_patch_call": "apc_",
    "apply_patch_call_output": "apco_",
    "mcp_list_tools": "mcpl_",
    "mcp_approval_request": "mcpr_",
    "mcp_approval_response": "mcpa_",
    "mcp_call": "mcp_",
    "tool_search_call": "tsc_",
    "tool_search_output": "tso_",
    "additional_tools": "at_",
    "compaction": "cmp_",
    "compaction_trigger": "cmpt_",
    "program": "prog_",
    "program_output": "progo_",
}
"""Items of tools that run at a vendor, and how their ids begin."""

PREFIXES: Final[Mapping[str, str]] = {
    "message": "msg_",
    "function_call": "fc_",
    "function_call_output": "fco_",
    "custom_tool_call": "ctc_",
    "custom_tool_call_output": "ctco_",
    "reasoning": "rs_",
    **VENDOR_ITEMS,
}
"""Every type of item that has content, and how its ids begin, as OpenAI's do."""

_KINDS: Final[Mapping[str, type[Struct]]] = {
    "function_call": wire.ResponseFunctionToolCall,
    "function_call_output": wire.FunctionCallOutput,
    "custom_tool_call": wire.ResponseCustomToolCall,
    "custom_tool_call_output": wire.ResponseCustomToolCallOutput,
    "reasoning": wire.ResponseReasoningItem,
    "item_reference": wire.ItemReference,
    **dict.fromkeys(VENDOR_ITEMS, wire.VendorItem),
}
_ROLES: Final[Mapping[str | None, type[Struct]]] = {
    "user": wire.InputMessage,
    "system": wire.InputMessage,
    "developer": wire.InputMessage,
    "assistant": wire.OutputMessage,
}


class _Head(Struct, gc=False):
    type: str | None = None
    role: str | None = None
    id: str | None = None


_HEAD: Final = msgspec.json.Decoder(_Head)
_DECODERS: Final = {kind: msgspec.json.Decoder(kind) for kind in {*_KINDS.values(), *_ROLES.values()}}


def check(items: Sequence[Raw], limits: Limits, name: str = "input") -> None:
    """Raises InvalidRequest for the first of `items` that is none of the dialect; `name` is the member that they are
    of. References to stored items and links between items are not looked at."""
    if len(items) > limits.messages:
        raise InvalidRequest(
            f"'{name}' is an array of {len(items)}; at most {limits.messages} items are allowed.",
            param=name,
            code="array_above_max_length",
        )
    for i, raw in enumerate(items):
        kind: type[Struct] | None = _Head
        try:
            head = _HEAD.decode(raw)
            kind = _ROLES.get(head.role) if head.type is None or head.type == "message" else _KINDS.get(head.type)
            if kind is None:
                kind = _kind(head, f"{name}[{i}]")
            item = _DECODERS[kind].decode(raw)
        except msgspec.ValidationError as error:
            raise _explained(error, items, i, name, kind or _Head) from None
        if type(item) is wire.InputMessage:
            _check_parts(item.content, f"{name}[{i}].content")
        elif type(item) is wire.FunctionCallOutput or type(item) is wire.ResponseCustomToolCallOutput:
            _check_parts(item.output, f"{name}[{i}].output")


def input_items(asked: Asked, new_id: Callable[[str], str]) -> list[dict[str, Any]]:
    """The input as items in the form in which they are stored and listed: with `id`, `type` and `status`, and content
    as parts. A string is one user message. References to stored items stay what they are."""
    if isinstance(asked.wire.input, str):
        return [completed({"role": "user", "content": asked.wire.input}, new_id)]
    if not asked.wire.input:
        return []
    return [completed(item, new_id) for item in msgspec.json.decode(asked.members["input"])]


def completed(item: Mapping[str, Any], new_id: Callable[[str], str]) -> dict[str, Any]:
    """One item, that `check` let through, in the form in which it is stored and listed; `new_id` makes an id from its
    prefix where there is none."""
    kind = item.get("type") or ("message" if "role" in item else "item_reference")
    if kind == "item_reference":
        return {"type": kind, "id": item["id"]}
    made: dict[str, Any] = {"id": item.get("id") or new_id(PREFIXES[kind]), "type": kind}
    if kind in VENDOR_ITEMS:
        return {**item, **made}
    made["status"] = item.get("status") or "completed"
    for name, value in item.items():
        if value is not None and name not in made:
            made[name] = value
    if kind == "message":
        made["content"] = _written(made["content"]) if made["role"] == "assistant" else _parts(made["content"])
    elif kind in OUTPUTS and not isinstance(made["output"], str):
        made["output"] = _parts(made["output"])
    elif kind == "reasoning":
        made.setdefault("summary", [])
    return made


def _kind(head: _Head, path: str) -> type[Struct]:
    """What an item with no known type and role is: a reference by its `id` alone, or else an error."""
    if head.type is not None and head.type != "message":
        raise InvalidRequest(
            f"'{path}.type' is {_shown(head.type)}; it must be one of 'message', {_listed(_KINDS)}.",
            param=f"{path}.type",
        )
    if head.role is not None:
        raise InvalidRequest(
            f"'{path}.role' is {_shown(head.role)}; it must be one of {_listed(_ROLES)}.", param=f"{path}.role"
        )
    if head.type is None and head.id is not None:
        return wire.ItemReference
    lacks = "role" if head.type else "type"
    kinds = _listed(_ROLES) if head.type else f"'message', {_listed(_KINDS)}"
    raise InvalidRequest(
        f"'{path}.{lacks}' is missing. It must be one of {kinds}.",
        param=f"{path}.{lacks}",
        code="missing_required_parameter",
    )


def _explained(
    error: msgspec.ValidationError, items: Sequence[Raw], i: int, name: str, kind: type[Struct]
) -> InvalidRequest:
    """The error of one item, with its path in the whole request."""
    fault, at, path = str(error).rpartition(" - at ")
    if not at:
        fault, path = str(error), "`$`"
    whole = msgspec.ValidationError(f"{fault} - at {path.replace('$', f'$.{name}[{i}]', 1)}")
    shape = msgspec.inspect.type_info(msgspec.defstruct("Items", [(name, list[kind])]))  # type: ignore[valid-type]  # made here
    return mismatch.explain(whole, {name: Raw(msgspec.json.encode(items))}, shape)


def _check_parts(content: wire.InputContent, path: str) -> None:
    if type(content) is list:
        for j, part in enumerate(content):
            if type(part) is not wire.ResponseInputText:
                _check_media(part, f"{path}[{j}]")


def _check_media(part: wire.Part, path: str) -> None:
    if type(part) is wire.ResponseInputImage:
        _check_one(path, image_url=part.image_url, file_id=part.file_id)
        if part.image_url is not None:
            check_url(part.image_url, f"{path}.image_url")
    elif type(part) is wire.ResponseInputFile:
        _check_one(path, file_data=part.file_data, file_url=part.file_url, file_id=part.file_id)
        if part.file_url is not None:
            check_url(part.file_url, f"{path}.file_url")
        elif part.file_data is not None and part.file_data[:5].lower() == "data:":
            check_url(part.file_data, f"{path}.file_data")
        elif part.file_data is not None:
            check_base64(part.file_data, 0, f"{path}.file_data")


def _check_one(path: str, **ways: str | None) -> None:
    given = [name for name, value in ways.items() if value is not None]
    if len(given) != 1:
        said = f"has {' and '.join(repr(name) for name in given)}" if given else "has none of them"
        raise InvalidRequest(
            f"'{path}' must have one of {_listed(ways)}; it {said}.",
            param=path,
            code="invalid_parameter_combination" if given else "missing_required_parameter",
        )


def _parts(content: Any) -> list[dict[str, Any]]:
    """Content of a message or an output as parts, each with what the official schema asks of it."""
    if isinstance(content, str):
        return [{"type": "input_text", "text": content}]
    parts = [{name: value for name, value in part.items() if value is not None} for part in content]
    for part in parts:
        if part["type"] == "input_image":
            part.setdefault("detail", "auto")
    return parts


def _written(content: Any) -> list[dict[str, Any]]:
    """Content of an assistant's message as parts, each with what the official schema asks of it."""
    if isinstance(content, str):
        return [{"type": "output_text", "text": content, "annotations": [], "logprobs": []}]
    return [
        part
        if part["type"] == "refusal"
        else {
            "type": "output_text",
            "text": part["text"],
            "annotations": part.get("annotations") or [],
            "logprobs": part.get("logprobs") or [],
        }
        for part in content
    ]


def _listed(names: Iterable[str | None]) -> str:
    *most, last = (f"'{name}'" for name in names)
    return f"{', '.join(most)} or {last}"


def _shown(text: str) -> str:
    return f"'{text}'" if 0 < len(text) <= 64 else f"a string of {len(text)} characters"
