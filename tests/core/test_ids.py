"""Ids: nobody can guess them, and nobody gets one twice."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor

from penstock.core.ids import new_id, timed_id


def test_ids_have_their_form() -> None:
    assert re.fullmatch(r"x_[0-9a-f]{32}", new_id("x_"))
    assert re.fullmatch(r"y_00000000007b[0-9a-f]{20}", timed_id("y_", 123))


def test_no_two_threads_get_the_same() -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: [new_id("") for _ in range(5000)], range(4)))
    assert len({id for ids in found for id in ids}) == 20_000


def test_a_forked_process_has_randomness_of_its_own() -> None:
    new_id("")  # what is drawn ahead is there
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, "".join(new_id("") for _ in range(3)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    theirs = os.read(reader, 1000).decode()
    os.close(reader)
    assert len(theirs) == 96
    assert new_id("") not in theirs
