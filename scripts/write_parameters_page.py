"""Writes docs/parameters.md from the types that read requests, the dialects and the capability table: `make docs`."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from msgspec import inspect

from penstock.dialects.allowed import allowed
from penstock.dialects.chat.request import MAX_INT64, ChatCompletionRequest
from penstock.dialects.profiles import PROFILES, Profile
from penstock.params import Capabilities, Support
from penstock.params.models import load_models
from penstock.providers.compatible import Compatible
from penstock.providers.local.capabilities import local_capabilities
from penstock.providers.rows import load_rows

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "parameters.md"

RANGES: Final = "dialects/test_parameter_ranges.py::test_in_every_dialect"
BOUNDS: Final = "dialects/test_profiles.py::test_ranges"
OPENAI: Final = "conformance/test_parameters.py::test_at_openai"
ANY: Final = "conformance/test_parameters.py::test_at_any_vendor"
_SAMPLING: Final = "conformance/test_local_sampling.py::"
_ENDS: Final = "conformance/test_local_ends.py::"
_TOOLS: Final = "conformance/test_local_tools.py::"
_PENALTY: Final = _SAMPLING + "test_each_penalty_lowers_repetition_and_is_neutral_at_its_neutral_value"
_CUT: Final = _SAMPLING + "test_top_p_top_k_and_min_p_cut_the_tail"
_LOGPROBS: Final = "conformance/test_local_logprobs.py::test_every_token_has_an_entry"
_LEGACY: Final = _TOOLS + "test_the_deprecated_form_both_ways"

LOCAL: Final[Mapping[str, str]] = {
    "temperature": _SAMPLING + "test_temperature_0_is_greedy",
    "top_p": _CUT,
    "top_k": _CUT,
    "min_p": _CUT,
    "repetition_penalty": _PENALTY,
    "presence_penalty": _PENALTY,
    "frequency_penalty": _PENALTY,
    "logit_bias": _SAMPLING + "test_a_bias_of_100_forces_a_token_and_of_minus_100_bans_it",
    "seed": _SAMPLING + "test_a_seed_gives_the_same_twice_and_streamed",
    "n": "conformance/test_local_choices.py::test_each_choice_has_its_own_seed",
    "stop": _ENDS + "test_a_stop_sequence_never_leaks",
    "include_stop_str_in_output": _ENDS + "test_a_stop_sequence_never_leaks",
    "max_tokens": _ENDS + "test_the_maximum_is_kept",
    "max_completion_tokens": _ENDS + "test_of_two_maxima_the_newer_wins",
    "context_length_exceeded_behavior": _ENDS + "test_a_maximum_that_does_not_fit_is_reduced_and_said",
    "stream": "conformance/test_llama_cpp.py::test_whole_and_streamed",
    "stream_options": "conformance/test_local_choices.py::test_usage_is_the_sum_whole_and_streamed",
    "logprobs": _LOGPROBS,
    "top_logprobs": _LOGPROBS,
    "response_format": "conformance/test_local_json.py::test_a_strict_answer_fits_its_schema_whole_and_streamed",
    "tools": _TOOLS + "test_auto_may_call_and_may_not",
    "tool_choice": _TOOLS + "test_a_call_that_must_be_made_is_made",
    "parallel_tool_calls": _TOOLS + "test_parallel_calls_and_at_most_one",
    "functions": _LEGACY,
    "function_call": _LEGACY,
    "modalities": "conformance/test_local_parameters.py::test_speech_is_refused",
    "prediction": "conformance/test_local_parameters.py::test_prediction_is_ignored_and_said",
    "reasoning_effort": "conformance/test_local_parameters.py::test_thinking_can_be_turned_off",
    "enable_thinking": "conformance/test_local_parameters.py::test_thinking_can_be_turned_off",
    "separate_reasoning": "conformance/test_local_parameters.py::test_reasoning_is_told_apart_and_counted",
    "provider": "routing/test_pin.py::test_a_name_wins_over_a_kind",
}
"""The test that shows what a parameter does on a local model; the others are ignored there, all in one test."""
IGNORED_LOCALLY: Final = (
    "conformance/test_local_parameters.py::test_what_a_local_model_has_no_use_for_is_ignored_and_said"
)

_INTRO: Final = """\
# Parameters

