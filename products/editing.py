"""The one way to change a product by hand: each edit with its event, its records and its editor, in one transaction.

API and dashboard call this, and nothing else saves or deletes a `Product`. Imports write rows of their own and tell of
themselves. Whether the editor may, and whether the values are valid, is asked before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils.text import capfirst

from acme_importer.audit.trail import record
from products import events, log
from products.history.models import ChangeSet
from products.models import SKU_TAKEN, Product, sku_is_taken
from products.on_record import (
    batches,
    on_record,
    record_creation,
    record_deletions,
    record_update,
    set_active_on_record,
    together,
)
from products.search.changes import note_deleted
from products.search.finding import check_exact

if TYPE_CHECKING:
    # It brings the filters of the API with it.
    from products.selection import Selection


@dataclass(frozen=True, slots=True)
class Editor:
    """Who makes a change: a user, or without one the system itself. The log has only entries of users."""

    user: AbstractBaseUser | None = None

    @classmethod
    def of(cls, user: AbstractBaseUser | AnonymousUser) -> Editor:
        """The editor of a request, by its user."""
        return cls(None if isinstance(user, AnonymousUser) else user)

    @property
    def name(self) -> str | None:
        """The user's name, for events."""
        return self.user.get_username() if self.user else None


@dataclass(frozen=True, slots=True)
class BulkEdit:
    """What a bulk action has done: how many products it changed, and the numbers of its first and last set of changes.

    Nobody else's sets are between them. They are 0 where it has changed nothing.
    """

    count: int
    first_set: int
    last_set: int

    @classmethod
    def of(cls, count: int, sets: Sequence[ChangeSet]) -> BulkEdit:
        """Of the sets that have been closed."""
        numbers = [each.number or 0 for each in sets]
        return cls(count, min(numbers, default=0), max(numbers, default=0))


class SkuTakenError(Exception):
    """Another product has the SKU: it was taken after it had been found free. Nothing was saved."""

    def __init__(self) -> None:
        super().__init__(SKU_TAKEN)


class GoneError(Exception):
    """The product that was to be saved has been deleted since it was read. Nothing was saved."""

    def __init__(self) -> None:
        super().__init__("The product was deleted in the meantime.")


class MoreThanExpectedError(Exception):
    """More products would be deleted than expected. None was."""


def create(product: Product, editor: Editor) -> Product:
    """Save a new product."""
    product.event_sequence = 1
    with _sku_checked(product), on_record(editor.name) as opened:
        record_creation(opened, product)
        product.save(force_insert=True)
        events.tell_of(product, "created", product.event_sequence)
        record("product.created", product, user=editor.user)
        if editor.user:
            log.log_one(editor.user, product, ADDITION, [{"added": {}}])
    return product


def update(product: Product, fields: Collection[str], editor: Editor) -> Product:
    """Save those `fields` of the product that were changed, and no others: an import may have written them since.

    Without any, nothing happens. Raises SkuTakenError, and GoneError.
    """
    if not fields:
        return product
    with _sku_checked(product), _held(product, editor, besides=fields) as (opened, before):
        if before is None:
            raise GoneError
        recorded = record_update(opened, product, before)
        product.event_sequence += 1
        product.save(update_fields=[*fields, "event_sequence", *recorded])
        events.tell_of(product, "updated", product.event_sequence)
        record("product.updated", product, user=editor.user, fields=list(fields))
        if editor.user:
            labels = [capfirst(str(Product._meta.get_field(name).verbose_name)) for name in fields]  # type: ignore[union-attr]
            log.log_one(editor.user, product, CHANGE, [{"changed": {"fields": labels}}])
    return product


def delete(product: Product, editor: Editor) -> None:
    """Delete one product. If it is gone already, nothing happens."""
    with transaction.atomic(), _held(product, editor) as (opened, before):
        if before:
            _delete(opened, [before])
            events.tell_of(product, "deleted", product.event_sequence + 1)
            record("product.deleted", product, user=editor.user)
            if editor.user:
                log.log_one(editor.user, product, DELETION)


