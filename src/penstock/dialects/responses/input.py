"""The items of a responses request and the parts of their content, as they stand on the wire.

Objects have the names of the official SDK, without its `Param`. Members that are not here are tolerated and travel in
the items themselves; an optional member may be null, which means absent.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Raw

from penstock.dialects.chat.messages import FunctionName, WireObject

Status = Literal["in_progress", "completed", "incomplete"]
# An item's `type` was read before, to know which of the items it is.
ItemId = Annotated[str, Meta(min_length=1, max_length=512)]
CallId = Annotated[str, Meta(min_length=1, max_length=64)]


class Part(WireObject, tag_field="type"):
    """One part of the content of an item; `type` says which."""


class ResponseInputText(Part, tag="input_text"):
    """Text."""

    type: ClassVar[str] = "input_text"
    text: str


class ResponseInputImage(Part, tag="input_image"):
    """An image, by its address (http(s), or a base64 data URL) or by the id of a file."""

    type: ClassVar[str] = "input_image"
    image_url: str | None = None
    file_id: str | None = None
    detail: Literal["auto", "low", "high", "original"] | None = None


class ResponseInputFile(Part, tag="input_file"):
    """A file by its content (base64, or a base64 data URL), by its address or by its id."""

    type: ClassVar[str] = "input_file"
    file_data: str | None = None
    file_url: str | None = None
    file_id: str | None = None
    filename: str | None = None
    detail: Literal["auto", "low", "high"] | None = None


class ResponseOutputText(Part, tag="output_text"):
    """Text that a model wrote."""

    type: ClassVar[str] = "output_text"
    text: str
    annotations: list[dict[str, Raw]] | None = None
    logprobs: list[dict[str, Raw]] | None = None


class ResponseOutputRefusal(Part, tag="refusal"):
    """What a model said when it refused."""

    type: ClassVar[str] = "refusal"
    refusal: str


class ReasoningText(Part, tag="reasoning_text"):
    """What a model thought."""

    type: ClassVar[str] = "reasoning_text"
    text: str


class SummaryText(Part, tag="summary_text"):
    """What a model thought, in short."""

    type: ClassVar[str] = "summary_text"
    text: str


InputContent = str | list[ResponseInputText | ResponseInputImage | ResponseInputFile]
OutputContent = str | list[ResponseOutputText | ResponseOutputRefusal | ResponseInputText]


class InputMessage(WireObject):
    """What the user says, or instructions."""

    role: Literal["user", "system", "developer"]
    content: InputContent
    status: Status | None = None
    id: ItemId | None = None


class OutputMessage(WireObject):
    """An answer of the model."""

    role: Literal["assistant"]
    content: OutputContent
    status: Status | None = None
    id: ItemId | None = None
    phase: Literal["commentary", "final_answer"] | None = None


class ResponseFunctionToolCall(WireObject):
    """A function that the model called; `arguments` is JSON as the model wrote it, which may be broken."""

    call_id: Annotated[str, Meta(min_length=1)]
    name: FunctionName
    arguments: str
    status: Status | None = None
    id: ItemId | None = None


class FunctionCallOutput(WireObject):
    """The answer of a function to a call."""

    call_id: CallId
    output: InputContent
    status: Status | None = None
    id: ItemId | None = None


class ResponseCustomToolCall(WireObject):
    """A custom tool that the model called; `input` is free text."""

    call_id: Annotated[str, Meta(min_length=1)]
    name: FunctionName
    input: str
    status: Status | None = None
    id: ItemId | None = None


class ResponseCustomToolCallOutput(WireObject):
    """The answer of a custom tool to a call."""

    call_id: CallId
    output: InputContent
    status: Status | None = None
    id: ItemId | None = None


class ResponseReasoningItem(WireObject):
    """What the model thought before it answered; `encrypted_content` only its own vendor can read."""

    summary: list[SummaryText] | None = None
    content: list[ReasoningText] | None = None
    encrypted_content: str | None = None
    status: Status | None = None
    id: ItemId | None = None


class ItemReference(WireObject):
    """An item that was stored, by its id."""

    id: ItemId


class VendorItem(WireObject):
    """An item that only vendors with a responses API of their own know: they say what must be in it."""

    id: ItemId | None = None
    call_id: str | None = None
