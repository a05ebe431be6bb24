from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from penstock.params.models import ModelsError, load_models
from penstock.providers.rows import load_rows

ROW = '[[model]]\nvendors = ["v"]\nsource = "https://v.example"\n'
MODELS = load_models()


def test_the_longest_name_wins() -> None:
    models = load_models(
        f'{ROW}names = ["a*"]\ncontext = 1\n{ROW}names = ["ab*"]\ncontext = 2\n{ROW}names = ["abc"]\ncontext = 3'
    )
    found = {name: models.find("v", name) for name in ("a", "abd", "abc", "ABC")}
    assert {name: row.context for name, row in found.items() if row is not None} == {
        "a": 1,
        "abd": 2,
        "abc": 3,
        "ABC": 3,
    }
    assert models.find("v", "b") is None
    assert models.find("w", "a") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[model", "mine.toml: "),
        ("[[modle]]", "mine.toml: "),
        (f"{ROW}names = []", "at `$[...][0].names`"),
        (f'{ROW}names = ["a"]\ncontext = 0', "context"),
        (f'{ROW}names = ["a"]\nefforts = ["hard"]', "efforts"),
        (
            f'{ROW}names = ["a"]\nefforts = ["low"]\nby_effort = {{ default = "none" }}',
            "'none' is not one of its efforts",
        ),
        (f'{ROW}names = ["a"]\nby_effort = {{ default = "low", beside_tools = "high" }}', "beside_tools"),
        (f'{ROW}names = ["a"]\nignored = ["speed"]', "a: there is no parameter 'speed'"),
        (f'{ROW}names = ["a"]\nrenamed = {{ speed = "x" }}', "a: there is no parameter 'speed'"),
        (f'{ROW}names = ["a"]\n{ROW}names = ["a"]', "'a' of v is in two rows"),
    ],
)
def test_a_wrong_table_is_refused(text: str, words: str) -> None:
    with pytest.raises(ModelsError) as caught:
        load_models(text, "mine.toml")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("vendor", "model", "context", "most"),
    [
        ("openai", "gpt-4", 8192, 8192),
        ("openai", "gpt-4-0125-preview", 128000, 4096),
        ("openai", "gpt-4o-mini", 128000, 16384),
        ("openai", "o3", 200000, 100000),
        ("openai", "gpt-5.4", 1050000, 128000),
        ("anthropic", "claude-sonnet-5", 1000000, 128000),
        ("anthropic", "claude-haiku-4-5-20251001", 200000, 64000),
        ("gemini", "gemini-2.5-pro", 1048576, 65535),
        ("mistral", "mistral-large-2512", 256000, None),
        ("deepseek", "deepseek-v4-pro", 1000000, 384000),
    ],
)
def test_what_is_known_of_models(vendor: str, model: str, context: int, most: int | None) -> None:
    row = MODELS.find(vendor, model)
    assert row is not None
    assert (row.context, row.max_output) == (context, most)


def test_every_vendor_of_a_model_has_a_row() -> None:
    table = tomllib.loads(resources.files("penstock.params").joinpath("models.toml").read_text("utf-8"))
    assert {vendor for row in table["model"] for vendor in row["vendors"]} <= set(load_rows())


def test_a_name_that_nobody_knows() -> None:
    assert MODELS.find("openai", "gpt-99") is None
    assert MODELS.find("compatible", "gpt-4") is None
