"""The history of one product: for each field since when it has had its value, and from where; and its story.

Of a product that there is, or of one that had a SKU until it was deleted or was given another. Nothing is guessed: what
was pruned, what nobody recorded and what was not looked for far enough is said to be no more than "at least since".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from acme_importer.texts import counted
from products.fields import normalize_sku
from products.history.models import ChangeSet
from products.history.records import DELETED, KEPT
from products.history.stories import Entry, Story, last_address, records_at, story
from products.models import Product

# How far back the origins of the values are looked for: each record takes a query (measured: benchmarks/history.py).
MOST_READ = 500
# Records that are read at a time beyond the page.
STEP = 50

NOTHING = "Nothing is on record of this product: it was not changed since changes are recorded."
OF_ANOTHER = f"{NOTHING} What is told is of another one, which had its SKU before."


@dataclass(frozen=True, slots=True)
class Subject:
    """What a history is of.

    Attributes:
        sku: the SKU, as the product has it or had it; as it was asked for, where that was pruned.
        product: the product; None if there is none with this SKU any longer.
        address: the newest record: where the product has none, that of the one before with its SKU; 0 if there is none.
    """

    sku: str
    product: Product | None
    address: int

    @classmethod
    def of_product(cls, product: Product) -> Subject:
        """The history of a product that there is."""
        return cls(product.sku, product, product.last_change or last_address(product.sku))

    @property
    def is_on_record(self) -> bool:
        """Whether the newest record is the product's own, and not of another one that had its SKU before."""
        return self.product is None or bool(self.product.last_change)

    @classmethod
    def of_sku(cls, sku: str) -> Subject | None:
        """The history of the product that has this SKU, in any letter case, or had it last; None if none is known."""
        if product := Product.objects.filter(sku_normalized=normalize_sku(sku)).first():
            return cls.of_product(product)
        address = last_address(sku)
        if not address:
            return None
        record = next(records_at([address]), None)
        return cls(record.before.get("sku", record.sku) if record else sku, None, address)


@dataclass(frozen=True, slots=True)
class FieldHistory:
    """Since when a field has had its value.

    Attributes:
        name: the field.
        value: its value; of a deleted product its last one.
        entry: the change that gave it this value; None if that is not on record, or further back than was looked.
        unchanged_since: without an entry, since when it has not been changed at least; None if nothing is known.
    """

    name: str
    value: Any
    entry: Entry | None
    unchanged_since: datetime | None


@dataclass(frozen=True, slots=True)
class History:
    """The history of a subject: its fields, none on later pages of the story; and one page of the story."""

    subject: Subject
    fields: list[FieldHistory]
    page: Story

    @property
    def import_numbers(self) -> set[int]:
        """The numbers of all imports in it."""
        entries = [*self.page.entries, *(field.entry for field in self.fields if field.entry)]
        return {number for entry in entries if (number := entry.change_set.import_number) is not None}

    @property
    def notice(self) -> str | None:
        """A sentence where the story is not whole, or where there is none."""
        if self.page.is_pruned:
            return f"Older changes were deleted: they are kept for {counted(settings.HISTORY_KEEP_DAYS, 'day')}."
        if not self.page.entries:
            return NOTHING
        return None if self.subject.is_on_record else OF_ANOTHER


def history(subject: Subject, limit: int, before: int | None = None) -> History:
    """The history, with `limit` entries of the story: the newest, or those from the address `before` on.

    Raises IndexError where no record ever had this address.
    """
    if before is not None:
        return History(subject, [], story(before, limit))
    page = story(subject.address, limit)
    return History(subject, _fields(subject, page), page)


def _fields(subject: Subject, page: Story) -> list[FieldHistory]:
    """The fields of the subject, by what the page has of its story, and as much more of it as that takes."""
    values = _values(subject, page)
    if not subject.is_on_record:
        return [FieldHistory(name, value, None, None) for name, value in (values or {}).items()]
    sources: dict[str, Entry] = {}
    looked, read, oldest = page, 0, _oldest_on_record(page)
    while True:
        own = _own(looked)
        for entry in own:
            for name in entry.record.after:
                sources.setdefault(name, entry)
            oldest = entry.change_set.at
        read += len(own)
        is_whole = bool(own) and not own[-1].record.previous
        if is_whole or not looked.next_address or read >= MOST_READ or sources.keys() >= set(KEPT):
            break
        looked = story(looked.next_address, min(STEP, MOST_READ - read))
    if values is None:
        values = {name: sources[name].record.after[name] for name in KEPT if name in sources}
    return [_field(name, value, sources.get(name), oldest) for name, value in values.items()]


def _own(part: Story) -> list[Entry]:
    """The entries of the product that the part begins with: no value is from another one that had its SKU before."""
    first = next((at for at, entry in enumerate(part.entries) if not entry.record.previous), len(part.entries))
    return part.entries[: first + 1]


def _field(name: str, value: Any, entry: Entry | None, oldest: datetime | None) -> FieldHistory:
    if entry and entry.record.after[name] != value:
        # Somebody wrote it past the product, and nobody knows when.
        return FieldHistory(name, value, None, None)
    return FieldHistory(name, value, entry, None if entry else oldest)


def _values(subject: Subject, page: Story) -> Mapping[str, Any] | None:
    """What the product has, or had when it was deleted; None if only the story can tell."""
    if subject.product:
        return {name: getattr(subject.product, name) for name in KEPT}
    newest = page.entries[0].record if page.entries else None
    return newest.before if newest and newest.kind == DELETED else None


def _oldest_on_record(page: Story) -> datetime | None:
    """When the oldest change was made that was not pruned: one whose history is pruned was not changed since."""
    if page.entries or not page.is_pruned:
        return None
    return ChangeSet.objects.order_by("pk").values_list("at", flat=True).first()
