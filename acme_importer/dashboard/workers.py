"""The workers on the front page and on a page of their own: whether they are running, what waits, what failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from acme_importer.cluster import workers
from acme_importer.dashboard.front_page import Panel
from acme_importer.dashboard.notices import Notice
from acme_importer.texts import duration

FAILED_SHOWN = 50
# Who may follow imports may see whether anybody works on them.
PERMISSION = "imports.view_importjob"


def panel(user: Any) -> Panel | None:
    """Whether the workers are running, how many tasks are waiting, and the longest wait."""
    if not user.has_perm(PERMISSION):
        return None
    seen = workers.look()
    wait = None if seen.longest_wait is None else duration(seen.longest_wait.total_seconds())
    state = ("bad", "Not running") if not seen.alive else ("warn", "Behind") if seen.behind else ("good", "Running")
    return Panel("workers", {"state": state, "waiting": seen.waiting, "longest_wait": wait})


def page(user: Any) -> dict[str, Any]:
    """What the workers' page shows. It changes nothing: whoever could add a task would run code."""
    if not user.has_perm(PERMISSION):
        raise PermissionDenied
    shown = {"queues": workers.queues(), "failed": workers.failed(FAILED_SHOWN), "scheduled": workers.scheduled()}
    return {"title": "Workers", **shown}


def notices(user: Any) -> Iterator[Notice]:
    """Say so when no workers are running, or when they are behind."""
    if not user.has_perm(PERMISSION):
        return
    seen = workers.look()
    if not seen.alive:
        yield Notice(
            "bad",
            "The workers are not running, so no import makes progress. Start them with “python manage.py run_workers”; "
            "“make run” starts them together with this site.",
            f"workers.silent:{seen.last_seen}",
            timezone.now(),
        )
    elif seen.behind:
        text = "Tasks are waiting for the workers. If no import is running, check the workers’ log."
        yield Notice("warn", text, f"workers.behind:{timezone.localdate()}", timezone.now())
