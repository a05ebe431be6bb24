"""Addresses and base64 in the parts of a message."""

from __future__ import annotations

import base64
import binascii
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.media import check
from penstock.dialects.chat.messages import (
    ChatCompletionContentPartFile,
    ChatCompletionContentPartImage,
    ChatCompletionContentPartInputAudio,
    ChatCompletionContentPartVideo,
    File,
    ImageURL,
    InputAudio,
    VideoURL,
)


def refused(url: str) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        check(ChatCompletionContentPartImage(ImageURL(url)), "p")
    assert caught.value.param == "p.image_url.url"
    assert len(caught.value.message) < 500
    return caught.value


@pytest.mark.parametrize(
    "url", ["", "a.png", "ftp://a/b", "file:///etc/passwd", "https://", "https:/a", "javascript:1"]
)
def test_no_address(url: str) -> None:
    error = refused(url)
    assert error.code == "invalid_value"
    assert "https://, http:// or data:" in error.message


@pytest.mark.parametrize(
    "url",
    ["data:", "data:image/png;base64", "data:image/svg+xml,<svg/>", "data:,AAAA", "data:" + "x" * 300 + ";base64,AAAA"],
)
def test_no_base64_data_url(url: str) -> None:
    error = refused(url)
    assert error.code == "invalid_base64"
    assert "data:MEDIA/TYPE;base64,DATA" in error.message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "it is empty"),
        ("&&&&", "character 22 is '&'"),
        ("AAA!", "character 25 is '!'"),
        ("AA AAA", "character 24 is ' '"),
        ("AAAA\n", "character 26 is '\\n'"),
        ("AA-_", "character 24 is '-'"),
        ("AAA\u00e9", "character 25 is '\u00e9'"),
        ("AA==AA==", "character 24 is '='"),
        ("=AAA", "character 22 is '='"),
        ("AAA", "3 characters and 0 '='"),
        ("AA=", "2 characters and 1 '='"),
        ("A===", "1 character and 3 '='"),
        ("====", "0 characters and 4 '='"),
    ],
)
def test_bad_base64(data: str, words: str) -> None:
    error = refused("data:image/png;base64," + data)
    assert error.code == "invalid_base64"
    assert words in error.message


def test_every_kind_of_part_is_checked_in_its_place() -> None:
    parts = {
        "p.video_url.url": ChatCompletionContentPartVideo(VideoURL("x")),
        "p.input_audio.data": ChatCompletionContentPartInputAudio(InputAudio("!", "wav")),
        "p.file.file_data": ChatCompletionContentPartFile(File(file_data="data:a/b;base64,!")),
        "p.file": ChatCompletionContentPartFile(File(filename="a.pdf")),
    }
    for param, part in parts.items():
        with pytest.raises(InvalidRequest) as caught:
            check(part, "p")
        assert caught.value.param == param
    with pytest.raises(InvalidRequest) as caught:
        check(ChatCompletionContentPartFile(File(file_data="!!")), "p")
    assert (caught.value.param, caught.value.code) == ("p.file.file_data", "invalid_base64")


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=40))
def test_what_was_encoded_is_accepted(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    check(ChatCompletionContentPartInputAudio(InputAudio(text, "mp3")), "p")
    check(ChatCompletionContentPartImage(ImageURL("data:image/png;base64," + text)), "p")


@settings(deadline=None)
@given(st.text(st.sampled_from("AQw+/=-_ \u00e9"), min_size=1, max_size=12))
def test_base64_equals_a_strict_decoder(text: str) -> None:
    try:
        if len(text) % 4:  # Python's own strict decoder lets "AAAA=" pass
            raise ValueError("not filled up to a multiple of 4")
        binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        with pytest.raises(InvalidRequest):
            check(ChatCompletionContentPartInputAudio(InputAudio(text, "mp3")), "p")
    else:
        check(ChatCompletionContentPartInputAudio(InputAudio(text, "mp3")), "p")


def test_megabytes_are_checked_without_being_decoded() -> None:
    url = "data:image/png;base64," + "iVBO" * 1_000_000
    tracemalloc.start()
    try:
        check(ChatCompletionContentPartImage(ImageURL(url)), "p")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * len(url)
