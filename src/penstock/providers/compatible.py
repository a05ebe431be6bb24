"""Every vendor that speaks OpenAI's chat completions: one provider, and a row of compatible.toml for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Raw

from penstock import __version__
from penstock.core.answer import Answer, Reader
from penstock.core.call import Call
from penstock.core.errors import UpstreamError
from penstock.core.exchange import Outgoing, Reply, Target
from penstock.dialects.chat.failure import explain
from penstock.dialects.chat.stream import ChunkReader
from penstock.dialects.chat.whole import read_whole
from penstock.dialects.responses import upstream as responses
from penstock.params import Capabilities, Support, check_strict, settle
from penstock.params.models import Models, Override, known_capabilities
from penstock.providers.rows import Row
from penstock.settings import SettingsError

_USAGE: Final = Raw(b'{"include_usage":true}')
_TRUE: Final = Raw(b"true")
_COUNTED: Final = (
    "input",
    "instructions",
    "parallel_tool_calls",
    "reasoning",
    "text",
    "tool_choice",
    "tools",
    "truncation",
)
"""What the count of the input of a response depends on."""
_MOST_MODELS: Final = 1024  # whose capabilities are kept, for each provider
# They say whose account is used: not sent beside a caller's own key.
_OF_THE_OPERATOR: Final = ("authorization", "openai-organization", "openai-project")
_HEADER_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")


class Compatible:
    """A vendor of the chat dialect, as its `row` describes it and its operator set it up.

    `base_url` and `headers` of the operator win over the row's and over ours. Raises SettingsError where the
    address or the key is missing or cannot be one.
    """

    def __init__(
        self,
        name: str,
        row: Row,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        kind: str = "",
        models: Models | None = None,
        overrides: Mapping[str, Override] | None = None,
    ) -> None:
        self.name = name
        self.fans_out = row.fans_out
        self._row = row
        self._kind = kind
        self._parameters = row.parameters()
        self._models = models
        self._overrides = overrides or {}
        self._capabilities: dict[str, Capabilities] = {}
        self.takes_own_key = row.callers_key
        self._asks_usage = "stream_options" not in row.unsupported
        self._quirks = row.normaliser()
        self._url = _endpoint(name, base_url or row.base_url, "/chat/completions")
        self._responses_url = _endpoint(name, base_url or row.base_url, "/responses")
        # An address that the operator wrote may be private, and so may a kind that is a server on this machine.
        self._trusted = base_url is not None or urlsplit(self._url).hostname in ("127.0.0.1", "localhost")
        ours = {
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": f"penstock/{__version__}",
            **_credential(name, row, api_key),
            **{header.lower(): value for header, value in (headers or {}).items()},
        }
        for header, value in ours.items():
            if not _HEADER_NAME.fullmatch(header) or not (value.isascii() and value.isprintable()):
                raise SettingsError(f"provider '{name}': the header '{header}' cannot be sent as it is")
        self._headers = list(ours.items())
        self._stream_headers = [("accept", "text/event-stream") if h == "accept" else (h, v) for h, v in self._headers]
        self._secrets = tuple(value for value in (api_key, *(headers or {}).values()) if value and len(value) >= 6)

    def capabilities(self, model: str) -> Capabilities:
        """What the vendor's `model` can do: the operator's word, then what is known of the model, then the row."""
        known = self._capabilities.get(model)
        if known is None:
            known = known_capabilities(
                f"model '{model}' of provider '{self.name}'",
                self._parameters,
                self._models.find(self._kind, model) if self._models is not None else None,
                self._overrides.get(model) or self._overrides.get("*"),
                passes_unknown=self._row.passes_unknown,
                thinking=self._row.thinking,
                separating=self._row.separating,
                developer_role=self._row.developer_role,
                responses=self._row.responses,
            )
            if len(self._capabilities) >= _MOST_MODELS:  # clients choose names: the oldest one goes
                del self._capabilities[next(iter(self._capabilities))]
            self._capabilities[model] = known
        return known

    def native(self, call: Call, target: Target) -> bool:
        """Whether `call` is of the responses API, and goes there as it is."""
        return call.responses is not None and self.capabilities(target.model).responses

    def counting(self, members: Callable[[], Mapping[str, Raw]], model: str) -> Outgoing | None:
        """The request that asks how many tokens the input of a response has; None where the vendor does not say."""
        if not (self._row.counts and self.capabilities(model).responses):
            return None
        given = members()
        asked = {name: given[name] for name in _COUNTED if name in given}
        asked["model"] = Raw(msgspec.json.encode(model))
        return Outgoing(
            url=f"{self._responses_url}/input_tokens",
            headers=list(self._headers),
            body=msgspec.json.encode(asked),
            stream=False,
            trusted=self._trusted,
        )

    def prepare(self, call: Call, target: Target) -> Outgoing:
        """The request, rebuilt from the client's own members. Notes in `call.changed` what it did to them, in the
        place of what an earlier attempt did. Raises InvalidRequest for what the model cannot do, and
        UnsupportedParameter in strict mode."""
        if self.native(call, target):
            return self._outgoing(self._responses_url, call, self._native(call, target))
        capabilities = self._capabilities.get(target.model) or self.capabilities(target.model)
        settled = settle(call.members, capabilities)
        if call.changed:
            for name in (*call.members, "messages.role"):
                call.changed.pop(name, None)
        if settled.changed:
            if call.strict:
                check_strict(settled.changed, capabilities)
            call.changed.update(settled.changed)
        members = settled.members
        members["model"] = Raw(msgspec.json.encode(target.model))
        if call.stream:
            members["stream"] = _TRUE
            if self._asks_usage:
                members["stream_options"] = _with_usage(members.get("stream_options"))
        return self._outgoing(self._url, call, members)

    def _native(self, call: Call, target: Target) -> dict[str, Raw]:
        """The members of a call of the responses API. Only models that reason know of reasoning to send back."""
        assert call.responses is not None
        reasons = self.capabilities(target.model).support("reasoning_effort") is Support.NATIVE
        members, noted = call.responses(reasons)
        call.changed.clear()
        call.changed.update(noted)
        members["model"] = Raw(msgspec.json.encode(target.model))
        if call.stream:
            members["stream"] = _TRUE
        return members

    def _outgoing(self, url: str, call: Call, members: Mapping[str, Raw]) -> Outgoing:
        headers = list(self._stream_headers if call.stream else self._headers)
        if call.own_key is not None and self.takes_own_key:
            headers = [(name, value) for name, value in headers if name not in _OF_THE_OPERATOR]
            headers.append(("authorization", f"Bearer {call.own_key.value}"))
        return Outgoing(
            url=url,
            headers=headers,
            body=msgspec.json.encode(members),
            stream=call.stream,
            trusted=self._trusted,
        )

    def read(self, reply: Reply, call: Call, target: Target) -> Answer:
        """A whole answer. Raises UpstreamError where it holds the vendor's error, UpstreamBroke where it is none."""
        if self.native(call, target):
            return responses.read_whole(reply.body, target, secrets=self._secrets_of(call))
        return read_whole(reply.body, call, target, quirks=self._quirks, secrets=self._secrets_of(call))

    def reader(self, call: Call, target: Target) -> Reader:
        """A reader for one streamed answer."""
        if self.native(call, target):
            return responses.ResponsesReader(target, secrets=self._secrets_of(call))
        return ChunkReader(call, target, quirks=self._quirks, secrets=self._secrets_of(call))

    def explain(self, reply: Reply, call: Call) -> UpstreamError:
        """What an error answer means, with the vendor's message but without anything that looks like a secret."""
        return explain(
            reply.status,
            reply.headers,
            reply.body,
            provider=self.name,
            secrets=self._secrets_of(call),
            callers_key=call.own_key is not None and self.takes_own_key,
        )

    def _secrets_of(self, call: Call) -> tuple[str, ...]:
        return self._secrets if call.own_key is None else (*self._secrets, call.own_key.value)


