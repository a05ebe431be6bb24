"""The address guard: an address that the operator did not write may only lead to the public internet.

The name is resolved once, every address is checked, and the connection goes to the address that was checked, so
that a second answer of the name server cannot lead elsewhere.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import msgspec

from penstock.core.errors import PermissionDenied, UpstreamUnreachable

_KEEP_S = 60.0
_KEEP_HOSTS = 1024


class Pin(msgspec.Struct, frozen=True):
    """A name, and the one checked address that stands for it."""

    host: str
    port: int
    address: str


class Guard:
    """Checks hosts, and remembers each answer for a minute."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[float, Pin]] = {}

    async def pin(self, host: str, port: int) -> Pin:
        """The pin for a host. Raises PermissionDenied for a private address, UpstreamUnreachable where it has none."""
        loop = asyncio.get_running_loop()
        known = self._known.get((host, port))
        if known is not None and known[0] > loop.time():
            return known[1]
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise UpstreamUnreachable(f"the name '{host}' has no address") from error
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            if not is_public(address):
                raise PermissionDenied(
                    f"the address of '{host}' is not public; only a base_url in the operator's settings may be private",
                    code="address_not_allowed",
                )
        pin = Pin(host, port, addresses[0])
        if len(self._known) >= _KEEP_HOSTS:
            self._known.clear()
        self._known[host, port] = (loop.time() + _KEEP_S, pin)
        return pin


def is_public(address: str) -> bool:
    """Whether an IP address (v4, v6, v4 inside v6) is reachable on the public internet and nowhere else."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in ipaddress.ip_network(
            "64:ff9b::/96"
        ):  # NAT64: the last four bytes are the v4 address
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast
