"""The network that an address belongs to: what one person can have many addresses of. Pure."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


@lru_cache(maxsize=4096)
def prefix(text: str) -> str:
    """The network that an address belongs to: /24 of IPv4, /56 of IPv6."""
    found = parsed(text)
    if found is None:
        return text
    return str(ip_network(f"{found}/{24 if found.version == 4 else 56}", strict=False))


@lru_cache(maxsize=4096)
def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address; one of IPv4 that is mapped into IPv6 as what it is. None: it is none."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
