"""Headers and other parameters that several endpoints share."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from penstock.core.call import OwnKey
from penstock.dialects.profiles import PROFILES


class Parameter(msgspec.Struct, frozen=True):
    """A part of the path, the query or the headers."""

    name: str
    where: Literal["path", "query", "header"]
    description: str
    schema: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "string"})


DIALECT: Final = Parameter(
    "X-API-Dialect",
    "header",
    "how the request is read and the answer written; without it path, key and server decide, in that order",
    {"type": "string", "enum": list(PROFILES)},
)
IF_NONE_MATCH: Final = Parameter("If-None-Match", "header", "an ETag; where it still holds, the answer is 304")

CALL_PARAMETERS: Final = (
    DIALECT,
    Parameter(
        "X-Strict-Params",
        "header",
        "`true`: a parameter that the model lacks, or that would be changed, is an error",
        {"type": "string", "enum": ["true", "1", "false", "0"]},
    ),
    Parameter(
        "Idempotency-Key",
        "header",
        "the same key with the same body within 24 hours gets the same answer, and no second call is made",
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    ),
    Parameter(
        "x-selected-account-id", "header", "an account, as Scale's clients send it; of projects here, the key's own"
    ),
    Parameter(
        OwnKey.HEADER,
        "header",
        "the caller's own key at OpenAI, used for this call alone and never kept",
        {"type": "string", "minLength": 8, "maxLength": 512},
    ),
)
"""Headers of every call to a model."""
