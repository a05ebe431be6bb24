"""Writes docs/parameters.md from the types that read requests, the dialects and the capability table: `make docs`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from msgspec import Struct, inspect

from penstock.dialects.allowed import allowed
from penstock.dialects.chat.request import MAX_INT64, ChatCompletionRequest
from penstock.dialects.profiles import PROFILES, Profile
from penstock.params import Capabilities
from penstock.params.models import load_models
from penstock.providers.compatible import Compatible
from penstock.providers.local.capabilities import local_capabilities
from penstock.providers.rows import load_rows

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "parameters.md"

RANGES: Final = "dialects/test_parameter_ranges.py::test_in_every_dialect"
BOUNDS: Final = "dialects/test_profiles.py::test_ranges"
LOCAL: Final = "conformance/test_local_parameters.py::test_on_a_local_model"
OPENAI: Final = "conformance/test_parameters.py::test_at_openai"
ANY: Final = "conformance/test_parameters.py::test_at_any_vendor"
EACH: Final = (RANGES, LOCAL, OPENAI, ANY)
"""The tests that run once for every dialect and parameter, as `test[DIALECT-PARAMETER]`."""

_PROFILES: Final = "dialects/test_profiles.py::"
_TIDY: Final = "params/test_tidy.py::"
_SAMPLING: Final = "conformance/test_local_sampling.py::"
_ENDS: Final = "conformance/test_local_ends.py::"
_TOOLS: Final = "conformance/test_local_tools.py::"
_REST: Final = "conformance/test_local_parameters.py::"
_PENALTY: Final = _SAMPLING + "test_each_penalty_lowers_repetition_and_is_neutral_at_its_neutral_value"
_CUT: Final = _SAMPLING + "test_top_p_top_k_and_min_p_cut_the_tail"
_LOGPROBS: Final = "conformance/test_local_logprobs.py::test_every_token_has_an_entry"
_LEGACY: Final = _TOOLS + "test_the_deprecated_form_both_ways"

_EFFECTS: Final[Mapping[str, str]] = {
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
    "context_length_exceeded_behavior": _ENDS + "test_behaviour_error_says_the_numbers",
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
    "modalities": _REST + "test_speech_is_refused",
    "prediction": _REST + "test_prediction_is_ignored_and_said",
    "reasoning_effort": _REST + "test_thinking_can_be_turned_off",
    "enable_thinking": _REST + "test_thinking_can_be_turned_off",
    "separate_reasoning": _REST + "test_reasoning_stays_in_the_text_where_it_is_not_wanted_apart",
}
"""The test that shows what a parameter does to the answer of a local model; of the others nothing is to be seen."""

_LOCALLY: Final[Mapping[str, str]] = {
    "tool_choice": "native; a call that must be made is emulated",
    "parallel_tool_calls": "native; false is emulated",
    "function_call": "translated; a call that must be made is emulated",
    "reasoning_effort": "passed to the chat template",
}
"""What becomes of a parameter on a local model, where it depends on its value."""

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
- `reasoning_effort` becomes the nearest level that the model has. OpenAI's gpt-5.1, gpt-5.2 and gpt-5.4 take sampling
  at the level `none` alone: at another one it is ignored. Beside tools gpt-5.4 takes no level, so that it is ignored,
  and gpt-5.6 only `none`, which is then sent whatever was asked for; `POST /v1/responses` has tools and a level
  together. `by_effort` of a model's capabilities says so; a word of the settings on `reasoning_effort`, `tools` or one
  of the sampling parameters of a model ends these rules for it.
- Reasoning text is `reasoning_content` in every answer, whatever the vendor calls it.
- With `separate_reasoning` false, reasoning text is part of `content`, between `<think>` and `</think>`, as the
  models themselves write it; an answer in JSON keeps it apart (`ignored`).
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


def _function(test: str) -> str:
    return test.partition("::")[2]


_TABLE: Final = f"""\

## Every parameter

