"""Edits by hand, put on record: the one product of an edit, or the many of a bulk action. Knows no events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from products.fields import normalize_sku
from products.history.models import ChangeSet
from products.history.recording import Origin, close, keep, open_set, say_farewell
from products.history.records import KEPT, Changes
from products.models import Product

# Products of a bulk action that are read, changed and recorded at a time.
BATCH_ROWS = 5000

# The columns of a product that its record is made of.
COLUMNS = ("id", "sku_normalized", "last_change", *KEPT)

# The sets of the edits that are made `together`.
_together: ContextVar[list[ChangeSet] | None] = ContextVar("sets_together", default=None)


@contextmanager
def together() -> Iterator[list[ChangeSet]]:
    """Several edits in one transaction of the caller's. Gives their sets, which have numbers when it is over.

    They are closed at the end. If one were closed before the next edit waits for its product, an import that has
    written that product and wants to close its own set would wait for this transaction, and this one for the import.
    """
    sets: list[ChangeSet] = []
    token = _together.set(sets)
    try:
        yield sets
    finally:
        _together.reset(token)
    if sets:
        close(*sets)


@contextmanager
def on_record(user_name: str | None) -> Iterator[ChangeSet]:
    """A set for the changes that are made within, by this user; it is thrown away if it gets no records."""
    opened = open_set(Origin(user_name=user_name or ""))
    yield opened
    if not (opened.created or opened.changed or opened.deleted):
        ChangeSet.objects.filter(pk=opened.pk).delete()
    elif (sets := _together.get()) is not None:
        sets.append(opened)
    else:
        close(opened)


def record_creation(opened: ChangeSet, product: Product) -> None:
    """Put a product on record that is about to be saved."""
    product.last_change = opened.first_address
    keep(opened, Changes(KEPT, [None], [_values(product)], previous=[0]))


def record_update(opened: ChangeSet, product: Product, before: Mapping[str, Any]) -> list[str]:
    """Put on record what a product is about to be saved with; returns the fields to save for that.

    `before` is its row. Nothing is recorded of a product that stays as it is.
    """
    old, new = _values_of_row(before), _values(product)
    if old == new:
        return []
    keep(opened, Changes(KEPT, [old], [new], previous=[before["last_change"]]))
    product.last_change = opened.first_address
    if normalize_sku(product.sku) != before["sku_normalized"]:
        say_farewell([(before["sku_normalized"], opened.first_address)])
    return ["last_change"]


def record_deletions(opened: ChangeSet, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put products on record that have been deleted, by their rows."""
    keep(
        opened,
        Changes(
            KEPT,
            [_values_of_row(row) for row in rows],
            [None] * len(rows),
            previous=[row["last_change"] for row in rows],
        ),
    )
    say_farewell(zip([row["sku_normalized"] for row in rows], count(opened.first_address), strict=False))


def batches(products: QuerySet[Product]) -> Iterator[list[dict[str, Any]]]:
    """The rows of `products`, batch by batch, each held until the transaction is over."""
    last = 0
    while True:
        held = products.select_for_update(no_key=True, of=("self",)).filter(pk__gt=last).order_by("pk")
        rows = list(held.values(*COLUMNS)[:BATCH_ROWS])
        if not rows:
            return
        last = rows[-1]["id"]
        yield rows


def set_active_on_record(opened: ChangeSet, rows: Sequence[Mapping[str, Any]], *, active: bool) -> None:
    """Make those products active or inactive that the rows are of, none of which is so, and put that on record."""
    keep(
        opened,
        Changes(
            ("sku", "is_active"),
            [(row["sku"], not active) for row in rows],
            [(row["sku"], active) for row in rows],
            previous=[row["last_change"] for row in rows],
        ),
    )
    ids = [row["id"] for row in rows]
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        statement = _SET_ACTIVE_SQLITE if is_sqlite else _SET_ACTIVE
        cursor.execute(statement, [active, opened.first_address, json.dumps(ids) if is_sqlite else ids])


# Each product gets an address of its own.
_SET_ACTIVE = """
    UPDATE products_product SET is_active = %s, updated_at = statement_timestamp(), last_change = %s + changed.place - 1
    FROM unnest(%s::bigint[]) WITH ORDINALITY AS changed (id, place)
    WHERE products_product.id = changed.id
"""
_SET_ACTIVE_SQLITE = """
    UPDATE products_product
    SET is_active = %s, updated_at = strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now'), last_change = %s + changed.key
    FROM json_each(%s) AS changed
    WHERE products_product.id = changed.value
"""


def _values(product: Product) -> tuple[Any, ...]:
    return tuple(getattr(product, name) for name in KEPT)


def _values_of_row(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEPT)
