"""The router of the API: every path responds with and without its trailing slash."""

from __future__ import annotations

from typing import Any

from rest_framework.routers import DefaultRouter


class OptionalSlashRouter(DefaultRouter):
    """REST framework's default router, indifferent to trailing slashes.

    Without format suffixes (`/products.json`): the `Accept` header and `?format=` do the same, and a suffix would stand
    in the way of actions that are named like a file.
    """

    include_format_suffixes = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trailing_slash = "/?"
