"""The webhooks app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class WebhooksConfig(AppConfig):
    name = "webhooks"

    def ready(self) -> None:
        from django_q.signals import post_spawn  # noqa: PLC0415 - models are needed, so not before apps are ready

        from webhooks import tasks  # noqa: PLC0415

        post_migrate.connect(tasks.keep_schedules, sender=self)
        post_spawn.connect(tasks.start_dispatching)
