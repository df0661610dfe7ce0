"""What only the one who asked may see is kept by no cache: `Cache-Control: no-store`, unless a view says otherwise."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Data; what browsers show has its own rules, since *Back* is to work.
PRIVATE_TYPES = (
    "application/json",
    "application/vnd.oai.openapi",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "text/csv",
)


class NoStoreMiddleware:
    """Forbids caches to keep data: those of browsers on shared machines, and of proxies."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith(PRIVATE_TYPES):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
