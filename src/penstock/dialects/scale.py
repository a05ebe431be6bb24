"""Lists on the wire as Scale's API has them under `/v5`: `items`, `total`, `has_more` and `limit`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Availability = Literal["unknown", "available", "unavailable"]


class ScaleModel(msgspec.Struct):
    """A model to chat with; `model_vendor/model_name` is what `model` of a call must be.

    `unknown` is the availability of a model at a vendor, which nobody asked.
    """

    model_name: str
    model_type: Literal["generic", "completion", "chat_completion"]
    model_vendor: str
    model_availability: Availability

    @property
    def id(self) -> str:
        """What a call asks for, and what a page begins after or ends before."""
        return f"{self.model_vendor}/{self.model_name}"


class ScaleModelList(msgspec.Struct):
    """A page of the answer of `GET /v5/chat/completions/models`; `total` counts the models of all pages."""

    object: Literal["list"]
    items: list[ScaleModel]
    total: Annotated[int, Meta(ge=0)]
    has_more: bool
    limit: Annotated[int, Meta(ge=1)]
