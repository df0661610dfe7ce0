"""Taking back one change of one product, by hand: what still holds gets the value from before. Knows no imports.

What is done is an edit as any other, through `editing`: with its event, its record and its editor. So it can itself be
taken back. Many changes at once are undone by a job of their own, by the same rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from products import editing
from products.editing import Editor
from products.fields import normalize_sku
from products.history.records import CHANGED, CREATED, DELETED, KEPT, Record
from products.history.stories import records_at
from products.models import Product


class CannotRevertError(Exception):
    """There is nothing of the change that could be taken back; the text says why to a person."""


@dataclass(frozen=True, slots=True)
class Reverted:
    """What was done with a product, and of a restored one, which fields got their old value, and which are kept."""

    what: Literal["restored", "deleted", "created again"]
    product: Product
    restored: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def record_at(address: int) -> Record:
    """The record of a change, by its address. Raises CannotRevertError if there is none, or no longer."""
    try:
        return next(records_at([address]))
    except (StopIteration, IndexError):
        raise CannotRevertError(
            "This change is not on record, or no longer: history is kept for HISTORY_KEEP_DAYS."
        ) from None


def permission_for(record: Record) -> str:
    """What a user must be allowed to take back such a change: the same as to do it by hand."""
    verb = {CREATED: "delete", CHANGED: "change", DELETED: "add"}[record.kind]
    return f"products.{verb}_product"


def is_in_force(record: Record, product: Product | None) -> bool:
    """Whether `revert` would do something, as things are; `product` is the one with the record's SKU, if there is one.

    Of a created product the record may have no extra, if it has none.
    """
    if product is None or record.kind == DELETED:
        return product is None and record.kind == DELETED
    if record.kind == CREATED:
        return all(getattr(product, name) == record.after.get(name, {}) for name in KEPT)
    return any(getattr(product, name) == written for name, written in record.after.items())


def revert(record: Record, editor: Editor) -> Reverted:
    """Take back a change, as far as the product still holds what it wrote. Raises CannotRevertError, SkuTakenError.

    It is about the product that has the record's SKU now.
    """
    with transaction.atomic():
        # Held, so that nobody changes what is judged here before it is written.
        held = Product.objects.select_for_update(no_key=True).filter(sku_normalized=normalize_sku(record.sku))
        product = held.first()
        if record.kind == DELETED:
            return _create_again(record, product, editor)
        if product is None:
            raise CannotRevertError("The product is gone: it was deleted since, or given another SKU.")
        if record.kind == CREATED:
            return _delete(record, product, editor)
        return _restore(record, product, editor)


def _create_again(record: Record, product: Product | None, editor: Editor) -> Reverted:
    if product:
        raise CannotRevertError("There is a product with this SKU again.")
    values = {name: record.before[name] for name in KEPT if name in record.before}
    return Reverted("created again", editing.create(Product(**values), editor))


def _delete(record: Record, product: Product, editor: Editor) -> Reverted:
    if not is_in_force(record, product):
        raise CannotRevertError("The product was changed since it was created. It can be deleted by hand.")
    editing.delete(product, editor)
    return Reverted("deleted", product)


def _restore(record: Record, product: Product, editor: Editor) -> Reverted:
    restored, kept = [], []
    for name, written in record.after.items():
        now, before = getattr(product, name), record.before[name]
        if now == written:
            setattr(product, name, before)
            restored.append(name)
        elif now != before:
            kept.append(name)
    if not restored:
        raise CannotRevertError(
            "All that this changed was changed again since." if kept else "The product is as it was before."
        )
    editing.update(product, restored, editor)
    return Reverted("restored", product, tuple(restored), tuple(kept))
