"""The webhooks app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class WebhooksConfig(AppConfig):
    name = "webhooks"

    def ready(self) -> None:
        # The tasks need models, which cannot be imported before all apps are loaded.
        from webhooks import tasks  # noqa: PLC0415

        post_migrate.connect(tasks.keep_schedules, sender=self)
