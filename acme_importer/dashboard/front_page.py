"""The front page of the dashboard: the panels and notices that the apps hand in, in the order of the settings.

Knows no app. A panel is a function of the user that returns a Panel, or None if the user may not see it; a source of
notices yields a Notice for each thing that needs attention.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of the page: its template below `admin/front_page/`, and what the template shows."""

    template: str
    shows: dict[str, Any] = field(default_factory=dict)
    wide: bool = False

    @property
    def template_name(self) -> str:
        """The full name of the template."""
        return f"admin/front_page/{self.template}.html"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that needs attention: how bad it is, a sentence, and a link to where it can be dealt with."""

    level: str
    text: str
    url: str = ""
    todo: str = ""


def context(user: Any) -> dict[str, Any]:
    """What the page shows to `user`."""
    sources = [import_string(path) for path in settings.FRONT_PAGE_NOTICES]
    makers = [import_string(path) for path in settings.FRONT_PAGE_PANELS]
    return {
        "notices": [notice for find in sources for notice in find(user)],
        "panels": [panel for make in makers if (panel := make(user))],
    }
