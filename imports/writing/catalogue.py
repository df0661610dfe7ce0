"""The products that a chunk's rows are about, as the catalogue has them now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

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
        # It is merged with what is there, which nobody may change until it is written; locked in one order.
        products = products.select_for_update(no_key=True).order_by("sku_normalized")
    return list(products.values_list("sku_normalized", "last_import", *fields).iterator(chunk_size=max(len(skus), 1)))


def hold_products(rows: Mapping[str, CleanRow]) -> bool:
    """Keep others from deleting the products of `rows` before they are written; returns whether all are still there.

    An upsert would create a product again that has just been deleted, and from a file without names one without a name.
    """
    products = Product.objects.select_for_update(no_key=True).filter(sku_normalized__any_of=set(rows)).order_by()
    return len(products.values_list("pk")) == len(rows)
