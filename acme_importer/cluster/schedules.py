"""Tasks that run at fixed intervals, as each app lists its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django_q.models import Schedule as StoredSchedule

from acme_importer.cluster.broker import check_listed


@dataclass(frozen=True, slots=True)
class Schedule:
    """A task that runs every so many `minutes`. `name` begins with that of its app: `imports: delete old files`."""

    name: str
    function: str
    minutes: int
    queue: str | None = None


@transaction.atomic
def keep(app: str, schedules: Sequence[Schedule]) -> None:
    """Store exactly these `schedules` for `app`; those of an earlier version that it no longer has are deleted.

    Apps call it after each migration. When a schedule runs next is not changed.
    """
    prefix = f"{app}: "
    for schedule in schedules:
        if not schedule.name.startswith(prefix):
            raise ValueError(f"The name of the schedule '{schedule.name}' must begin with '{prefix}'.")
        check_listed(schedule.function)
        StoredSchedule.objects.update_or_create(
            name=schedule.name,
            defaults={
                "func": schedule.function,
                "schedule_type": StoredSchedule.MINUTES,
                "minutes": schedule.minutes,
                "cluster": schedule.queue,
                "repeats": -1,
            },
        )
    names = [schedule.name for schedule in schedules]
    StoredSchedule.objects.filter(name__startswith=prefix).exclude(name__in=names).delete()
