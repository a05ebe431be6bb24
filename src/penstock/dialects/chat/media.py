"""The content of parts that are not text: addresses and base64."""

from __future__ import annotations

import string
from typing import Final

from penstock.core.errors import InvalidRequest
from penstock.dialects.allowed import counted
from penstock.dialects.chat.messages import (
    ChatCompletionContentPartFile,
    ChatCompletionContentPartImage,
    ChatCompletionContentPartInputAudio,
    ChatCompletionContentPartVideo,
    UserContentPart,
)

_CHARACTERS: Final = string.ascii_letters + string.digits + "+/"
_ALPHABET: Final = _CHARACTERS.encode()
_WEB: Final = ("https://", "http://")
_LONGEST_HEADER: Final = 256  # of a data URL: media type and parameters


def check(part: UserContentPart, path: str) -> None:
    """Raises InvalidRequest where an address is none, or base64 is broken; `path` is that of the part."""
    if isinstance(part, ChatCompletionContentPartImage):
        check_url(part.image_url.url, f"{path}.image_url.url")
    elif isinstance(part, ChatCompletionContentPartVideo):
        check_url(part.video_url.url, f"{path}.video_url.url")
    elif isinstance(part, ChatCompletionContentPartInputAudio):
        check_base64(part.input_audio.data, 0, f"{path}.input_audio.data")
    elif isinstance(part, ChatCompletionContentPartFile):
        _check_file(part, path)


def _check_file(part: ChatCompletionContentPartFile, path: str) -> None:
    data = part.file.file_data
    if data is None:
        if part.file.file_id is None:
            raise InvalidRequest(
                f"'{path}.file' needs 'file_data' (base64, or a base64 data URL) or 'file_id'.",
                param=f"{path}.file",
                code="missing_required_parameter",
            )
    elif data[:5].lower() == "data:" or data[:8].lower().startswith(_WEB):
        check_url(data, f"{path}.file.file_data")
    else:
        check_base64(data, 0, f"{path}.file.file_data")


def check_url(url: str, path: str) -> None:
    """Raises InvalidRequest unless `url` is an http(s) address or a base64 data URL; `path` says where it stands."""
    if url[:5].lower() != "data:":
        if not url[:8].lower().startswith(_WEB) or len(url.partition("://")[2]) == 0:
            raise InvalidRequest(
                f"'{path}' is no address that a model can read: it must begin with https://, http:// or data:.",
                param=path,
            )
        return
    comma = url.find(",", 0, _LONGEST_HEADER)
    if comma < 0 or not url[:comma].lower().endswith(";base64"):
        raise InvalidRequest(
            f"'{path}' is a data URL of a form that is not allowed; it must be data:MEDIA/TYPE;base64,DATA.",
            param=path,
            code="invalid_base64",
        )
    check_base64(url, comma + 1, path)


def check_base64(text: str, start: int, path: str) -> None:
    """Checks `text` from `start` on: alphabet and padding, without decoding it; linear, megabytes in milliseconds."""
    size = len(text) - start
    if size == 0:
        raise _bad_base64(path, "it is empty")
    # What remains without the alphabet: something of the part before `start`, then nothing but the padding.
    rest = text.encode().translate(None, _ALPHABET)
    padding = len(rest) - len(text[:start].encode().translate(None, _ALPHABET))
    if padding and not text.endswith("=" * padding):
        at = len(text) - len(text[start:].lstrip(_CHARACTERS))
        raise _bad_base64(path, f"character {at} is {text[at]!r}")
    if size % 4 or padding > 2:
        raise _bad_base64(path, f"it has {counted(size - padding, 'character')} and {padding} '='")


def _bad_base64(path: str, why: str) -> InvalidRequest:
    return InvalidRequest(
        f"'{path}' is not valid base64: {why}; it must be letters, digits, '+' and '/', filled up with '=' to a "
        "multiple of 4.",
        param=path,
        code="invalid_base64",
    )
