"""Whether workers are alive, as the database tells: their supervisors say so, and what they leave on a queue grows old.

Django-Q keeps what it knows of its clusters in a cache, which other processes do not share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task

from acme_importer.cluster import presence
from acme_importer.cluster.queues import all_queues, default_queue

# Tasks take about ten seconds; a queue that makes them wait this long is behind.
LONG_WAIT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Workers:
    """What can be seen of the workers: whether they are alive, how many tasks are waiting, and the longest wait."""

    alive: bool
    # When they were last seen alive; None if that was more than a day ago.
    last_seen: datetime | None
    waiting: int
    longest_wait: timedelta | None

    @property
    def behind(self) -> bool:
        """Whether tasks are waiting longer than they should."""
        return self.longest_wait is not None and self.longest_wait > LONG_WAIT


def look() -> Workers:
    """What can be seen now: of the workers that import, and of all queues."""
    now = timezone.now()
    # A message is locked into the future while somebody has it.
    due = OrmQ.objects.filter(lock__lte=now).aggregate(number=Count("pk"), oldest=Min("lock"))
    return Workers(
        alive=presence.is_running(default_queue()),
        last_seen=presence.last_seen(default_queue()),
        waiting=due["number"],
        longest_wait=now - due["oldest"] if due["oldest"] else None,
    )


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue with messages: how many wait for a worker, the moment at which the oldest was due, how many are taken."""

    name: str
    waiting: int
    oldest: datetime | None
    taken: int

    def longest_wait(self, now: datetime) -> timedelta:
        """How long the oldest message has been due."""
        return max(now - self.oldest, timedelta(0)) if self.oldest else timedelta(0)


@dataclass(frozen=True, slots=True)
class FailedTask:
    """A task that failed. Why is in the workers' log: the database has it as a pickle, which is not opened here."""

    name: str
    function: str
    queue: str
    started: datetime
    stopped: datetime


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """A task that runs every so many minutes, and when it runs next."""

    name: str
    minutes: int | None
    next_run: datetime | None


def queues() -> list[QueueState]:
    """All queues that have messages. What these are is not read: a message is a pickle."""
    now = timezone.now()
    due = Q(lock__lte=now)
    found = OrmQ.objects.order_by("key").values("key")
    counted = found.annotate(due=Count("pk", filter=due), oldest=Min("lock", filter=due), held=Count("pk", filter=~due))
    return [QueueState(each["key"], each["due"], each["oldest"], each["held"]) for each in counted]


def states_of_all() -> list[QueueState]:
    """All queues, also those without messages."""
    found = {state.name: state for state in queues()}
    return [found.get(name, QueueState(name, 0, None, 0)) for name in all_queues()]


def failed(count: int) -> list[FailedTask]:
    """The last `count` tasks that failed, the newest first."""
    rows = Task.objects.filter(success=False).order_by("-stopped")
    values = rows.values_list("name", "func", "cluster", "started", "stopped")[:count]
    return [FailedTask(name, function, queue or "", *times) for name, function, queue, *times in values]


def scheduled() -> list[ScheduledTask]:
    """All tasks that run at fixed intervals, by name."""
    return [ScheduledTask(*row) for row in Schedule.objects.order_by("name").values_list("name", "minutes", "next_run")]
