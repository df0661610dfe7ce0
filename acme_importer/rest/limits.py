"""How many requests the API takes in a minute: from each user or token, and of wrong tokens from each address.

Counted in each web process for itself: this is to keep one client from the others' way, and costs no query. The header
fields are those of the IETF's draft (draft-ietf-httpapi-ratelimit-headers-10).
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import exception_handler

from acme_importer.addresses import client_address

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Usage:
    """How many requests somebody has left, and in how many seconds they get all of them again."""

    limit: int
    left: int
    seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """The header fields that tell it."""
        return {
            "RateLimit-Policy": f'"default";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"default";r={self.left};t={self.seconds}',
        }


def count_request(who: str) -> tuple[Usage, bool]:
    """Count a request of `who`; how many are left, and whether this one is within the limit."""
    limit = settings.API_REQUESTS_PER_MINUTE
    now = int(time.time())
    window, passed = divmod(now, WINDOW_SECONDS)
    key = f"requests:{window}:{hashlib.sha256(who.encode()).hexdigest()}"
    cache.add(key, 0, timeout=WINDOW_SECONDS)
    try:
        count = cache.incr(key)
    except ValueError:
        # The minute ended in between.
        count = 1
    return Usage(limit, max(limit - count, 0), WINDOW_SECONDS - passed), count <= limit


class RequestLimit(BaseThrottle):
    """Limits the requests of each user, or of each address if they are nobody's."""

    def __init__(self) -> None:
        self._usage: Usage | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        user = request.user
        who = f"user {user.pk}" if user and user.is_authenticated else f"address {client_address(request)}"
        # A token of its own is a client of its own.
        if request.auth:
            who = f"token {request.auth.pk}"
        self._usage, is_within = count_request(who)
        view.headers |= self._usage.headers
        return is_within

    def wait(self) -> float | None:
        return self._usage.seconds if self._usage else None


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's own handling, but that wrong or missing tokens are limited by address."""
    if isinstance(error, AuthenticationFailed | NotAuthenticated):
        usage, is_within = count_request(f"address {client_address(context['request'])}")
        context["view"].headers |= usage.headers
        if not is_within:
            error = Throttled(usage.seconds)
    return exception_handler(error, context)
