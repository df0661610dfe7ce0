"""Maintenance: while MAINTENANCE is set, every request but the probes' gets the maintenance page."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase

from acme_importer.error_pages import error_page

RETRY_AFTER_SECONDS = 300
PROBES = ("/healthz", "/readyz", "/metrics")


class MaintenanceMiddleware:
    """Responds with 503 before anything reads the database. Static files are served before it, and pages need them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.MAINTENANCE:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.rstrip("/") in PROBES:
            return self.get_response(request)
        return error_page(request, 503, retry_after=RETRY_AFTER_SECONDS)
