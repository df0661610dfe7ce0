"""What every command of the product has in common: `--version` shows the product's version, not Django's."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from acme_importer import __version__


class ProductCommand(BaseCommand):
    def get_version(self) -> str:
        return __version__
