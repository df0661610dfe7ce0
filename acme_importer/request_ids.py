"""The id of each request: a proxy's, or one made here. The log, the audit trail and the response carry it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponseBase

from acme_importer import log_context

HEADER = "X-Request-ID"
# What looks like an id. Anything else is a stranger's text, and one is made instead.
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,99}")


def current() -> str:
    """The id of the request in progress; empty outside of one."""
    return str(log_context.current().get("request_id", ""))


class RequestIdMiddleware:
    """Gives the request its id. The first of all: whatever the others log has it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        # Not at the end of a call: Django logs what became of the request after that.
        request_finished.connect(_end, dispatch_uid=__name__)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        sent = request.headers.get(HEADER, "")
        request_id = sent if ID.fullmatch(sent) else secrets.token_hex(16)
        log_context.begin(request_id=request_id)
        response = self.get_response(request)
        response[HEADER] = request_id
        return response


def _end(**_signal: Any) -> None:
    log_context.begin()
