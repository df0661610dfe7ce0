"""What workers do by the clock: each app says which of its tasks, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django_q import models


@dataclass(frozen=True, slots=True)
class Schedule:
    """A task, by its dotted path, and the minutes from one run to the next."""

    name: str
    function: str
    minutes: int
    queue: str | None = None


def keep(app: str, schedules: Sequence[Schedule]) -> None:
    """Make these the schedules of `app`; their names begin with it."""
    for schedule in schedules:
        models.Schedule.objects.update_or_create(
            name=schedule.name,
            defaults={
                "func": schedule.function,
                "schedule_type": models.Schedule.MINUTES,
                "minutes": schedule.minutes,
                "cluster": schedule.queue,
            },
        )
    names = [schedule.name for schedule in schedules]
    models.Schedule.objects.filter(name__startswith=f"{app}: ").exclude(name__in=names).delete()
