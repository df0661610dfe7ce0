"""Where each value of a product comes from, and its whole story: for the API and the dashboard. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from products.history.records import KEPT
from products.history.stories import Entry, last_address, origins, story
from products.models import Product

# Of a story, so many entries are read to find where the values come from.
MOST_READ = 200


@dataclass(frozen=True, slots=True)
class Source:
    """Who has made a change: an import, with the name of its file and a line, or a user; without both, the system."""

    at: datetime
    import_number: int | None
    filename: str
    line: int | None
    user: str


@dataclass(frozen=True, slots=True)
class FieldOrigin:
    """Where the value of a field comes from.

    Attributes:
        name: the field.
        value: what the product has, or had when it was deleted.
        source: who gave it that value; None if that is not on record, or too far back.
        at_least_since: where there is no source, since when it has certainly been so; None if nothing is on record.
        previous: what it was before; None as well if the product was created with it.
        was_created: the product was created with it.
    """

    name: str
    value: Any
    source: Source | None
    at_least_since: datetime | None
    previous: Any
    was_created: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A change in a product's story: its kind, who made it, and the fields as (name, old, new)."""

    kind: str
    sku: str
    source: Source
    fields: list[tuple[str, Any, Any]]


@dataclass(frozen=True, slots=True)
class History:
    """A product's history, or a page of it.

    Attributes:
        sku: the product's SKU as written.
        exists: whether there is such a product now.
        fields: where its values come from; empty on later pages.
        is_pruned: what was before is no longer known.
        changes: the newest changes, or those from the address that was asked for.
        next_address: where the next page begins; 0 on the last one.
    """

    sku: str
    exists: bool
    fields: list[FieldOrigin]
    is_pruned: bool
    changes: list[Told]
    next_address: int


@cache
def _names_of_imports() -> Callable[[Collection[int]], Mapping[int, str]]:
    return import_string(settings.IMPORT_NAMES)


def history_of(product: Product, *, before: int = 0, limit: int) -> History:
    """The history of a product: its newest `limit` changes, or those from the address `before` on."""
    values = {name: getattr(product, name) for name in KEPT}
    return _history(product.sku, values, product.last_change, exists=True, before=before, limit=limit)


def history_of_gone(sku: str, *, before: int = 0, limit: int) -> History | None:
    """The history of a product that had this SKU until it was deleted or got another; None if none is on record."""
    address = last_address(sku)
    newest = story(address, 1).entries
    if not newest:
        return None
    record = newest[0].record
    written = record.before.get("sku", record.sku)
    return _history(written, record.before, address, exists=False, before=before, limit=limit)


def _history(sku: str, values: Mapping[str, Any], address: int, *, exists: bool, before: int, limit: int) -> History:
    page = story(before or address, limit)
    found, read = ({}, []) if before else origins(address, KEPT, MOST_READ)
    shown = [*page.entries, *found.values()]
    numbers = {entry.change_set.import_number for entry in shown}
    names = _names_of_imports()({number for number in numbers if number is not None})
    oldest = read[-1].change_set.at if read else None
    fields = [] if before else [name for name in KEPT if name in values]
    return History(
        sku=sku,
        exists=exists,
        fields=[_origin(name, values[name], found.get(name), oldest, names) for name in fields],
        # Also where it was made before anything was on record.
        is_pruned=page.is_pruned or not address,
        changes=[_told(entry, names) for entry in page.entries],
        next_address=page.next_address,
    )


def _origin(
    name: str, value: Any, entry: Entry | None, oldest: datetime | None, names: Mapping[int, str]
) -> FieldOrigin:
    if entry is None:
        return FieldOrigin(name, value, None, oldest, None, was_created=False)
    return FieldOrigin(
        name,
        value,
        _source(entry, names),
        None,
        entry.record.before.get(name),
        was_created=entry.record.kind == "created",
    )


def _told(entry: Entry, names: Mapping[int, str]) -> Told:
    record = entry.record
    fields = [(name, record.before.get(name), record.after.get(name)) for name in record.fields]
    return Told(record.kind, record.sku, _source(entry, names), fields)


def _source(entry: Entry, names: Mapping[int, str]) -> Source:
    change_set = entry.change_set
    number = change_set.import_number
    filename = names.get(number, "") if number is not None else ""
    return Source(change_set.at, number, filename, entry.record.line or None, change_set.user_name)
