from __future__ import annotations

import pytest

from penstock.providers.rows import load_rows
from penstock.routing.known import KnownError, load_known

TABLE = """
[acme]
source = "https://acme.example/models"
names = ["Big", "big-2026"]
[acme.snapshots]
"Big" = "big-2026"
"""


def test_names_lead_to_the_dated_model_in_any_case() -> None:
    assert load_known(TABLE)["acme"].folded() == {"big": "big-2026", "big-2026": "big-2026"}


def test_the_table_names_kinds_of_providers_that_there_are() -> None:
    known = load_known()
    assert set(known) <= set(load_rows())
    folded = known["openai"].folded()
    assert (folded["gpt-4"], folded["gpt-4-turbo"], folded["gpt-4-turbo-preview"], folded["gpt-4o"]) == (
        "gpt-4-0613",
        "gpt-4-turbo-2024-04-09",
        "gpt-4-0125-preview",
        "gpt-4o-2024-08-06",
    )


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ('"big-2026"]', '"big-2025"]', "snapshots: 'big-2026' is not among the names"),
        ('"big-2026"]', '"big-2026", "BIG"]', "names: one is there twice"),
        ('"big-2026"]', '"big-2026", "a/b"]', "names"),
        ("source", "sauce", "sauce"),
        ("https", "http", "source"),
        ("[acme]", "[acme", "known.toml"),
    ],
)
def test_a_wrong_table_is_refused_with_the_place(was: str, now: str, says: str) -> None:
    with pytest.raises(KnownError, match=says):
        load_known(TABLE.replace(was, now))
