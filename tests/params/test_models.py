from __future__ import annotations

import pytest

from penstock.params.models import ModelsError, load_models

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
    ("model", "context", "most"),
    [
        ("gpt-4", 8192, 8192),
        ("gpt-4-0125-preview", 128000, 4096),
        ("gpt-4o-mini", 128000, 16384),
        ("o3", 200000, 100000),
    ],
)
def test_what_is_known_of_openais_models(model: str, context: int, most: int) -> None:
    row = MODELS.find("openai", model)
    assert row is not None
    assert (row.context, row.max_output) == (context, most)


def test_a_name_that_nobody_knows() -> None:
    assert MODELS.find("openai", "gpt-99") is None
    assert MODELS.find("compatible", "gpt-4") is None
