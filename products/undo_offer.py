"""Where a bulk action can be undone, from the function that the setting BULK_UNDO names. Knows no undo itself."""

from __future__ import annotations

from functools import cache
from typing import Protocol

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.utils.module_loading import import_string


class Outlet(Protocol):
    """What BULK_UNDO names: the address of a page in the dashboard; empty if that user may not undo anything."""

    def __call__(self, first_set: int, last_set: int, user: AbstractBaseUser | AnonymousUser) -> str: ...


@cache
def _outlet() -> Outlet:
    return import_string(settings.BULK_UNDO)


def undo_address(first_set: int, last_set: int, user: AbstractBaseUser | AnonymousUser) -> str:
    """The address where `user` can undo the sets of changes with these numbers; empty where there is none."""
    return _outlet()(first_set, last_set, user) if first_set else ""
