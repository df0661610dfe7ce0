"""Whether workers are alive, as the database tells.

Django-Q keeps what it knows of its clusters in a cache, which other processes do not share. But a living cluster
advances its schedules, about twice a minute; and what it leaves on the queue grows old.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min
from django.utils import timezone
from django_q.models import OrmQ, Schedule

# A schedule that runs every minute and is overdue by this much has no worker.
SILENCE = timedelta(minutes=2)
# Tasks take about ten seconds; a queue that makes them wait this long is behind.
LONG_WAIT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Workers:
    """What can be seen of the workers: whether they are alive, how many tasks are waiting, and the longest wait."""

    alive: bool
    # When the schedule is due that they advance: of dead ones it stays what it was.
    next_run: datetime | None
    waiting: int
    longest_wait: timedelta | None

    @property
    def behind(self) -> bool:
        """Whether tasks are waiting longer than they should."""
        return self.longest_wait is not None and self.longest_wait > LONG_WAIT


def look() -> Workers:
    """What can be seen now."""
    now = timezone.now()
    every_minute = Schedule.objects.filter(schedule_type=Schedule.MINUTES, cluster=None).exclude(minutes__gt=1)
    next_run = every_minute.aggregate(newest=Max("next_run"))["newest"]
    # A message is locked into the future while somebody has it.
    due = OrmQ.objects.filter(lock__lte=now).aggregate(number=Count("pk"), oldest=Min("lock"))
    return Workers(
        alive=next_run is not None and now - next_run < SILENCE,
        next_run=next_run,
        waiting=due["number"],
        longest_wait=now - due["oldest"] if due["oldest"] else None,
    )
