from __future__ import annotations

import pytest

from penstock.core.errors import PermissionDenied, UpstreamUnreachable
from penstock.transport.guard import Guard, is_public

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:0001::",
    ],
)
def test_private_addresses_in_every_dress(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "2130706433", "0x7f.1"])
async def test_a_private_host_is_refused_by_name_and_by_number(host: str) -> None:
    with pytest.raises(PermissionDenied) as error:
        await Guard().pin(host, 80)
    assert error.value.code == "address_not_allowed"


async def test_a_public_number_is_pinned_to_itself_and_remembered() -> None:
    guard = Guard()
    pin = await guard.pin("1.1.1.1", 443)
    assert (pin.address, pin.port) == ("1.1.1.1", 443)
    assert await guard.pin("1.1.1.1", 443) is pin


async def test_a_name_without_an_address_is_an_unreachable_vendor() -> None:
    with pytest.raises(UpstreamUnreachable):
        await Guard().pin("no-such-name.invalid", 443)
