"""Every error that a user of the API can meet, drawn as a tree.

PenstockError
  InvalidRequest 400        what was sent is wrong: where, and what is allowed
    UnsupportedParameter    a parameter that the model lacks (strict mode)
    ContextTooLong          the prompt does not fit the model's context
  Unauthenticated 401       no key, a malformed key, an unknown or disabled key
  PermissionDenied 403
  NotFound 404
    ModelNotFound
  MethodNotAllowed 405
  RequestTimeout 408        the client was too slow in sending its request
  TooLarge 413
  UnsupportedMediaType 415
  HeadersTooLarge 431
  RateLimited 429
  OutOfCredit 429           another try meets the same refusal
  InternalError 500         a defect of Penstock; never the vendor's trouble
  UpstreamError 502         the vendor failed, with its own words
    UpstreamRejected        the vendor refused the request itself: its 4xx goes through
    UpstreamRateLimited 429
    UpstreamAuthError 502   the vendor refused *our* credential
    UpstreamUnreachable 502
    UpstreamBroke 502       the answer was cut, malformed or ended without its end
    ResponseFormatFailed 502    the model did not answer in the form asked for, twice
    UpstreamOverloaded 503
    UpstreamTimeout 504
  Unavailable 503           this server cannot take the call now
"""

from __future__ import annotations

from typing import Any, Final

INSUFFICIENT_QUOTA: Final = "insufficient_quota"
"""The code of every error that means an account out of credit, ours or the caller's own at a vendor."""

MISSING_KEY: Final = "missing_api_key"
"""The code of Unauthenticated where a request has no key at all."""


class PenstockError(Exception):
    """An error with everything that a dialect needs to write it on the wire.

    `message` says what was wrong, where, and what is allowed. `param` is a path such as
    `messages[2].content[0].type`. `headers` go out with the answer (`retry-after`, for one).
    """

    status: int = 500
    type: str = "server_error"
    code: str | None = None

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        type: str | None = None,
        status: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.headers = headers or {}
        # An instance may be more exact than its class: a vendor's own status, type or code.
        if code is not None:
            self.code = code
        if type is not None:
            self.type = type
        if status is not None:
            self.status = status


class InvalidRequest(PenstockError):
    """400: what was sent is wrong."""

    status = 400
    type = "invalid_request_error"
    code = "invalid_value"


class UnsupportedParameter(InvalidRequest):
    """400 in strict mode: a parameter that the model lacks or that would be changed."""

    code = "unsupported_parameter"


class ContextTooLong(InvalidRequest):
    """400: the prompt alone does not fit the model's context."""

    code = "context_length_exceeded"


class Unauthenticated(PenstockError):
    """401: no key, a malformed key, an unknown or disabled key."""

    status = 401
    type = "invalid_request_error"
    code = "invalid_api_key"


class PermissionDenied(PenstockError):
    """403: the key is known and may not do this."""

    status = 403
    type = "permission_error"
    code = "permission_denied"


class NotFound(PenstockError):
    """404: no such thing here."""

    status = 404
    type = "invalid_request_error"
    code = "not_found"


class ModelNotFound(NotFound):
    """404: no model of that name."""

    code = "model_not_found"


class MethodNotAllowed(PenstockError):
    """405: the path is known, the method is not."""

    status = 405
    type = "invalid_request_error"
    code = "method_not_allowed"


class RequestTimeout(PenstockError):
    """408: the client took too long to send its request."""

    status = 408
    type = "invalid_request_error"
    code = "request_timeout"


class TooLarge(PenstockError):
    """413: the body is over the limit."""

    status = 413
    type = "invalid_request_error"
    code = "request_too_large"


class UnsupportedMediaType(PenstockError):
    """415: the body is not what this endpoint reads."""

    status = 415
    type = "invalid_request_error"
    code = "unsupported_media_type"


class HeadersTooLarge(PenstockError):
    """431: too many or too large headers."""

    status = 431
    type = "invalid_request_error"
    code = "request_headers_too_large"


class RateLimited(PenstockError):
    """429: over a limit of this server; `headers` hold `retry-after`."""

    status = 429
    type = "requests"
    code = "rate_limit_exceeded"


class OutOfCredit(PenstockError):
    """429, or what else the dialect says: no money is left for this call; SDKs are told not to try again."""

    status = 429
    type = INSUFFICIENT_QUOTA
    code = INSUFFICIENT_QUOTA

    def __init__(self, message: str, **more: Any) -> None:
        super().__init__(message, **more)
        self.headers.setdefault("x-should-retry", "false")


class InternalError(PenstockError):
    """500: a defect of Penstock itself."""

    code = "internal_error"


class Unavailable(PenstockError):
    """503: this server cannot take the call now; `headers` hold `retry-after`."""

    status = 503
    type = "service_unavailable"
    code = "unavailable"


class UpstreamError(PenstockError):
    """502: the vendor failed.

    `upstream_status` is what it answered (None where there was no answer); `retry_after` is its
    own wish in seconds. `retryable` says whether another try, here or elsewhere, makes sense.
    """

    status = 502
    type = "upstream_error"
    code: str | None = "upstream_error"
    retryable: bool = True

    def __init__(
        self,
        message: str,
        *,
        upstream_status: int | None = None,
        retry_after: float | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message, **more)
        self.upstream_status = upstream_status
        self.retry_after = retry_after


class UpstreamRejected(UpstreamError):
    """The vendor refused the request itself: its own 4xx, message, param and code go through."""

    status = 400
    type = "invalid_request_error"
    code: str | None = None
    retryable = False


class UpstreamRateLimited(UpstreamError):
    """429 of the vendor."""

    status = 429
    type = "requests"
    code = "rate_limit_exceeded"


class UpstreamAuthError(UpstreamError):
    """502: the vendor refused our credential (401, 402, 403); never the client's fault."""

    code = "upstream_auth_error"
    retryable = False


class UpstreamUnreachable(UpstreamError):
    """502: no connection to the vendor."""

    code = "upstream_unreachable"


class UpstreamBroke(UpstreamError):
    """502: the answer was cut, malformed, or ended without its end."""

    code = "upstream_broke"


class ResponseFormatFailed(UpstreamError):
    """502: a model that has no `response_format` did not answer in the form asked for, twice."""

    code = "response_format_failed"
    retryable = False


class UpstreamOverloaded(UpstreamError):
    """503 of the vendor."""

    status = 503
    type = "service_unavailable"
    code = "upstream_overloaded"


class UpstreamTimeout(UpstreamError):
    """504: the vendor did not answer in time."""

    status = 504
    code = "upstream_timeout"
