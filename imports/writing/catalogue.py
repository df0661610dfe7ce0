"""The products that a chunk's rows are about, as the catalogue has them now."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import connection
from django.db.models.functions import Collate

from products.history import recording
from products.models import Product
from products.search.changes import note_deleted


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a chunk's products, by their normalized SKUs.

    Attributes:
        values: what they have in the fields that the file has.
        last_imports: the number of the import that wrote each last, if any.
        checked_imports: the number of the newest import that noted it as it should be, where one did.
        last_changes: the address of each one's newest record.
        position: the number of the newest changes then. What others have changed since has a higher one, and matters.
    """

    values: dict[str, tuple[Any, ...]]
    last_imports: dict[str, int | None]
    checked_imports: dict[str, int]
    last_changes: dict[str, int]
    position: int

    def written_by(self, job_id: int) -> set[str]:
        """The SKUs that this import has written already."""
        return {sku for sku, last_import in self.last_imports.items() if last_import == job_id}

    def settled_after(self, job_id: int) -> set[str]:
        """The SKUs that a later import than this one has written, or noted as they should be."""
        written = {sku for sku, last_import in self.last_imports.items() if last_import and last_import > job_id}
        return written | {sku for sku, checked_import in self.checked_imports.items() if checked_import > job_id}


NOTHING_FOUND = Found({}, {}, {}, {}, position=sys.maxsize)


class AboutProduct(Protocol):
    """A row that is about the product with this normalized SKU."""

    @property
    def sku_normalized(self) -> str:
        """The product's SKU."""


def find_products(rows: Sequence[AboutProduct], fields: tuple[str, ...], *, hold: bool = False) -> Found:
    """Find the product of each row, if it exists. `hold` keeps others from changing those until they are written.

    The iterator is for its size only: without, Django asks the driver for a hundred rows at a time.
    """
    position = recording.position()
    skus = {row.sku_normalized for row in rows}
    products = Product.objects.filter(sku_normalized__any_of=skus).order_by()
    if hold:
        products = products.select_for_update(no_key=True).order_by(_in_one_order())
    columns = products.values_list("sku_normalized", "last_import", "checked_import", "last_change", *fields)
    found = list(columns.iterator(chunk_size=max(len(skus), 1)))
    return Found(
        values={product[0]: product[4:] for product in found},
        last_imports={product[0]: product[1] for product in found},
        checked_imports={product[0]: product[2] for product in found if product[2] is not None},
        last_changes={product[0]: product[3] for product in found},
        position=position,
    )


def delete_products(skus: Collection[str]) -> None:
    """Delete the products with these normalized SKUs. Only an undo does, and puts it on record."""
    if skus:
        ids = set(Product.objects.filter(sku_normalized__any_of=set(skus)).order_by().values_list("pk", flat=True))
        Product.objects.filter(pk__any_of=ids).delete()
        note_deleted(ids)


def _in_one_order() -> Any:
    """The order in which products are written (see `plan.in_one_order`), which is not that of the database's language.

    Whoever locks some of them does it in this order: so two imports wait for each other, and do not deadlock.
    """
    return "sku_normalized" if connection.vendor == "sqlite" else Collate("sku_normalized", "C")
