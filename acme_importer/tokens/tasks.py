"""What the workers do with tokens: delete those that have ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from acme_importer.cluster.schedules import Schedule, keep
from acme_importer.tokens.models import Token

SCHEDULES = (Schedule("tokens: delete expired tokens", "acme_importer.tokens.tasks.prune", minutes=24 * 60),)
# So long one can see what has expired, and the API says so.
KEEP = timedelta(days=30)


def prune() -> int:
    """Delete the tokens that expired a while ago. Returns how many they were."""
    deleted, _ = Token.objects.filter(expiry__lt=timezone.now() - KEEP).delete()
    return deleted


def keep_schedules(**_signal: Any) -> None:
    """Store the schedules of this app: a receiver of `post_migrate`."""
    keep("tokens", SCHEDULES)
