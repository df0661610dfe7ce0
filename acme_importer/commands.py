"""What every command of the product has in common: its version is the product's, and who runs it is who acts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from acme_importer import __version__
from acme_importer.audit import acting


class ProductCommand(BaseCommand):
    def get_version(self) -> str:
        return __version__

    def execute(self, *args: Any, **options: Any) -> str | None:
        with acting.acting(acting.command):
            return super().execute(*args, **options)
