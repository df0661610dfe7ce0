"""A catalogue of its own that follows the change feed, and does not put up with a change that does not fit."""

from __future__ import annotations

from typing import Any

from products.history import feed
from products.history.feed import BEGINNING, Change
from products.history.records import KEPT
from products.models import Product

Catalogue = dict[str, dict[str, Any]]


def catalogue() -> Catalogue:
    """All products as they are in the database."""
    return {row["sku"]: row for row in Product.objects.values(*KEPT)}


class Replica:
    """Products by their SKUs, as the feed tells them."""

    def __init__(self) -> None:
        self.products: Catalogue = {}
        self.after = BEGINNING
        self.changes: list[Change] = []

    def follow(self, limit: int = 1000) -> bool:
        """Read one page and do what it says; whether there is more."""
        page = feed.page(self.after, limit)
        for entry in page.entries:
            assert isinstance(entry, Change)
            self._do(entry)
        self.changes += [entry for entry in page.entries if isinstance(entry, Change)]
        self.after = page.next
        return page.has_more

    def catch_up(self, limit: int = 1000) -> Catalogue:
        """Read all there is; the products then."""
        while self.follow(limit):
            pass
        return self.products

    def undo_last(self) -> None:
        """Take the newest change back."""
        change = self.changes.pop()
        record = change.record
        if record.kind == "deleted":
            assert record.sku not in self.products
            self.products[record.sku] = dict(record.before)
            return
        product = self.products.pop(record.sku)
        assert {name: product[name] for name in record.after} == record.after
        if record.kind == "changed":
            product |= record.before
            assert product["sku"] not in self.products
            self.products[product["sku"]] = product

    def _do(self, change: Change) -> None:
        record = change.record
        if record.kind == "created":
            assert record.sku not in self.products, record
            assert record.before == {}, record
            assert record.after.keys() == set(KEPT), record
            self.products[record.sku] = dict(record.after)
            return
        product = self.products.pop(change.previous_sku or record.sku)
        assert {name: product[name] for name in record.before} == record.before, record
        if record.kind == "changed":
            assert record.after.keys() == record.before.keys(), record
            assert all(record.after[name] != record.before[name] for name in record.after), record
            assert record.sku not in self.products, record
            self.products[record.sku] = product | record.after
        else:
            assert record.before.keys() == set(KEPT), record