def _with_usage(options: Raw | None) -> Raw:
    """The client's stream options, with usage asked for: without it nobody could meter the stream."""
    if options is None or bytes(options) == b"null":
        return _USAGE
    members = msgspec.json.decode(options, type=dict[str, Raw])
    members["include_usage"] = _TRUE
    return Raw(msgspec.json.encode(members))


def _endpoint(name: str, base_url: str | None, path: str) -> str:
    """The address of `path` below `base_url`; a query, as Azure's dated versions have, stays at its end."""
    if base_url is None:
        raise SettingsError(f"provider '{name}': its kind has no address of its own; set base_url")
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise SettingsError(f"provider '{name}': base_url must be http://HOST... or https://HOST..., without a user")
    return parts._replace(path=parts.path.rstrip("/") + path, fragment="").geturl()


def _credential(name: str, row: Row, api_key: str | None) -> dict[str, str]:
    if not api_key:
        if row.auth != "none" and not row.key_optional:
            raise SettingsError(f"provider '{name}': its kind needs an api_key")
        return {}
    match row.auth:
        case "bearer":
            return {"authorization": f"Bearer {api_key}"}
        case "api-key":
            return {"api-key": api_key}
        case "none":
            raise SettingsError(f"provider '{name}': its kind takes no api_key")
