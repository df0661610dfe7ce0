"""The front page of the dashboard: the panels and notices that the apps hand in, in the order of the settings.

Knows no app. A panel is a function of the user that returns a Panel, or None if the user may not see it; a source of
notices yields a Notice for each thing that needs attention.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from acme_importer.dashboard.notices import Line, lines
from acme_importer.models import KEY_MAX_LENGTH, Dismissal


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of the page: its template below `admin/front_page/`, and what the template shows.

    A panel that is `alone` stands in place of all others. `script` is the static file that its template needs.
    """

    template: str
    shows: dict[str, Any] = field(default_factory=dict)
    wide: bool = False
    alone: bool = False
    script: str = ""

    @property
    def template_name(self) -> str:
        """The full name of the template."""
        return f"admin/front_page/{self.template}.html"


def context(user: Any) -> dict[str, Any]:
    """What the page shows to `user`."""
    return {"notices": notices(user), "panels": panels(user)}


def notices(user: Any) -> list[Line]:
    """What needs attention and has not been dismissed by `user`."""
    found = [notice for path in settings.FRONT_PAGE_NOTICES for notice in import_string(path)(user)]
    if not found:
        return []
    keys = [notice.key for notice in found]
    dismissed = set(Dismissal.objects.filter(user=user, key__in=keys).values_list("key", flat=True))
    return lines(notice for notice in found if notice.key not in dismissed)


def dismiss(user: Any, keys: list[str]) -> None:
    """No longer show the notices with these keys to `user`."""
    Dismissal.objects.bulk_create(
        [Dismissal(user=user, key=key) for key in keys if len(key) <= KEY_MAX_LENGTH], ignore_conflicts=True
    )


def panels(user: Any) -> list[Panel]:
    """The panels that `user` may see."""
    shown = []
    for path in settings.FRONT_PAGE_PANELS:
        panel = import_string(path)(user)
        if panel and panel.alone:
            return [panel]
        if panel:
            shown.append(panel)
    return shown
