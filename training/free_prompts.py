"""Prompts that follow no pattern of ours: written from the list of skills alone.

Nothing in `training/conversations/` may be made after them, or they say nothing any more.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from training.conversations.example import Answer, Example, ToolCall
from training.conversations.tool_kit import right_calls

_FILE: Final = Path(__file__).with_suffix(".jsonl")
_HONEST: Final = "small demonstration model"
_REFUSAL: Final = "small demonstration model and "


def tasks() -> list[tuple[str, str, Example]]:
    """Row of the table of scores, name of the set, prompt; of every line of `free_prompts.jsonl`.

    A line has `row`, what is sent (`messages`, and perhaps `tools`, `tool_choice`, `response_format`), and `want`, one
    of: `calls` (these and no others), `nocalls`, `honest` (says what it is instead), `lines` (as many, all different),
    `json` (the value), `number` (first or last in the answer), `all` or `any` (of these words are in it).
    """
    lines = [json.loads(line) for line in _FILE.read_text("utf-8").splitlines()]
    return [(line["row"], f"{line['row']} (free prompts)", _example(line)) for line in lines]


def _example(line: dict[str, Any]) -> Example:
    want = line["want"]
    calls = [ToolCall(call["name"], call["arguments"]) for call in want.get("calls", ())]

    def accepts(given: Answer) -> bool:
        return right_calls(calls)(given) if calls else not given.calls and _right(want, given.text)

    return Example(
        line["messages"],
        Answer(json.dumps(want, ensure_ascii=False), calls),
        line.get("tools", []),
        accepts,
        response_format=line.get("response_format"),
        tool_choice=line.get("tool_choice"),
    )


def _right(want: dict[str, Any], text: str) -> bool:
    match want:
        case {"nocalls": True}:
            return True
        case {"honest": True}:
            return _HONEST in text
    if _REFUSAL in text:
        return False
    match want:
        case {"lines": count}:
            lines = [line for line in text.splitlines() if line.strip()]
            return len(lines) == len(set(lines)) == count
        case {"number": number}:
            return str(number) in re.findall(r"^\d+|\d+(?=\D*$)", text)
        case {"json": value}:
            try:
                return bool(json.loads(text) == value)
            except ValueError:
                return False
        case {"all": parts}:
            return all(_has(text, part) for part in parts)
        case {"any": parts}:
            return any(_has(text, part) for part in parts)
    raise ValueError(f"unknown: {want}")


def _has(text: str, part: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None
