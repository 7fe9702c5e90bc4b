"""Whose word about the client's address is taken."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from control.kinds import Network


def client_address(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The last address of the chain that no trusted proxy of ours has."""
    hops = [hop.strip() for line in forwarded for hop in line.split(",") if hop.strip()]
    address = peer
    while hops and is_trusted(address, trusted):
        address = hops.pop()
    return address


def is_loopback(address: str) -> bool:
    """Whether the request came from this very host."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Whether this is a proxy of ours."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in trusted)
