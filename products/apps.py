"""The products app."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from products.arrays import use_column_dumper


class ProductsConfig(AppConfig):
    name = "products"
    # Not the name of its one list, which would stand twice in the way to each page.
    verbose_name = "Catalogue"

    def ready(self) -> None:
        """Connect what speeds up sending many products, and what keeps the schedules."""
        # Models cannot be imported while apps are loading.
        from products.schedules import keep_schedules  # noqa: PLC0415

        connection_created.connect(use_column_dumper)
        post_migrate.connect(keep_schedules, sender=self)
