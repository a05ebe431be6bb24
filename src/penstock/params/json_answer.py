"""What an answer in JSON must be, for models that cannot be held to it: how they are asked, and whether they did it."""

from __future__ import annotations

import re
from typing import Any, Final

import jsonschema_rs
import msgspec
from msgspec import Raw

from penstock.core.call import Call
from penstock.core.errors import InvalidRequest

_FENCED: Final = re.compile(r"```(?:json)?[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL | re.IGNORECASE)
_LONGEST: Final = 500  # characters of what is wrong with an answer: it repeats parts of it
_AT: Final = "response_format.json_schema.schema"


class JsonAnswer:
    """What `response_format` asks for. Raises InvalidRequest where its schema is none, or leads to another address."""

    def __init__(self, response_format: Raw) -> None:
        wanted: dict[str, Any] = msgspec.json.decode(response_format)
        self._schema: dict[str, Any] | None = None
        self._validator: jsonschema_rs.Validator | None = None
        if wanted["type"] == "json_schema":
            self._schema = wanted["json_schema"].get("schema")
            if self._schema is not None:
                self._validator = _validator(self._schema)

    def asked_of(self, call: Call) -> Call:
        """`call`, with a system message that asks for the answer in this form: in the first one, or before all."""
        messages = msgspec.json.decode(call.members["messages"], type=list[dict[str, Any]])
        first = messages[0]
        if first["role"] in ("system", "developer") and isinstance(first["content"], str):
            messages[0] = {**first, "content": f"{first['content']}\n\n{self._instruction()}"}
        else:
            messages.insert(0, {"role": "system", "content": self._instruction()})
        return _with(call, messages)

    def asked_again(self, call: Call, text: str, problem: str) -> Call:
        """`call`, with the answer `text` and what is wrong with it."""
        messages = msgspec.json.decode(call.members["messages"], type=list[dict[str, Any]])
        messages.append({"role": "assistant", "content": text})
        messages.append({"role": "user", "content": f"This answer does not do: {problem}.\n{self._instruction()}"})
        return _with(call, messages)

    def read(self, text: str) -> tuple[str, str | None]:
        """The JSON of an answer, without a code fence around it, and what is wrong with it, if anything is."""
        text = text.strip()
        if fenced := _FENCED.fullmatch(text):
            text = fenced[1].strip()
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            return text, f"it is not JSON ({str(error)[:_LONGEST]})"
        if self._schema is None and not isinstance(value, dict):
            return text, "it is not a JSON object"
        if self._validator is not None:
            for fault in self._validator.iter_errors(value):
                where = "".join(f"[{step!r}]" for step in fault.instance_path)
                return text, f"it does not fit the schema{' at ' + where if where else ''}: {fault.message[:_LONGEST]}"
        return text, None

    def _instruction(self) -> str:
        only = "and nothing else: no explanation before or after it, no code fence"
        if self._schema is None:
            return f"Answer with one JSON object {only}."
        schema = msgspec.json.encode(self._schema).decode()
        return f"Answer with one JSON value that fits the JSON schema below, {only}.\n{schema}"


def _validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    try:
        return jsonschema_rs.validator_for(
            schema,
            validate_formats=True,  # a format that nobody looks at would be none
            offline=True,  # a schema comes from the client: nothing that it names is fetched
            pattern_options=jsonschema_rs.RegexOptions(),  # in time that is linear in the text
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        why = (str(error).splitlines() or ["it is no JSON schema"])[0]
        raise InvalidRequest(
            f"'{_AT}' cannot be checked: {why[:_LONGEST]}", param=_AT, code="invalid_json_schema"
        ) from None


def _with(call: Call, messages: list[dict[str, Any]]) -> Call:
    members = {**call.members, "messages": Raw(msgspec.json.encode(messages))}
    return msgspec.structs.replace(call, members=members)
