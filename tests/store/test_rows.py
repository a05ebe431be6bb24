from __future__ import annotations

import msgspec
import pytest
from tests.store.records import a_record

from penstock.core.record import Record
from penstock.core.usage import Usage
from penstock.store.rows import COLUMNS, record_of_line, record_of_row, row_of_line
from penstock.store.schema import requests


@pytest.mark.parametrize(
    "record",
    [
        a_record(1),
        a_record(2, usage=None, attempts=[], finish_reasons=[], params={}, first_token_us=None, stream=True),
        a_record(5, cost_nano=0, price_nano=882_000, price_version="v", usage=Usage(8, 10, image_prompt_tokens=3)),
        a_record(3, prompt='[{"role":"user","content":"hi \\u00e9"}]', answer='{"choices":[]}'),
        Record("req_4", 1, "p", "key", "name", "chat.completions", "openai", "modèle 🦆"),
    ],
    ids=["usual", "bare", "with a cost", "with content", "refused"],
)
def test_a_record_is_the_same_in_each_form(record: Record) -> None:
    line = msgspec.json.encode(record)
    assert record_of_line(line) == record
    assert record_of_row(row_of_line(line)) == record


def test_every_field_has_its_column_and_the_other_way_round() -> None:
    assert set(COLUMNS) | {"seq"} == set(requests.c.keys())
    fields = set(Record.__struct_fields__) - {"usage"}
    assert fields <= set(COLUMNS)


def test_fields_of_a_later_version_and_missing_ones_are_no_hindrance() -> None:
    line = (
        b'{"request_id":"r","time":1,"project":"p","key_id":"k","key_name":"n","endpoint":"e","dialect":"d",'
        b'"model_asked":"m","colour":"blue"}'
    )
    assert record_of_row(row_of_line(line)) == Record("r", 1, "p", "k", "n", "e", "d", "m")


def test_nul_in_a_name_becomes_what_every_database_holds() -> None:
    line = msgspec.json.encode(a_record(1, model_asked="gpt\0-4", prompt='{"a":"\\\\"}'))
    record = record_of_row(row_of_line(line))
    assert record.model_asked == "gpt\ufffd-4"
    assert record.prompt == '{"a":"\\\\"}'


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"\0" * 40, b'{"request_id":"r"}', b'{"request_id":1}', b'"\xff"'])
def test_what_is_no_record_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        row_of_line(line)
