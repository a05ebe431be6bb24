"""The one path of a model call."""

from penstock.gateway.arrival import Arrival
from penstock.gateway.gateway import Gateway
from penstock.gateway.sink import Sink

__all__ = ["Arrival", "Gateway", "Sink"]
