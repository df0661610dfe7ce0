"""Messages on the queues: what is to be done by a worker, and whether work waits for one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task


def enqueue(function: str, *args: Any, name: str = "", queue: str | None = None) -> None:
    """Put a message on `queue`, or on the default one, to call `function`, a dotted path, with `args`."""
    options: dict[str, Any] = {"task_name": name} if name else {}
    if queue:
        options["cluster"] = queue
    async_task(function, *args, **options)


def has_waiting(queue: str | None = None, *, longer_than: timedelta = timedelta(0)) -> bool:
    """Whether messages that are due wait on `queue`, or on the default one, for longer than that."""
    due = timezone.now() - longer_than
    return OrmQ.objects.filter(key=queue or settings.Q_CLUSTER["name"], lock__lt=due).exists()
