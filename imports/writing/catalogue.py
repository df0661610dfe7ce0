"""The products that a chunk's rows are about, as the catalogue has them now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models.functions import Collate

from imports.reading.rows import CleanRow
from products.extra import EXTRA
from products.models import Product


def find_products(rows: Iterable[CleanRow], fields: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Of each row's product, if it exists: its normalized SKU, its last import, its values of `fields`. One query.

    The iterator is for its size only: without, Django asks the driver for a hundred rows at a time.
    """
    skus = {row.sku_normalized for row in rows}
    products = Product.objects.filter(sku_normalized__any_of=skus).order_by()
    if EXTRA in fields:
        # It is merged with what is there, which nobody may change until it is written; locked in that order.
        products = products.select_for_update(no_key=True).order_by(_in_one_order())
    return list(products.values_list("sku_normalized", "last_import", *fields).iterator(chunk_size=max(len(skus), 1)))


def hold_products(skus: Iterable[str], fields: tuple[str, ...]) -> dict[str, tuple[Any, ...]]:
    """Keep others from changing or deleting these products until they are written; returns their values of `fields`."""
    products = Product.objects.select_for_update(no_key=True).filter(sku_normalized__any_of=set(skus))
    return {found[0]: found[1:] for found in products.order_by(_in_one_order()).values_list("sku_normalized", *fields)}


def _in_one_order() -> Any:
    """The order in which products are written (see `plan.in_one_order`), which is not that of the database's language.

    Whoever locks some of them does it in this order: so two imports wait for each other, and do not deadlock.
    """
    return "sku_normalized" if connection.vendor == "sqlite" else Collate("sku_normalized", "C")
