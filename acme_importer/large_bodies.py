"""Large bodies are read only from those who may send them. All others are refused before a byte of theirs is read.

Without this any page with a form, the login included, would take a file of gigabytes from anybody: Django reads a form
whole, files and all, to look for its CSRF token. A view that takes uploads names the permission for them as
`upload_permission`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from acme_importer.error_pages import error_page

# Larger ones are not in memory when a view is called: see `acme_importer.patient_worker`, which knows no Django.
SMALL_BODY_BYTES = 64 * 1024
LOG_IN = "Your login has ended, or there was none. Log in, and then send this again."


class LargeBodiesMiddleware:
    """Stands behind the session's middleware, which says whose request it is, and before whatever reads forms."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: Any) -> HttpResponse | None:
        """Refuse a body that its sender may not send. The API itself refuses tokens and strangers unread."""
        length = _announced_length(request)
        if length <= SMALL_BODY_BYTES:
            return None
        api_view = getattr(view, "cls", None)
        view_class = api_view or getattr(view, "view_class", None)
        permission = getattr(view_class, "upload_permission", None)
        if _has_token(request, api_view):
            return None
        if not request.user.is_authenticated:
            return None if api_view else error_page(request, 403, title="Not logged in", text=LOG_IN)
        if permission:
            # Files have a limit of their own, which says how to get below it.
            return None if request.user.has_perm(permission) else error_page(request, 403)
        return error_page(request, 413) if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE else None


def _has_token(request: HttpRequest, api_view: Any) -> bool:
    """Whether the API asks a token, and not the session, whose request this is."""
    return api_view is not None and "HTTP_AUTHORIZATION" in request.META


def _announced_length(request: HttpRequest) -> int:
    """What Content-Length says. Without it Django reads nothing."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
