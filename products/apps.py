"""The products app."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from products.arrays import use_column_dumper


class ProductsConfig(AppConfig):
    name = "products"

    def ready(self) -> None:
        """Connect what speeds up sending many products."""
        connection_created.connect(use_column_dumper)
