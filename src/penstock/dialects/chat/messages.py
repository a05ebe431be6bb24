"""The messages of a chat completion request, as they stand on the wire, in the order of the official document.

Objects have the names of the official SDK, without its `Param`. Fields that no dialect names (a vendor's
`cache_control`, `annotations`) are tolerated everywhere and travel in the raw members; an optional field may
be null, which means absent.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

FunctionName = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9_-]{1,64}\Z",
        description="a string of 1 to 64 characters, each a letter (a-z, A-Z), a digit, '_' or '-'",
    ),
]


class WireObject(Struct, gc=False):
    """A JSON object of the dialect. Values read from JSON hold no cycles, so the collector need not look at them."""


class ContentPart(WireObject, tag_field="type"):
    """One part of a message's content; `type` says which."""


class ChatCompletionContentPartText(ContentPart, tag="text"):
    """Text."""

    type: ClassVar[str] = "text"
    text: str


class ImageURL(WireObject):
    """`url`: an http(s) address or a base64 data URL."""

    url: str
    detail: Literal["auto", "low", "high"] | None = None


class ChatCompletionContentPartImage(ContentPart, tag="image_url"):
    """An image."""

    type: ClassVar[str] = "image_url"
    image_url: ImageURL


class InputAudio(WireObject):
    """`data`: base64."""

    data: str
    format: Literal["wav", "mp3"]


class ChatCompletionContentPartInputAudio(ContentPart, tag="input_audio"):
    """A sound recording."""

    type: ClassVar[str] = "input_audio"
    input_audio: InputAudio


class File(WireObject):
    """A file by its id or by its content: base64, a base64 data URL, or (some vendors) an http(s) address."""

    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class ChatCompletionContentPartFile(ContentPart, tag="file"):
    """A file, such as a PDF."""

    type: ClassVar[str] = "file"
    file: File


class VideoURL(WireObject):
    """`url`: an http(s) address or a base64 data URL."""

    url: str


class ChatCompletionContentPartVideo(ContentPart, tag="video_url"):
    """A video (TokensMind)."""

    type: ClassVar[str] = "video_url"
    video_url: VideoURL


class ChatCompletionContentPartRefusal(ContentPart, tag="refusal"):
    """What the model said when it refused."""

    type: ClassVar[str] = "refusal"
    refusal: str


UserContentPart = (
    ChatCompletionContentPartText
    | ChatCompletionContentPartImage
    | ChatCompletionContentPartInputAudio
    | ChatCompletionContentPartFile
    | ChatCompletionContentPartVideo
)
AssistantContentPart = ChatCompletionContentPartText | ChatCompletionContentPartRefusal
TextContent = str | Annotated[list[ChatCompletionContentPartText], Meta(min_length=1)]
UserContent = str | Annotated[list[UserContentPart], Meta(min_length=1)]


class CalledFunction(WireObject):
    """A function that the model called; `arguments` is JSON as the model wrote it, which may be broken."""

    name: FunctionName
    arguments: str


class CalledCustomTool(WireObject):
    """A custom tool that the model called; `input` is free text."""

    name: FunctionName
    input: str


class ToolCall(WireObject, tag_field="type"):
    """A call that the model made; its answer is a tool message with the same `id`."""

    id: str


class ChatCompletionMessageFunctionToolCall(ToolCall, tag="function"):
    """A call of a function."""

    type: ClassVar[str] = "function"
    function: CalledFunction


class ChatCompletionMessageCustomToolCall(ToolCall, tag="custom"):
    """A call of a custom tool."""

    type: ClassVar[str] = "custom"
    custom: CalledCustomTool


class Audio(WireObject):
    """A spoken answer of the model, by its id."""

    id: str


class Message(WireObject, tag_field="role"):
    """One message; `role` says whose."""


class ChatCompletionDeveloperMessage(Message, tag="developer"):
    """Instructions of the developer."""

    role: ClassVar[str] = "developer"
    content: TextContent
    name: str | None = None


class ChatCompletionSystemMessage(Message, tag="system"):
    """Instructions; older name of `developer`."""

    role: ClassVar[str] = "system"
    content: TextContent
    name: str | None = None


class ChatCompletionUserMessage(Message, tag="user"):
    """What the user says."""

    role: ClassVar[str] = "user"
    content: UserContent
    name: str | None = None


class ChatCompletionAssistantMessage(Message, tag="assistant"):
    """An answer of the model. Without tool calls, audio, a refusal or reasoning, `content` is needed."""

    role: ClassVar[str] = "assistant"
    content: str | list[AssistantContentPart] | None = None
    refusal: str | None = None
    name: str | None = None
    audio: Audio | None = None
    tool_calls: list[ChatCompletionMessageFunctionToolCall | ChatCompletionMessageCustomToolCall] | None = None
    function_call: CalledFunction | None = None
    reasoning_content: str | None = None


class ChatCompletionToolMessage(Message, tag="tool"):
    """The answer of a tool to one call."""

    role: ClassVar[str] = "tool"
    content: TextContent
    tool_call_id: str
    name: str | None = None


class ChatCompletionFunctionMessage(Message, tag="function"):
    """The answer of a function to a `function_call`; deprecated."""

    role: ClassVar[str] = "function"
    content: str | None
    name: FunctionName


ChatCompletionMessage = (
    ChatCompletionDeveloperMessage
    | ChatCompletionSystemMessage
    | ChatCompletionUserMessage
    | ChatCompletionAssistantMessage
    | ChatCompletionToolMessage
    | ChatCompletionFunctionMessage
)
