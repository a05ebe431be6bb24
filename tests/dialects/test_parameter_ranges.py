"""In every dialect each parameter is read, and refused with its name where it is of another kind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.parameter_samples import SAMPLES, asking

from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.request import decode
from penstock.dialects.profiles import PROFILES
from penstock.settings import Limits


def read(dialect: str, **request: Any) -> Any:
    body = json.dumps({"model": "openai/gpt-4", "messages": [{"role": "user", "content": "a"}], **request}).encode()
    return decode(body, Limits(), id="i", request_id="r", now=1, strict=False, profile=PROFILES[dialect]).wire


@pytest.mark.parametrize("name", sorted(SAMPLES))
@pytest.mark.parametrize("dialect", PROFILES)
def test_in_every_dialect(dialect: str, name: str) -> None:
    assert getattr(read(dialect, **asking(name)), name) is not None
    wrong = 1 if isinstance(SAMPLES[name], str) or name == "stop" else "neither"
    with pytest.raises(InvalidRequest) as refused:
        read(dialect, **asking(name) | {name: wrong})
    assert refused.value.param == name