<!-- Written by `make docs`: the text is in scripts/write_parameters_page.py, the facts in src/penstock. -->

A request may have more than its model can do: a vendor lacks a field, or knows it by another name. Nothing of it is
lost unseen. The header `x-penstock-params` of the answer, and the record of the request, name each field that was
not sent as it came:

| what | meaning |
|---|---|
| `translated` | sent under another name, in another form, or with the nearest value that the model has |
| `emulated` | the vendor lacks it, and Penstock does it: `n` is made of as many calls |
| `ignored` | the vendor lacks it: it was not sent, and had no effect |
| `passed` | nobody here knows it, and the vendor has extensions of its own: it was sent on unread |

Fields that are not named are native: sent as they came. Null, and values that ask for nothing (`n` of 1, a penalty
of 0, `logprobs` of false), are left out without a word where the vendor lacks the field. What an answer cannot do
without is refused: a 400 `unsupported_value` that names the model (`modalities` with audio, of a model that does
not speak), or the range that it takes.

`X-Strict-Params: true` refuses every change: a 400 `unsupported_parameter` that lists each field that would be
translated, emulated or ignored, before anything is sent.

## Where it is written

One table says what each model can do at its vendor: the vendor's [row](vendors.md#rows), then what is known of the
model (`src/penstock/params/models.toml`), then `context`, `max_output` and `parameters` of a
[`[[model]]`](settings.md#model) in the settings. For local models it is the engine's. The list of models shows it:
`GET /v1/models?include=capabilities`.

- All fields of OpenAI's chat completions request are native at every vendor, unless the table says otherwise.
- `top_k`, `min_p` and `repetition_penalty` are native where the row names them, passed on where the vendor takes
  unknown fields, and ignored elsewhere.
- A field that is in no list goes to vendors that take unknown fields (`passed`), and is ignored elsewhere.
- `include_stop_str_in_output`, `enable_thinking` and `separate_reasoning` come from other dialects. They go to a
  vendor only in the way that its row says: `enable_thinking` is `thinking` at DeepSeek, an argument of the chat
  template at vLLM, a level of `reasoning_effort` at OpenAI.
- `reasoning_effort` becomes the nearest level that the model has. Reasoning text is `reasoning_content` in every
  answer, whatever the vendor calls it.
- Keys of `logit_bias` that are no token ids are ignored, and `x-penstock-params` names them; so is `required`
  beside a function's `parameters`. `parameters: null` is left out.
- With a second attempt at another vendor, the header says what was done for the attempt that answered.

## What Penstock does itself

- `provider` names the vendor to call, by the provider's name or its kind, in any case, and then no other one is
  tried; `auto` leaves the choice to the settings.
- Of `max_tokens` and `max_completion_tokens` the second wins; the first is then ignored. More than the model's
  longest answer is reduced to it.
- `context_length_exceeded_behavior`: with `truncate`, which is the default, a maximum that does not fit beside the
  prompt is reduced to what does, and reported: on local models exactly, elsewhere by the numbers in the vendor's
  own refusal, with one more try. With `error`, and in strict mode, it is a 400. A prompt that is too long by itself
  is always a 400 `context_length_exceeded`.
- `stream_options.include_usage` is always asked of the vendor, for metering; the client gets the usage if it asked
  for it.
- Messages of the role `developer` go out as `system` where the vendor does not know it
  (`messages.role=translated`).

## Answers in JSON

A model that has no `response_format`, or lacks the type that is asked for, is asked in words: a system message with
the schema. Its answer is checked; one that does not fit goes back once, with what is wrong with it; after the
second one the call fails with a 502 `response_format_failed`. The usage of both tries counts. A stream begins after
the check; where that takes longer than `timeouts.keep_alive_s`, it begins with a comment that holds the connection,
and a failure is then its last event. An answer that was cut (`length`), filtered or refused, or that is a call of
tools, passes as it is. A schema that refers to another address is a 400.
"""

_DIALECTS: Final = """\

## What each dialect takes

Ranges are those of all [dialects](dialects.md), but for the columns that say otherwise. Behind each cell is the
test that holds it.
"""

_TARGETS: Final = """\

## What becomes of each parameter

Whatever the dialect: on a local model, at OpenAI with `gpt-4o`, and at a vendor of which nothing is known (`kind =
"compatible"`). Behind each cell is the test that shows it. Two things depend on the dialect: in `tokensmind` the
text keeps its stop sequence, as with `include_stop_str_in_output`, and in `aimlapi-legacy` an answer has 512 tokens
at most where the request names no maximum. A call of
tools that a local model is forced to make is reported as emulated.
"""


def page() -> str:
    """The whole page, as it should stand in docs/parameters.md."""
    return _INTRO + _DIALECTS + "\n" + _dialects() + _TARGETS + "\n" + _targets()


def tests() -> set[str]:
    """Every test that is behind a cell, as `file::function` below tests/."""
    return {RANGES, BOUNDS, OPENAI, ANY, IGNORED_LOCALLY, *LOCAL.values()}


def functions(file: str) -> set[str]:
    """The test functions in a file below tests/."""
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def _fields() -> list[inspect.Field]:
    """Every parameter, in the order of the request's own type."""
    shape = cast("inspect.StructType", inspect.type_info(ChatCompletionRequest))
    return [field for field in shape.fields if field.name not in ("model", "messages")]


def _dialects() -> str:
    rows = [["parameter", "every dialect", *PROFILES], ["---"] * (2 + len(PROFILES))]
    for field in _fields():
        own = [_own(profile, field.name) for profile in PROFILES.values()]
        said = _cell(_short(allowed(field.type)), RANGES)
        rows.append([f"`{field.name}`", said, *own])
    return _table(rows)


def _own(profile: Profile, name: str) -> str:
    if name in profile.bounds:
        return _cell(_short(profile.bounds[name].said), f"{BOUNDS}[{profile.name}]")
    return _cell("same", f"{RANGES}[{profile.name}-{name}]")


def _targets() -> str:
    rows_of = load_rows()
    openai = Compatible("openai", rows_of["openai"], api_key="-", kind="openai", models=load_models())
    other = Compatible("any", rows_of["compatible"], base_url="https://vendor.example", kind="compatible")
    local = local_capabilities("any", None)
    rows = [["parameter", "local model", "OpenAI", "any vendor"], ["---"] * 4]
    for field in _fields():
        name = field.name
        behind = LOCAL.get(name, IGNORED_LOCALLY)
        rows.append(
            [
                f"`{name}`",
                _cell(_support(local, name), behind),
                _cell(_support(openai.capabilities("gpt-4o"), name), f"{OPENAI}[{name}]"),
                _cell(_support(other.capabilities("any"), name), f"{ANY}[{name}]"),
            ]
        )
    return _table(rows)


def _support(capabilities: Capabilities, name: str) -> str:
    if name in ("provider", "context_length_exceeded_behavior"):
        return "by Penstock"
    if name not in capabilities.parameters:
        return "passed"
    support = capabilities.support(name)
    return "400" if support is Support.REFUSED else support.value


def _cell(text: str, test: str) -> str:
    file, _, function = test.partition("::")
    return f'[{text}](../tests/{file} "{function}")'


def _short(text: str) -> str:
    return (
        text.removeprefix("an ")
        .removeprefix("a ")
        .replace(str(MAX_INT64), "2^63 - 1")
        .replace(str(-MAX_INT64 - 1), "-2^63")
    )


def _table(rows: list[list[str]]) -> str:
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |\n" for row in rows)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
