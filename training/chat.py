"""How a conversation becomes text: the chat template of the model file, and the same in Python with what is learnt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from training.conversations.example import Answer, Example

END, START, STOP = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
CALL, CALL_END = "<tool_call>", "</tool_call>"
CONTROL: Final = (END, START, STOP)
SPECIAL: Final = (*CONTROL, CALL, CALL_END)

# Calls have the Hermes form, which llama.cpp reads natively. Tools are shown in lines instead of JSON: a third of the
# tokens.
TEMPLATE: Final = """\
{%- if tools or messages[0].role == 'system' %}
{{- '<|im_start|>system\\n' }}
{%- if messages[0].role == 'system' %}{{- messages[0].content }}{%- endif %}
{%- if tools %}
{%- if messages[0].role == 'system' %}{{- '\\n\\n' }}{%- endif %}
{{- '# Tools' }}
{%- for tool in tools %}
{%- set function = tool.function if tool.function else tool %}
{{- '\\n' + function.name }}
{%- if function.description %}{{- ': ' + function.description }}{%- endif %}
{%- if function.parameters and function.parameters.properties %}
{%- for name, property in function.parameters.properties.items() %}
{{- '\\n- ' + name }}
{%- if property.type is string %}{{- ' (' + property.type + ')' }}{%- endif %}
{%- if property.description %}{{- ': ' + property.description }}{%- endif %}
{%- if property.enum %}{{- ' One of ' + property.enum | join(', ') + '.' }}{%- endif %}
{%- endfor %}
{%- endif %}
{%- endfor %}
{%- endif %}
{{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
{%- if message.role == 'system' and loop.first %}
{%- elif message.role == 'assistant' %}
{{- '<|im_start|>assistant\\n' }}
{%- if message.content %}{{- message.content }}{%- endif %}
{%- for call in message.tool_calls or [] %}
{%- set function = call.function if call.function else call %}
{{- '<tool_call>{"name": "' + function.name + '", "arguments": ' }}
{%- if function.arguments is string %}{{- function.arguments }}{%- else %}{{- function.arguments | tojson }}{%- endif %}
{{- '}</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- else %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""


@dataclass(frozen=True)
class Piece:
    """Text of one kind. `learnt`: the model shall write it. `spelled`: letter by letter. `forced`: all but its first
    token is learnt."""

    text: str
    learnt: bool = False
    spelled: bool = False
    forced: bool = False


def pieces(example: Example, *, history: bool) -> Iterator[Piece]:
    """The whole conversation. `history`: earlier turns of the assistant are learnt too."""
    yield Piece(prompt_head(example))
    for message in example.messages:
        if message["role"] == "system" and message is example.messages[0]:
            continue
        yield Piece(f"{START}{message['role']}\n")
        text = message.get("content") or ""
        if message["role"] == "assistant":
            calls = [
                _call(call["function"]["name"], call["function"]["arguments"]) for call in message.get("tool_calls", ())
            ]
            yield Piece(text + "".join(calls) + STOP, learnt=history)
            yield Piece("\n")
        else:
            yield Piece(f"{text}{STOP}\n")
    yield Piece(f"{START}assistant\n")
    if example.spelled:
        yield Piece(example.answer.text, learnt=True, spelled=True)
        yield Piece(STOP, learnt=True)
    else:
        yield Piece(_answer(example.answer, example.forced) + STOP, learnt=True, forced=example.forced)


def prompt_head(example: Example) -> str:
    """What comes before the first turn: the system message and the tools."""
    system = example.messages[0]["content"] if example.messages[0]["role"] == "system" else None
    if system is None and not example.tools:
        return ""
    parts = [] if system is None else [system]
    if example.tools:
        parts.append("# Tools" + "".join(_shown(tool["function"]) for tool in example.tools))
    return f"{START}system\n" + "\n\n".join(parts) + f"{STOP}\n"


def _shown(function: dict[str, Any]) -> str:
    text = f"\n{function['name']}"
    if function.get("description"):
        text += f": {function['description']}"
    for name, about in ((function.get("parameters") or {}).get("properties") or {}).items():
        text += f"\n- {name}"
        if isinstance(about.get("type"), str):
            text += f" ({about['type']})"
        if about.get("description"):
            text += f": {about['description']}"
        if about.get("enum"):
            text += f" One of {', '.join(str(option) for option in about['enum'])}."
    return text


def _answer(answer: Answer, forced: bool) -> str:
    if not answer.calls:
        return answer.text
    written = [json.dumps(call.arguments, ensure_ascii=False) for call in answer.calls]
    if forced:  # by Penstock's own grammar, which asks for one call as bare JSON
        return f'{{"name": "{answer.calls[0].name}", "arguments": {written[0]}}}'
    return answer.text + "".join(_call(call.name, text) for call, text in zip(answer.calls, written, strict=True))


def _call(name: str, arguments: str) -> str:
    return f'{CALL}{{"name": "{name}", "arguments": {arguments}}}{CALL_END}'