A row says what some [dialects](dialects.md) take, and what becomes of it on a local model, at OpenAI with `gpt-4o`,
and at a vendor of which nothing is known (`kind = "compatible"`). Below each statement stands the test that shows
it. `{_function(RANGES)}`, `{_function(LOCAL)}`, `{_function(OPENAI)}` and `{_function(ANY)}`
run once for every dialect and parameter, the last three over a socket: they hold every cell, also those that name
the test of an effect instead.
"""


class Cell(Struct, frozen=True):
    """One statement and the test that shows it, as `file::function` below tests/."""

    said: str
    test: str


class Row(Struct, frozen=True):
    """A parameter in the dialects that have the same rule for it."""

    parameter: str
    dialects: tuple[str, ...]
    takes: tuple[Cell, ...]
    local: Cell
    openai: Cell
    any_vendor: Cell

    def cells(self) -> tuple[Cell, ...]:
        """Every statement of the row."""
        return (*self.takes, self.local, self.openai, self.any_vendor)


def page() -> str:
    """The whole page, as it should stand in docs/parameters.md."""
    return _INTRO + _TABLE + "\n" + _table(rows())


def rows() -> list[Row]:
    """The table, in the order of the request's own type."""
    rows_of = load_rows()
    openai = Compatible("openai", rows_of["openai"], api_key="-", kind="openai", models=load_models())
    other = Compatible("any", rows_of["compatible"], base_url="https://vendor.example", kind="compatible")
    local = local_capabilities("any", None)
    found: list[Row] = []
    for field in _fields():
        name = field.name
        rules: dict[tuple[Cell, ...], list[str]] = {}
        for profile in PROFILES.values():
            rules.setdefault(_takes(profile, field), []).append(profile.name)
        found += [
            Row(
                name,
                tuple(dialects),
                takes,
                Cell(_LOCALLY.get(name) or _support(local, name), _EFFECTS.get(name, LOCAL)),
                Cell(_support(openai.capabilities("gpt-4o"), name), OPENAI),
                Cell(_support(other.capabilities("any"), name), ANY),
            )
            for takes, dialects in rules.items()
        ]
    return found


def _fields() -> list[inspect.Field]:
    """Every parameter, in the order of the request's own type."""
    shape = cast("inspect.StructType", inspect.type_info(ChatCompletionRequest))
    return [field for field in shape.fields if field.name not in ("model", "messages")]


def _takes(profile: Profile, field: inspect.Field) -> tuple[Cell, ...]:
    """What a dialect takes, and what it does by itself."""
    name, bound = field.name, profile.bounds.get(field.name)
    takes = [Cell(_short(bound.said), BOUNDS) if bound else Cell(_short(allowed(field.type)), RANGES)]
    if profile.default_max_tokens is not None and name == "max_tokens":
        test = "test_answers_have_512_tokens_in_aimlapi_legacy_where_nothing_is_said"
        takes.append(Cell(f"{profile.default_max_tokens} where no maximum is given", _PROFILES + test))
    if profile.stop_included and name == "stop":
        takes.append(Cell("stays in the text", _TIDY + "test_a_dialect_whose_stops_stay_in_the_text_says_so"))
    if profile.stop_included and name == "include_stop_str_in_output":
        takes.append(Cell("true beside `stop`", _TIDY + "test_a_dialect_whose_stops_stay_in_the_text_says_so"))
    if profile.always_usage and name == "stream":
        takes.append(Cell("always ends with usage", _PROFILES + "test_every_stream_of_aimlapi_ends_with_usage"))
    if profile.usage_choice_needed and name == "stream_options":
        test = "test_include_usage_is_needed_inside_stream_options_in_aimlapi_alone"
        takes.append(Cell("with `include_usage`", _PROFILES + test))
    return tuple(takes)


def _support(capabilities: Capabilities, name: str) -> str:
    if name in ("provider", "context_length_exceeded_behavior", "store"):
        return "by Penstock"
    if name not in capabilities.parameters:
        return "passed"
    return capabilities.support(name).value


def _short(text: str) -> str:
    return (
        text.removeprefix("an ")
        .removeprefix("a ")
        .replace(str(MAX_INT64), "2^63 - 1")
        .replace(str(-MAX_INT64 - 1), "-2^63")
    )


def _table(rows: list[Row]) -> str:
    lines = [["parameter", "dialects", "takes", "local model", "OpenAI", "any vendor"], ["---"] * 6]
    for row in rows:
        every = len(row.dialects) == len(PROFILES)
        dialects = "all" if every else ", ".join(f"`{name}`" for name in row.dialects)
        cells = ["<br>".join(map(_shown, row.takes)), *map(_shown, (row.local, row.openai, row.any_vendor))]
        lines.append([f"`{row.parameter}`", dialects, *cells])
    files = sorted({cell.test.partition("::")[0] for row in rows for cell in row.cells()})
    table = "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in lines)
    return table + "\n" + "".join(f"[{Path(file).stem}]: ../tests/{file}\n" for file in files)


def _shown(cell: Cell) -> str:
    file = Path(cell.test.partition("::")[0])
    return f"{cell.said}<br>[`{file.name}::{_function(cell.test)}`][{file.stem}]"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
