"""Reading the history: single records by their addresses, and the story of a product, newest first.

A story is a walk of primary keys from record to record, goes on with the product that had the SKU before, and ends
where there is none on record, or where older history has been pruned, which is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import connection

from products.fields import normalize_sku
from products.history.models import PLACES, ChangeBlock, ChangeSet, Farewell
from products.history.records import BLOCK_ROWS, Block, Record

# Blocks that are unpacked at a time.
BLOCKS_AT_A_TIME = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One change in a story, and the set that it was made in."""

    record: Record
    change_set: ChangeSet


@dataclass(frozen=True, slots=True)
class Story:
    """Some entries of a product's story, newest first.

    Attributes:
        entries: the entries.
        next_address: where the story goes on; 0 if these are the last ones.
        is_pruned: older history was pruned: what was before the last entry is no longer known.
    """

    entries: list[Entry]
    next_address: int
    is_pruned: bool


def block_of(address: int) -> int:
    """The key of the block that has the record with this address. In a set, a block begins every 500 places."""
    return address - address % PLACES % BLOCK_ROWS


def records_at(addresses: Collection[int]) -> Iterator[Record]:
    """The records with these addresses that have not been pruned, block by block."""
    by_block: dict[int, list[int]] = {}
    for address in sorted(addresses):
        by_block.setdefault(block_of(address), []).append(address)
    keys = iter(by_block)
    while some := list(islice(keys, BLOCKS_AT_A_TIME)):
        for key, data in ChangeBlock.objects.filter(pk__in=some).order_by("pk").values_list("pk", "data"):
            block = Block(key, bytes(data))
            for address in by_block[key]:
                yield block.at(address)


# In plain SQL, since a walk takes many: by queries of Django it would take twice as long (measured with
# benchmarks/history.py).
_READ = "SELECT data FROM products_changeblock WHERE id = %s"


def _record_at(address: int) -> Record | None:
    key = block_of(address)
    with connection.cursor() as cursor:
        cursor.execute(_READ, [key])
        found = cursor.fetchone()
    return Block(key, bytes(found[0])).at(address) if found else None


def story(address: int, limit: int) -> Story:
    """At most `limit` entries from the record with this address on: a product's `last_change`, or a `next_address`.

    Where nothing older is on record of a product, such as where it was created, and one had its SKU before, the story
    goes on with that one's. Raises IndexError where no record ever had this address.
    """
    records: list[Record] = []
    is_pruned = False
    while address and len(records) < limit:
        record = _record_at(address)
        if record is None:
            is_pruned = True
            address = 0
            break
        records.append(record)
        address = record.previous
        if not address:
            # Nothing before is on record of this product: it was created here, or before changes were recorded.
            address = last_address(record.before.get("sku", record.sku), before=record.address)
    sets = ChangeSet.objects.in_bulk({record.address // PLACES for record in records})
    entries = [Entry(record, sets[key]) for record in records if (key := record.address // PLACES) in sets]
    if len(entries) < len(records):
        # Pruned since the records were read.
        return Story(entries, 0, is_pruned=True)
    return Story(entries, address, is_pruned)


def last_address(sku: str, *, before: int | None = None) -> int:
    """The newest record of a product that had this SKU until it was deleted or got another; 0 if there is none.

    Of those with an address below `before`, if it is given: sets get their keys when they begin, so a product made anew
    has a higher one.
    """
    found = Farewell.objects.filter(sku_normalized=normalize_sku(sku))
    if before is not None:
        found = found.filter(address__lt=before)
    return found.order_by("-address").values_list("address", flat=True).first() or 0
