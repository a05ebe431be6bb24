"""Valid responses requests of every kind, for property tests."""

from __future__ import annotations

from itertools import chain
from typing import Any

from hypothesis import strategies as st

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
NAMES = st.text("abcXYZ019_-", min_size=1, max_size=6)
ADDRESSES = st.sampled_from(["https://example.com/a", "http://example.com", "data:image/png;base64,YWJj"])


def optional(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with any of `members`, or null in their place."""
    return st.fixed_dictionaries({}, optional={name: values | st.none() for name, values in members.items()})


def made(known: dict[str, Any], *others: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with the members `known`, some of them strategies, and those of `others`."""
    fixed = {name: value if isinstance(value, st.SearchStrategy) else st.just(value) for name, value in known.items()}
    return st.tuples(st.fixed_dictionaries(fixed), *others).map(merged)


def merged(objects: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """One object of all members."""
    return {name: value for each in objects for name, value in each.items()}


STATUS = optional(id=st.just("item_1"), status=st.sampled_from(["in_progress", "completed"]))
INPUT_TEXT = made({"type": "input_text", "text": TEXT}, optional(prompt_cache_breakpoint=st.just({"mode": "explicit"})))
IMAGE = made(
    {"type": "input_image", "image_url": ADDRESSES},
    optional(detail=st.sampled_from(["auto", "low", "high", "original"])),
)
FILE = st.one_of(
    made(
        {"type": "input_file", "file_data": st.sampled_from(["YWJj", "data:a/b;base64,YWJj"])}, optional(filename=TEXT)
    ),
    made({"type": "input_file", "file_url": "https://example.com/a.pdf"}, optional(detail=st.just("low"))),
    made({"type": "input_file", "file_id": "file_1"}),
)
INPUT = TEXT | st.lists(INPUT_TEXT | IMAGE | FILE, max_size=3)
WRITTEN = TEXT | st.lists(
    made({"type": "output_text", "text": TEXT}, optional(annotations=st.just([]), logprobs=st.just([])))
    | made({"type": "refusal", "refusal": TEXT})
    | made({"type": "input_text", "text": TEXT}),
    max_size=3,
)
OUTPUT = TEXT | st.lists(INPUT_TEXT | IMAGE | FILE, max_size=2)
USER = made({"role": "user", "content": INPUT}, STATUS, optional(type=st.just("message")))
INSTRUCTIONS = made(
    {"role": st.sampled_from(["system", "developer"]), "content": TEXT | st.lists(INPUT_TEXT, max_size=2)}
)
ASSISTANT = made(
    {"role": "assistant", "content": WRITTEN}, STATUS, optional(phase=st.sampled_from(["commentary", "final_answer"]))
)
REASONING = made(
    {"type": "reasoning", "summary": st.lists(made({"type": "summary_text", "text": TEXT}), max_size=1)},
    optional(
        content=st.lists(made({"type": "reasoning_text", "text": TEXT}), max_size=2),
        encrypted_content=st.just("secret"),
    ),
)


@st.composite
def turns(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What the model says, thinks and calls in one turn, with the outputs somewhere behind their calls; ids repeat
    from turn to turn."""
    items = [*draw(st.lists(REASONING | ASSISTANT, max_size=2))]
    waiting: list[dict[str, Any]] = []
    for i in range(draw(st.integers(0, 3))):
        call: dict[str, Any] = {"call_id": f"call_{i}", "name": draw(NAMES), **draw(STATUS)}
        if draw(st.booleans()):
            call |= {"type": "custom_tool_call", "input": draw(TEXT)}
        else:
            call |= {"type": "function_call", "arguments": draw(TEXT)}
        items.append(call)
        waiting.append({"type": f"{call['type']}_output", "call_id": f"call_{i}", "output": draw(OUTPUT)})
        items += draw(st.lists(REASONING | ASSISTANT, max_size=1))
        if draw(st.booleans()):
            items += draw(st.permutations(waiting))
            waiting = []
    return items + draw(st.permutations(waiting))


def conversations() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Items in an order in which they can stand, and not reasoning alone."""
    said = (USER | INSTRUCTIONS).map(lambda message: [message])
    items = st.lists(said | turns(), min_size=1, max_size=5).map(lambda parts: list(chain(*parts)))
    return items.filter(lambda items: any(item.get("type") != "reasoning" for item in items))


FUNCTION = made(
    {"type": "function", "name": "f"},
    optional(
        description=TEXT,
        parameters=st.just({"type": "object", "properties": {"a": {"type": "string"}}}),
        strict=st.booleans(),
        defer_loading=st.booleans(),
    ),
)
CUSTOM = made(
    {"type": "custom", "name": "c"},
    optional(
        description=TEXT,
        format=st.sampled_from([{"type": "text"}, {"type": "grammar", "syntax": "regex", "definition": "a+"}]),
    ),
)
NAMED = st.sampled_from([{"type": "function", "name": "f"}, {"type": "custom", "name": "c"}])
CHOICE = (
    st.sampled_from(["none", "auto", "required"])
    | NAMED
    | made(
        {"type": "allowed_tools", "mode": st.sampled_from(["auto", "required"])},
        made({"tools": st.lists(NAMED, min_size=1, max_size=2)}),
    )
)
TOOLS = made({"tools": st.tuples(FUNCTION, CUSTOM).map(list)}, optional(tool_choice=CHOICE))
FORMAT = st.sampled_from([{"type": "text"}, {"type": "json_object"}]) | made(
    {"type": "json_schema", "name": "answer", "schema": {"type": "object"}},
    optional(strict=st.booleans()),
    st.just({"description": "d"}) | st.just({}),
)
OTHERS = optional(
    instructions=TEXT,
    previous_response_id=st.just("resp_1"),
    store=st.booleans(),
    include=st.lists(st.sampled_from(["reasoning.encrypted_content", "message.output_text.logprobs"])),
    max_output_tokens=st.integers(16, 9999) | st.just(64.0),
    max_tool_calls=st.integers(1, 9),  # openresponses has no 0
    temperature=st.floats(0, 2),
    top_p=st.floats(0.5, 1),
    top_logprobs=st.integers(0, 20),
    presence_penalty=st.floats(-2, 2),
    frequency_penalty=st.integers(-2, 2),
    truncation=st.sampled_from(["auto", "disabled"]),
    text=optional(format=FORMAT, verbosity=st.sampled_from(["low", "medium", "high"])),
    reasoning=optional(
        effort=st.sampled_from(["none", "low", "max"]),
        summary=st.sampled_from(["auto", "concise"]),
        context=st.sampled_from(["auto", "current_turn", "all_turns"]),
        mode=st.sampled_from(["standard", "pro"]),
    ),
    parallel_tool_calls=st.booleans(),
    metadata=st.dictionaries(TEXT, TEXT, max_size=3),
    service_tier=st.sampled_from(["auto", "default", "flex", "priority", "ultrafast"]),
    user=TEXT,
    safety_identifier=TEXT,
    prompt_cache_key=TEXT,
    prompt_cache_retention=st.just("24h"),
    prompt_cache_options=optional(mode=st.just("explicit"), ttl=st.just("30m")),
    moderation=st.just({"model": "m"}),
    seed=st.integers(1, 99),
    stop=st.sampled_from(["a", ["a", "b"]]),
    top_k=st.integers(1, 9),
    enable_thinking=st.booleans(),
    provider=st.just("auto"),
    zzz=st.integers(),
)


def requests() -> st.SearchStrategy[dict[str, Any]]:
    """Requests that fit the dialect, and that a chat completion can say."""
    streamed = (
        st.just({})
        | optional(stream=st.booleans())
        | st.just({"stream": True, "stream_options": {"include_obfuscation": True}})
    )
    least = made({"model": "m", "input": TEXT | conversations()})
    return st.tuples(least, OTHERS, st.just({}) | TOOLS, streamed).map(merged)
