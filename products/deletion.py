"""Deleting many products at once, without loading them. Who may, and whether they mean it, is asked elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from products.models import Product

# Below the 32,766 parameters that SQLite takes in one statement unless it was built to take more.
IDS_PER_STATEMENT = 10_000


def delete_products(products: QuerySet[Product]) -> int:
    """Delete the products that the query selects, in one statement, and return how many there were.

    One statement, because no model refers to products with a cascade and no signal is connected to their deletion:
    with either of them Django would load the rows first (`django.db.models.deletion.Collector.can_fast_delete`).
    """
    deleted, _ = products.delete()
    return deleted


class MoreThanExpectedError(Exception):
    """More products would be deleted than was said. None was."""


def delete_at_most(products: QuerySet[Product], expected: int) -> int:
    """Delete the products that the query selects, unless these are more than `expected` by now."""
    with transaction.atomic():
        deleted = delete_products(products)
        if deleted > expected:
            raise MoreThanExpectedError
    return deleted


def delete_products_by_id(ids: Sequence[int]) -> int:
    """Delete the products with these ids, all or none of them, and return how many there were."""
    with transaction.atomic():
        return sum(
            delete_products(Product.objects.filter(pk__in=ids[start : start + IDS_PER_STATEMENT]))
            for start in range(0, len(ids), IDS_PER_STATEMENT)
        )
