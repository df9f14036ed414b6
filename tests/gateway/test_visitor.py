"""What a request says of who asks."""

from __future__ import annotations

import pytest

from relay.gateway.visitor import client_address, preferred
from relay.network import prefix

PROXIES = ("10.0.0.0/8", "::1/128")


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        *(("", "en"), ("*", "en"), ("fr;q=0", "en"), ("ja, fr;q=0.1", "fr"), ("EN-us", "en")),
        *(("de;q=0.5, es;q=0.6", "es"), (",,;;q=", "en"), ("x" * 5000, "en"), ("fr;q=2", "en")),
    ],
)
def test_the_best_language(header: str, lang: str) -> None:
    assert preferred(header) == lang


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),  # no proxy of ours says so
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),  # the rest is a claim
        ("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", ", , ", "10.0.0.1"),
        ("10.0.0.1", "10.1.1.1," * 5000 + "10.1.1.1", "10.1.1.1"),
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("", "1.2.3.4", ""),
        ("fe80::1%eth0", "", "fe80::1"),
    ],
)
def test_the_address_is_what_trusted_proxies_tell(peer: str, forwarded: str, address: str):
    assert client_address(peer, forwarded, PROXIES) == address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2ff:3::4", "2001:db8:1:200::/56"),
        ("", ""),
    ],
)
def test_the_network_of_an_address(address: str, network: str):
    assert prefix(address) == network
