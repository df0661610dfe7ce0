"""The project package as an app, and Django's admin with the product's own site."""

from django.apps import AppConfig
from django.contrib.admin import apps


class AcmeImporterConfig(AppConfig):
    name = "acme_importer"
    verbose_name = "Acme Product Importer"

    def ready(self) -> None:
        # Models cannot be imported while apps are loading.
        from acme_importer.product_events import emit_edit  # noqa: PLC0415
        from products.signals import product_edited  # noqa: PLC0415

        product_edited.connect(emit_edit)


class DashboardConfig(apps.AdminConfig):
    default_site = "acme_importer.dashboard.site.DashboardSite"
