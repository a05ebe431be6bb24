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


@pytest.mark.parametrize("url", ["http://127.0.0.1/v1", "http://localhost:8000", "http://[::1]/", "http://2130706433/"])
async def test_a_private_host_is_refused_by_name_and_by_number(url: str) -> None:
    with pytest.raises(PermissionDenied) as error:
        await Guard().pin(url)
    assert error.value.code == "address_not_allowed"


async def test_a_public_number_is_pinned_to_itself_and_remembered() -> None:
    guard = Guard()
    pin = await guard.pin("https://1.1.1.1/v1")
    assert (pin.address, pin.port) == ("1.1.1.1", 443)
    assert await guard.pin("https://1.1.1.1/other") is pin


async def test_a_name_without_an_address_is_an_unreachable_vendor() -> None:
    with pytest.raises(UpstreamUnreachable):
        await Guard().pin("https://no-such-name.invalid/")
