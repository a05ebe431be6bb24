"""Requests for tokens, before any model sees them."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.errors import InvalidRequest
from penstock.dialects.tokens import DetokenizeRequest, TokenizeRequest, decode
from penstock.settings import Limits


def asked(**body: Any) -> bytes:
    return json.dumps({"model": "tiny"} | body).encode()


@given(prompt=st.text(), special=st.none() | st.booleans())
def test_any_text_is_taken_as_it_is(prompt: str, special: bool | None) -> None:
    wire, found = decode(asked(prompt=prompt, add_special_tokens=special), Limits(), TokenizeRequest)
    assert (wire.prompt, wire.add_special_tokens) == (prompt, special)
    assert set(found) == {"model", "prompt", "add_special_tokens"}


@given(tokens=st.lists(st.integers(0, 2**31 - 1)))
def test_any_ids_are_taken_as_they_are(tokens: list[int]) -> None:
    assert decode(asked(tokens=tokens), Limits(), DetokenizeRequest)[0].tokens == tokens


@given(body=st.binary(max_size=200))
def test_any_bytes_are_a_request_or_an_error(body: bytes) -> None:
    with contextlib.suppress(InvalidRequest):  # nothing else may be raised
        decode(body, Limits(), TokenizeRequest)


def test_messages_are_bounded_as_in_a_call() -> None:
    messages = [{"role": "user", "content": "a"}] * 3
    decode(asked(messages=messages), Limits(messages=3), TokenizeRequest)
    with pytest.raises(InvalidRequest, match="at most 2 messages"):
        decode(asked(messages=messages), Limits(messages=2), TokenizeRequest)
