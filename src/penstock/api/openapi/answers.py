"""The statuses that endpoints answer with."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from penstock.dialects.errors import DetailErrorResponse, ErrorResponse, FlatErrorResponse

JSON: Final = "application/json"


class Answer(msgspec.Struct, frozen=True):
    """One status. `bodies` are the types by media type, one of which it is; without any, it is a text."""

    description: str
    bodies: dict[str, tuple[Any, ...]] = {}
    headers: tuple[str, ...] = ()


HEADERS: Final = {
    "x-request-id": "the id of the request, by which the records and the log know it",
    "x-penstock-dialect": "the dialect that the request was read and answered in",
    "x-client-request-id": "the client's own id of the request, said back",
    "x-inference-id": "the id of the call, as AI/ML API names it",
    "x-aimlapi-credits-used": "what the call cost, in credits at 2,000,000 to the dollar, where it is known",
    "x-aimlapi-usd-spent": "the same in dollars",
    "x-penstock-served-by": "provider and model that answered",
    "x-penstock-params": "what became of every parameter that was not sent as it came",
    "x-penstock-attempts": "how many targets were tried, where it was more than one",
    "retry-after": "seconds to wait before another try",
    "idempotent-replayed": "`true`: the answer of an earlier call with the same Idempotency-Key",
    "etag": "stays as long as the document does; send it as If-None-Match",
}
"""What headers of answers say."""

EVERYWHERE: Final = ("x-request-id", "x-penstock-dialect", "x-client-request-id")
"""Headers of every answer."""


def _error(description: str, *headers: str) -> Answer:
    """An error in the form of any dialect: AI/ML API and Scale have fields beside the official object."""
    return Answer(description, {JSON: (ErrorResponse, FlatErrorResponse, DetailErrorResponse)}, headers)


PAGE: Final = {
    "400": _error("a header, a parameter or a value that is not known; the message lists those that are"),
    "422": _error("the same in the dialect sgp"),
    "431": _error("too many or too large headers"),
    "500": _error("a defect of Penstock"),
}
"""Errors of every endpoint that is no call to a model."""

READING: Final = {"404": _error("there is no such model")}
TAGGED: Final = {"304": Answer("nothing has changed since the document of that ETag", headers=("etag",))}

CALL: Final = {
    "400": _error("what was sent is wrong, or not possible with this model"),
    "401": _error("no key, or none that is known and enabled"),
    "403": _error("the key may not do this; in tokensmind no key; in aimlapi and tokensmind out of credit"),
    "404": _error("there is no such model"),
    "408": _error("the request was sent too slowly"),
    "409": _error("the Idempotency-Key was used for another body, or its answer was too large to be kept"),
    "413": _error("the body is too large"),
    "415": _error("the body is not JSON"),
    "422": _error("what was sent is wrong, in the dialect sgp"),
    "429": _error("over a limit of this server's or the vendor's; out of credit", "retry-after"),
    "4XX": _error("the vendor refused the request, with this status of its own"),
    "431": _error("too many or too large headers"),
    "500": _error("a defect of Penstock"),
    "502": _error("the vendor failed, or cannot be reached"),
    "503": _error("this server or the vendor is busy or stopping, or the model cannot be had", "retry-after"),
    "504": _error("the vendor did not answer in time"),
}
"""Errors of a call to a model."""
