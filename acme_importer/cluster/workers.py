"""Whether workers are alive, as the database tells.

Django-Q keeps what it knows of its clusters in a cache, which other processes do not share. But a living cluster moves
its schedules on, about twice a minute; and what it leaves on the queue grows old.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Max, Min
from django.utils import timezone
from django_q.models import OrmQ, Schedule

# A schedule of every minute that is overdue by this much has been looked after by nobody.
SILENCE = timedelta(minutes=2)
# Tasks take about ten seconds; a queue that makes them wait this long is not getting anywhere fast.
LONG_WAIT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Workers:
    """What is to be seen of the workers: whether they live, and how many tasks wait for them since when."""

    alive: bool
    waiting: int
    oldest_wait: timedelta | None

    @property
    def behind(self) -> bool:
        """Whether tasks wait longer than they should."""
        return self.oldest_wait is not None and self.oldest_wait > LONG_WAIT


def look() -> Workers:
    """What is to be seen now."""
    now = timezone.now()
    every_minute = Schedule.objects.filter(schedule_type=Schedule.MINUTES, cluster=None)
    next_run = every_minute.aggregate(newest=Max("next_run"))["newest"]
    # A message is locked into the future while somebody has it.
    due = OrmQ.objects.filter(lock__lte=now).aggregate(number=Count("pk"), oldest=Min("lock"))
    return Workers(
        alive=next_run is not None and now - next_run < SILENCE,
        waiting=due["number"],
        oldest_wait=now - due["oldest"] if due["oldest"] else None,
    )
