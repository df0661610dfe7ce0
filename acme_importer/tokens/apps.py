"""The app of the API's tokens."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TokensConfig(AppConfig):
    name = "acme_importer.tokens"
    verbose_name = "API"

    def ready(self) -> None:
        # They need models, which cannot be imported before all apps are loaded.
        from acme_importer.tokens import tasks  # noqa: PLC0415

        post_migrate.connect(tasks.keep_schedules, sender=self)
