"""Address arithmetic of virtual networks: plain functions, no store."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable
from itertools import combinations

RESERVED = 4
"""Azure keeps the first four addresses of a subnet (network, gateway, two for DNS) and the last one."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def prefix_problem(prefix: str) -> str | None:
    """Why a text is no CIDR prefix, None if it is one."""
    try:
        ipaddress.ip_network(prefix)
    except ValueError as error:
        return str(error)
    return None


def address_problem(address: str) -> str | None:
    """Why a text is no IP address, None if it is one."""
    try:
        ipaddress.ip_address(address)
    except ValueError as error:
        return str(error)
    return None


def overlapping(prefixes: Iterable[str]) -> tuple[str, str] | None:
    """Two of the prefixes that share addresses."""
    for one, other in combinations(prefixes, 2):
        if _network(one).overlaps(_network(other)):
            return one, other
    return None


def outside(prefix: str, spaces: Iterable[str]) -> bool:
    """Whether a prefix lies in none of the address spaces."""
    network = _network(prefix)
    return not any(_inside(network, _network(space)) for space in spaces)


def free_address(prefix: str, taken: Collection[str]) -> str | None:
    """The first address of a subnet that Azure may give out; None when all are taken."""
    network = _network(prefix)
    for number in range(RESERVED, network.num_addresses - 1):
        address = str(network[number])
        if address not in taken:
            return address
    return None


def is_inside(address: str, prefix: str) -> bool:
    """Whether an address is one of a prefix's."""
    return ipaddress.ip_address(address) in _network(prefix)


def is_reserved(address: str, prefix: str) -> bool:
    """Whether Azure keeps an address of a subnet for itself."""
    network = _network(prefix)
    number = int(ipaddress.ip_address(address)) - int(network.network_address)
    return number < RESERVED or number == network.num_addresses - 1


def _network(prefix: str) -> Network:
    return ipaddress.ip_network(prefix)


def _inside(network: Network, space: Network) -> bool:
    if network.version != space.version:
        return False
    first, last = network.network_address, network.broadcast_address
    return int(space.network_address) <= int(first) and int(last) <= int(space.broadcast_address)