def delete_many(selection: Selection, editor: Editor, *, at_most: int | None = None) -> BulkEdit:
    """Delete the selected products, unless they are more than `at_most` by now.

    All or none, but some at a time, since each is put on record. Raises IndexBehindError, MoreThanExpectedError.
    """
    with transaction.atomic(), together() as sets:
        _check_exact(selection)
        deleted = 0
        for rows in batches(selection.products):
            with on_record(editor.name) as opened:
                _delete(opened, rows)
            deleted += len(rows)
            if at_most is not None and deleted > at_most:
                raise MoreThanExpectedError
        if deleted:
            events.tell("product.bulk_deleted", lambda: _bulk(deleted, selection, editor))
            record("products.deleted", count=deleted, user=editor.user, selection=selection.how)
            if editor.user:
                log.log_many(editor.user, deleted, DELETION, f"Deleted in bulk ({selection}).")
    return BulkEdit.of(deleted, sets)


def set_active(selection: Selection, editor: Editor, *, active: bool) -> BulkEdit:
    """Make the selected products active, or inactive; counts those that were not so before.

    All or none, but some at a time, since each is put on record. Raises IndexBehindError.
    """
    with transaction.atomic(), together() as sets:
        _check_exact(selection)
        changed = 0
        for rows in batches(selection.products.filter(is_active=not active)):
            with on_record(editor.name) as opened:
                set_active_on_record(opened, rows, active=active)
            changed += len(rows)
        if changed:
            changes = {"is_active": active}
            events.tell("product.bulk_updated", lambda: {**_bulk(changed, selection, editor), "changes": changes})
            act = "products.activated" if active else "products.deactivated"
            record(act, count=changed, user=editor.user, selection=selection.how)
            if editor.user:
                what = "Activated" if active else "Deactivated"
                log.log_many(editor.user, changed, CHANGE, f"{what} in bulk ({selection}).")
    return BulkEdit.of(changed, sets)


def _check_exact(selection: Selection) -> None:
    """Raise IndexBehindError where the selection is a search that may find products which no longer match."""
    if "search" in selection.how.get("filter", ()):
        check_exact()


@contextmanager
def _held(
    product: Product, editor: Editor, *, besides: Collection[str] = ()
) -> Iterator[tuple[ChangeSet, Mapping[str, Any] | None]]:
    """Hold `product`, and then open the set of what is done to it: so its records have rising addresses.

    A set that was opened before would have waited for others, who may have recorded a change of the product since.
    """
    before = _hold(product, besides=besides)
    with on_record(editor.name) as opened:
        yield opened, before


def _hold(product: Product, *, besides: Collection[str] = ()) -> Mapping[str, Any] | None:
    """Keep others from changing `product` until this transaction is over; returns its row, None if it is gone.

    The product gets what others have written since it was read, except in the fields `besides`. So the numbers of its
    events are in the order in which its changes are committed, without gaps, and each event shows all changes before.
    """
    found = Product.objects.select_for_update(no_key=True).filter(pk=product.pk)
    held = found.values().first()
    for name, value in held.items() if held else ():
        if name not in besides:
            setattr(product, name, value)
    return held


def _delete(opened: ChangeSet, rows: Sequence[Mapping[str, Any]]) -> None:
    """Delete the products with these rows, which are held."""
    ids = {row["id"] for row in rows}
    Product.objects.filter(pk__any_of=ids).delete()
    record_deletions(opened, rows)
    note_deleted(ids)


def _bulk(count: int, selection: Selection, editor: Editor) -> dict[str, Any]:
    return {"count": count, "selection": selection.how, "by": editor.name}


@contextmanager
def _sku_checked(product: Product) -> Iterator[None]:
    """A transaction in which `product` is saved; says so if another request has taken its SKU in the meantime."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        if sku_is_taken(product.sku, besides=product.pk):
            raise SkuTakenError from None
        raise
