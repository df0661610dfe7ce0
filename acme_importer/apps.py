"""The project package as an app, and Django's admin with the product's own site."""

import logging

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps
from django.db.models.signals import post_migrate

from acme_importer import error_reports


class AcmeImporterConfig(AppConfig):
    name = "acme_importer"
    verbose_name = "Acme Product Importer"

    def ready(self) -> None:
        # Tasks need models, which cannot be imported before all apps are loaded.
        from acme_importer import housekeeping  # noqa: PLC0415

        post_migrate.connect(housekeeping.keep_schedules, sender=self)
        # Python's warnings would be the only lines that are not JSON.
        logging.captureWarnings(settings.LOG_FORMAT == "json")
        if settings.SENTRY_DSN:
            error_reports.start(settings.SENTRY_DSN)


class DashboardConfig(apps.SimpleAdminConfig):
    """The admin without its autodiscovery: pages are loaded with the URLs, and not by each command and worker."""

    default_site = "acme_importer.dashboard.site.DashboardSite"
