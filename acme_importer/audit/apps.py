"""The audit trail as an app of Django's, which has its table and its permission."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "acme_importer.audit"
    label = "audit"
    verbose_name = "Audit trail"

    def ready(self) -> None:
        # The tasks need models, which cannot be imported before all apps are loaded.
        from acme_importer.audit import tasks  # noqa: PLC0415

        post_migrate.connect(tasks.keep_schedules, sender=self)
