"""Which target a call goes to, in what order, and whether another try makes sense."""

from penstock.routing.catalogue import Catalogue, Entry
from penstock.routing.known import KnownNames, load_known
from penstock.routing.retry import Again, decide

__all__ = ["Again", "Catalogue", "Entry", "KnownNames", "decide", "load_known"]
