"""What is known of imports by their numbers, from the function that the setting HISTORY_IMPORTS names.

Knows no import: the history has plain numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Source:
    """An import: the name of its file, which is a stranger's text, and the address of its page in the dashboard.

    Of an undo the file is the one of the import `undo_of` that it took back.
    """

    filename: str
    url: str
    undo_of: int | None = None


class Outlet(Protocol):
    """What HISTORY_IMPORTS names: tells of those imports that there are and the user may see."""

    def __call__(self, numbers: Collection[int], user: AbstractBaseUser | AnonymousUser) -> Mapping[int, Source]: ...


@cache
def _outlet() -> Outlet:
    return import_string(settings.HISTORY_IMPORTS)


def sources(numbers: Collection[int], user: AbstractBaseUser | AnonymousUser) -> Mapping[int, Source]:
    """The imports with these `numbers`, as far as they are known and `user` may see them; in one query or none."""
    return _outlet()(numbers, user) if numbers else {}
