"""The imports app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ImportsConfig(AppConfig):
    name = "imports"

    def ready(self) -> None:
        # Models cannot be imported while apps are loading.
        from imports import tasks  # noqa: PLC0415

        post_migrate.connect(tasks.keep_schedules, sender=self)
