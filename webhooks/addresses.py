"""Which URLs and which addresses webhooks may be sent to. Knows no database."""

from __future__ import annotations

import socket
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

Address = IPv4Address | IPv6Address


def is_allowed(address: Address) -> bool:
    """Whether a webhook may go to `address`: to the Internet, or to a network that WEBHOOK_ALLOWED_NETWORKS names."""
    address = unwrapped(address)
    return is_in_allowed_network(address) or is_on_the_internet(address)


def is_in_allowed_network(address: Address) -> bool:
    """Whether the setting WEBHOOK_ALLOWED_NETWORKS names a network with this address."""
    address = unwrapped(address)
    return any(address in network for network in settings.WEBHOOK_ALLOWED_NETWORKS)


def is_on_the_internet(address: Address) -> bool:
    """Whether `address` is on the public Internet: not private, loopback, link-local, metadata or otherwise special."""
    special = address.is_multicast or address.is_reserved or address.is_unspecified or not address.is_global
    return not special and not any(address in network for network in _inside())


@cache
def _inside() -> tuple[IPv4Network | IPv6Network, ...]:
    """Special addresses that Python, or an older Python, considers public."""
    # It brings an HTTP client with it, which commands and most workers do without.
    from requests_hardened.ip_filter import EXTRA_BLOCKED_NET_RANGES  # noqa: PLC0415

    return (
        *EXTRA_BLOCKED_NET_RANGES,  # NAT64, 6to4, others that can stand for an inner IPv4 address; protocol assignments
        ip_network("168.63.129.16/32"),  # Azure's host agent
        ip_network("2001::/32"),  # Teredo: hides an IPv4 address as well
        ip_network("fec0::/10"),  # site-local, the forerunner of fc00::/7
    )


def unwrapped(address: Address) -> Address:
    """The IPv4 address within `::ffff:192.0.2.1`; any other address as it is."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def validate_url(url: str) -> None:
    """Refuse a URL that webhooks cannot or must not be sent to.

    A host name is not resolved here: that happens, and is checked, with each attempt.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise ValidationError(f"This is not a valid URL: {error}.", code="invalid") from None
    if parts.scheme not in ("http", "https") or not host or any(c.isspace() or not c.isprintable() for c in url):
        raise ValidationError("Enter a URL that begins with https:// or http://.", code="invalid")
    if parts.scheme == "http" and settings.WEBHOOK_REQUIRE_HTTPS:
        raise ValidationError("The URL must begin with https:// (setting WEBHOOK_REQUIRE_HTTPS).", code="https")
    if parts.username is not None or parts.password is not None:
        raise ValidationError("The URL must not contain a user name or password.", code="credentials")
    address = numeric_address(host)
    if address is not None and not is_allowed(address):
        raise ValidationError(
            "Webhooks are not sent to private, local or reserved addresses (setting WEBHOOK_ALLOWED_NETWORKS).",
            code="address",
        )


def numeric_address(host: str) -> Address | None:
    """The address that `host` is a spelling of (also `2130706433`, `0x7f.1`, `0177.0.0.1`), or None for a name.

    Asks the same function as connecting does, so that both read a spelling alike.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return ip_address(found[0][4][0])
