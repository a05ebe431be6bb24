"""Projects and keys: made, found, disabled."""

from penstock.accounts.keyring import Keyring
from penstock.accounts.keys import Key

__all__ = ["Key", "Keyring"]
