"""Who acts at the moment: the sender of the request in progress, or whoever runs the command.

In a context variable, so that no function between a view and what it changes has to hand it on. The request is asked
for its user only when something is recorded: REST framework looks at tokens late.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from acme_importer import request_ids
from acme_importer.addresses import client_address
from acme_importer.audit.acts import Way

API_PATH = "/api/"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, from where, and how. A name without a user is that of a system user."""

    way: Way = Way.SYSTEM
    user: Any = None
    name: str = ""
    token: str = ""
    address: str = ""
    request_id: str = ""


_source: ContextVar[Callable[[], Actor]] = ContextVar("source", default=Actor)


def current() -> Actor:
    """Who acts now."""
    return _source.get()()


@contextmanager
def acting(source: Callable[[], Actor]) -> Iterator[None]:
    """Within this, `source` says who acts."""
    before = _source.set(source)
    try:
        yield
    finally:
        _source.reset(before)


class ActingMiddleware:
    """Notes the request in progress as the one whose sender acts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with acting(lambda: sender(request)):
            return self.get_response(request)


def sender(request: HttpRequest) -> Actor:
    """Who has sent `request`, as far as it has been found out by now.

    REST framework writes the user and the token that it finds onto Django's request. The id is that of
    the request in progress.
    """
    user = getattr(request, "user", None)
    known = user if user is not None and user.is_authenticated else None
    token = getattr(request, "auth", None)
    return Actor(
        way=Way.API if request.path_info.startswith(API_PATH) else Way.DASHBOARD,
        user=known,
        # A token without a name is not shown by its key.
        token="" if token is None else str(getattr(token, "name", "") or "unnamed"),
        address=client_address(request),
        request_id=request_ids.current(),
    )


def command() -> Actor:
    """Who runs this process: the system user, whatever the environment says."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        # A container may run as a user that has no name.
        name = f"uid {os.getuid()}"
    return Actor(way=Way.COMMAND, name=name, address="command")
