"""The only room that opens sockets to vendors: connections, timeouts, the address guard."""

from penstock.transport.client import Transport, Upstream
from penstock.transport.patience import ClientStalled, Patience, Watch

__all__ = ["ClientStalled", "Patience", "Transport", "Upstream", "Watch"]
