"""What somebody is told who has given too many wrong passwords. The counting is django-axes'."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from acme_importer.error_pages import error_page
from acme_importer.texts import duration


def locked_out(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """The response to every login from an address, or as a user, with too many failures."""
    seconds = round(settings.AXES_COOLOFF_TIME.total_seconds())
    return error_page(
        request,
        429,
        title="Too many failed logins",
        text=f"There were too many failed logins with this name or from this address. Wait {duration(seconds)} "
        "and try again. An administrator of this server can end the wait with manage.py axes_reset.",
        retry_after=seconds,
    )
