"""The address that a request comes from, as far as it can be believed."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def client_address(request: HttpRequest | Request) -> str:
    """The client's IP address.

    Each of our PROXY_COUNT proxies appends to X-Forwarded-For the address that it was asked from; what stands before
    these the client may have written itself. Empty where the server was asked through a socket without address.
    """
    forwarded = [address.strip() for address in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    count = settings.PROXY_COUNT
    if count and forwarded != [""]:
        return forwarded[-min(count, len(forwarded))]
    return request.META.get("REMOTE_ADDR", "")
