"""The project package as an app, and Django's admin with the product's own site."""

from django.apps import AppConfig
from django.contrib.admin import apps


class AcmeImporterConfig(AppConfig):
    name = "acme_importer"
    verbose_name = "Acme Product Importer"


class DashboardConfig(apps.AdminConfig):
    default_site = "acme_importer.dashboard.site.DashboardSite"
