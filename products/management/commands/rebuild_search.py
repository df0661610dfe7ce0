"""Command `rebuild_search`: reads all products into the search index again, while searches go by what it has."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction
from django.db.models import Max

from acme_importer.commands import ProductCommand
from products.models import Product
from products.search import follower
from products.search.changes import SearchChange, note_range


class Command(ProductCommand):
    help = (
        "Has the workers read all products into the search index again: for an index that is damaged or lost. "
        "Searches say in the meantime that it is behind."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--now", action="store_true", help="do it here and now, instead of having the workers do it"
        )

    def handle(self, *_: Any, now: bool, **__: Any) -> None:
        last_id = Product.objects.aggregate(last=Max("pk"))["last"] or 0
        with transaction.atomic():
            # All that an earlier one has left to do is done again.
            SearchChange.objects.filter(first_id__isnull=False).delete()
            note_range(0, last_id)
        if not now:
            self.stdout.write("The workers rebuild the search index.")
            return
        while follower.follow_for(follower.SLICE_SECONDS):
            pass
        follower.sweep()
        self.stdout.write("The search index is rebuilt.")
