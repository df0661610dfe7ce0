"""The imports app, and the tasks that run by the clock."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ImportsConfig(AppConfig):
    name = "imports"

    def ready(self) -> None:
        post_migrate.connect(schedule_tasks, sender=self)


def schedule_tasks(**_: Any) -> None:
    """Make the schedules, once the tables are there. Django-Q looks at them about twice a minute."""
    from django_q.models import Schedule  # noqa: PLC0415  # models cannot be imported while apps are loading

    schedules = {
        "imports: wake what stands still": ("imports.tasks.wake_stalled", Schedule.MINUTES),
        "imports: delete old files": ("imports.tasks.delete_old_files", Schedule.HOURLY),
    }
    for name, (func, schedule_type) in schedules.items():
        Schedule.objects.update_or_create(name=name, defaults={"func": func, "schedule_type": schedule_type})
