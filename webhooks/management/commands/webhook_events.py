"""Command `webhook_events`: prints the catalogue of events, as docs/webhooks.md has it."""

from __future__ import annotations

from typing import Any

from acme_importer.commands import ProductCommand
from webhooks.catalogue import as_markdown


class Command(ProductCommand):
    help = "Prints the webhook events with an example of each, as Markdown."

    def handle(self, *_: Any, **__: Any) -> None:
        self.stdout.write(as_markdown())
