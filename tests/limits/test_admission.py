from __future__ import annotations

import pytest

from penstock.core.errors import Unavailable
from penstock.limits import Admission


def test_places_are_taken_and_given_back_also_after_a_failure() -> None:
    admission = Admission(1)
    with admission.admit():
        assert admission.running == 1
    with pytest.raises(ZeroDivisionError), admission.admit():
        raise ZeroDivisionError
    assert admission.running == 0


def test_over_the_bound_the_refusal_says_when_to_come_again() -> None:
    admission = Admission(1)
    with admission.admit(), pytest.raises(Unavailable) as error:
        admission.admit()
    assert error.value.headers["retry-after"] == "1"
    assert admission.running == 0


def test_a_draining_server_takes_nothing_new() -> None:
    admission = Admission(10)
    admission.draining = True
    with pytest.raises(Unavailable) as error:
        admission.admit()
    assert error.value.code == "stopping"
