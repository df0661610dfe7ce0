"""What the workers run every hour for all apps: deleting expired sessions, and old records of the workers."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings

from acme_importer.cluster import pruning
from acme_importer.cluster.schedules import Schedule, keep

SCHEDULES = (Schedule("housekeeping: delete old records", "acme_importer.housekeeping.prune", minutes=60),)
PRUNE_SECONDS = 20


def prune() -> None:
    """Delete the sessions that have expired, and what the workers left more than 30 days ago."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    pruning.delete_old(PRUNE_SECONDS)


def keep_schedules(**_signal: Any) -> None:
    """Store the schedule: a receiver of `post_migrate`."""
    keep("housekeeping", SCHEDULES)
