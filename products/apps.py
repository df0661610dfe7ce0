"""The products app."""

from typing import Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class ProductsConfig(AppConfig):
    name = "products"
    # Not the name of its one list, which would stand twice in the way to each page.
    verbose_name = "Catalogue"

    def ready(self) -> None:
        """Connect what speeds up sending many products, and what keeps the schedules."""
        # Models cannot be imported while apps are loading.
        from products.schedules import keep_schedules  # noqa: PLC0415

        connection_created.connect(_use_column_dumper)
        post_migrate.connect(keep_schedules, sender=self)


def _use_column_dumper(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "postgresql":
        # PostgreSQL's driver is loaded with it, a tenth of a command's start.
        from products.arrays import ColumnDumper  # noqa: PLC0415

        connection.connection.adapters.register_dumper(list, ColumnDumper)
