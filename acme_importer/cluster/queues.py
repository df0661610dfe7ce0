"""Messages to the workers: putting one on a queue, and whether any wait. Knows nothing of what they are about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.tasks import async_task

from acme_importer.cluster.broker import check_listed


class WritingBroker(ORM):
    """The ORM broker for one message, which is locked, and so is not taken, until `moment`; it remembers its number."""

    def __init__(self, list_key: str, moment: datetime) -> None:
        super().__init__(list_key)
        self.moment = moment
        self.number = 0

    def enqueue(self, task: str) -> int:
        self.number = self.get_connection().create(key=self.list_key, payload=task, lock=self.moment).pk
        return self.number


def default_queue() -> str:
    """The queue that is meant where none is named."""
    return settings.Q_CLUSTER["name"]


def all_queues() -> list[str]:
    """The names of all queues."""
    return [default_queue(), *settings.Q_CLUSTER["ALT_CLUSTERS"]]


def enqueue(function: str, *args: Any, name: str = "", queue: str | None = None, at: datetime | None = None) -> int:
    """Have a worker of `queue` call `function` (a dotted path) with `args`, not before the moment `at`.

    The message is written in the caller's transaction; returns its number. Raises RefusedMessageError for a function
    that CLUSTER_TASKS does not list, which the workers would refuse.
    """
    check_listed(function)
    broker = WritingBroker(queue or default_queue(), at or timezone.now())
    async_task(function, *args, task_name=name or None, q_options={"broker": broker})
    return broker.number


def lost(numbers: Iterable[int]) -> set[int]:
    """Those of the messages that are no longer there, although nobody has done what they were for."""
    numbers = set(numbers)
    return numbers - set(OrmQ.objects.filter(pk__in=numbers).values_list("pk", flat=True))


def taken(numbers: Iterable[int], *, longer_than: timedelta = timedelta(0)) -> set[int]:
    """Those of the messages of the default queue that a cluster took `longer_than` this ago."""
    now = timezone.now()
    # Whoever takes a message locks it for so long.
    retry = timedelta(seconds=settings.Q_CLUSTER["retry"])
    held = OrmQ.objects.filter(pk__in=set(numbers), lock__gt=now, lock__lte=now + retry - longer_than)
    return set(held.values_list("pk", flat=True))


def withdraw(number: int) -> None:
    """Remove a message, wherever it is. Whoever has taken it may still act on it."""
    OrmQ.objects.filter(pk=number).delete()


def give_back(number: int) -> None:
    """Have a message delivered again now, and not when its lock runs out. If it is gone, there is nothing to do."""
    now = timezone.now()
    OrmQ.objects.filter(pk=number, lock__gt=now).update(lock=now)


def give_back_all(queue: str) -> None:
    """Have the messages of `queue` that clusters have taken delivered again now."""
    now = timezone.now()
    retry = {**settings.Q_CLUSTER, **settings.Q_CLUSTER["ALT_CLUSTERS"].get(queue, {})}["retry"]
    # Nothing is enqueued for a moment as far in the future as this.
    taken_messages = OrmQ.objects.filter(key=queue, lock__gt=now + timedelta(seconds=retry / 2))
    taken_messages.update(lock=now)


def has_waiting(queue: str | None = None, *, longer_than: timedelta = timedelta(0)) -> bool:
    """Whether a message of `queue` has been waiting `longer_than` this for a free worker."""
    # A message that a worker has taken is locked into the future.
    return OrmQ.objects.filter(key=queue or default_queue(), lock__lt=timezone.now() - longer_than).exists()
