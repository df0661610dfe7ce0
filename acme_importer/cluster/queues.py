"""Messages to the workers: putting one on a queue, and whether any wait. Knows nothing of what they are about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.tasks import async_task

from acme_importer.cluster.broker import check_listed


class DeferredBroker(ORM):
    """The ORM broker, except that its messages are locked, and so are not taken, until `moment`."""

    def __init__(self, list_key: str, moment: datetime) -> None:
        super().__init__(list_key)
        self.moment = moment

    def enqueue(self, task: str) -> int:
        return self.get_connection().create(key=self.list_key, payload=task, lock=self.moment).pk


def default_queue() -> str:
    """The queue that is meant where none is named."""
    return settings.Q_CLUSTER["name"]


def enqueue(function: str, *args: Any, name: str = "", queue: str | None = None, at: datetime | None = None) -> None:
    """Have a worker of `queue` call `function` (a dotted path) with `args`, not before the moment `at`.

    The message is written in the caller's transaction. Raises RefusedMessageError for a function that
    CLUSTER_TASKS does not list, which the workers would refuse.
    """
    check_listed(function)
    options: dict[str, Any] = {}
    if at is not None:
        options["broker"] = DeferredBroker(queue or default_queue(), at)
    elif queue is not None:
        options["cluster"] = queue
    async_task(function, *args, task_name=name or None, q_options=options)


def has_waiting(queue: str | None = None, *, longer_than: timedelta = timedelta(0)) -> bool:
    """Whether a message of `queue` has been waiting `longer_than` this for a free worker."""
    # A message that a worker has taken is locked into the future.
    return OrmQ.objects.filter(key=queue or default_queue(), lock__lt=timezone.now() - longer_than).exists()
