"""Errors on the wire: whole, and as the last frame of a broken stream."""

from __future__ import annotations

import json

from penstock.core.errors import InvalidRequest, UpstreamBroke, UpstreamError
from penstock.dialects.errors import error_body, error_frame


def test_a_body_has_the_official_object_and_the_request_id() -> None:
    error = InvalidRequest("'n' is 0.", param="n", code="integer_below_min_value")
    assert json.loads(error_body(error, "req_1")) == {
        "error": {
            "message": "'n' is 0.",
            "type": "invalid_request_error",
            "param": "n",
            "code": "integer_below_min_value",
            "request_id": "req_1",
        }
    }


def test_param_and_code_are_null_where_there_is_none() -> None:
    got = json.loads(error_body(UpstreamError("gone", code=None), "req_1"))["error"]
    assert got["param"] is None
    assert set(got) == {"message", "type", "param", "code", "request_id"}


def test_a_frame_is_one_data_line_and_a_blank_one_with_lf_only() -> None:
    error = UpstreamBroke("the answer was cut\r\nin the middle \u2028 of a line")
    frame = error_frame(error, "req_2")
    assert frame.startswith(b"data: {")
    assert frame.endswith(b"}\n\n")
    assert frame.count(b"\n") == 2
    assert b"\r" not in frame
    assert json.loads(frame[len(b"data: ") :]) == json.loads(error_body(error, "req_2"))


def test_words_that_no_json_can_carry_do_not_break_the_error() -> None:
    got = json.loads(error_body(UpstreamError("bad \ud800 name", param="\udfff"), "req_3"))["error"]
    assert got["message"] == "bad ? name"
    assert got["param"] == "?"
