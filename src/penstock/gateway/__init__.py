"""The one path of a model call."""

from penstock.gateway.gateway import Arrival, Gateway
from penstock.gateway.sink import Sink

__all__ = ["Arrival", "Gateway", "Sink"]
