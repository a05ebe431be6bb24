"""The seam of a vendor: four pure functions and a few facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Raw

from penstock.core.answer import Answer, Reader
from penstock.core.call import Call
from penstock.core.errors import UpstreamError
from penstock.core.exchange import Outgoing, Reply, Target
from penstock.params import Capabilities


class Provider(Protocol):
    """A vendor as its operator set it up: address and credential are inside.

    `name` is the operator's name for it. `fans_out` is true where `n` > 1 must be made of n calls, `takes_own_key`
    where `Call.own_key` is meant for it.
    """

    name: str
    fans_out: bool
    takes_own_key: bool

    def capabilities(self, model: str) -> Capabilities:
        """What the vendor's `model` can do."""
        ...

    def native(self, call: Call, target: Target) -> bool:
        """Whether `call` is of the responses API, and goes there as it is."""
        ...

    def counting(self, members: Callable[[], Mapping[str, Raw]], model: str) -> Outgoing | None:
        """The request that asks how many tokens the input of a response has; None where the vendor does not say."""
        ...

    def prepare(self, call: Call, target: Target) -> Outgoing:
        """The request to send; notes what it changed in `call.changed`."""
        ...

    def read(self, reply: Reply, call: Call, target: Target) -> Answer:
        """A whole answer. Raises UpstreamBroke where it is none."""
        ...

    def reader(self, call: Call, target: Target) -> Reader:
        """A reader for one streamed answer."""
        ...

    def explain(self, reply: Reply, call: Call) -> UpstreamError:
        """What an error answer (any status but 2xx) means, with the vendor's message."""
        ...
