"""What one import did, by its number: its records page by page, and the lines that records are from.

Pages are in the order in which the sets were committed, so that nothing is skipped while the import still runs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import BigIntegerField, ExpressionWrapper, F, Min, QuerySet

from products.fields import normalize_sku
from products.history.models import PLACES, ChangeBlock, ChangeSet
from products.history.records import CREATED, Block, Record, mask
from products.history.stories import block_of, story

# Blocks that are read at a time: few at first, since a page mostly needs no more.
FIRST_BLOCKS, MORE_BLOCKS = 2, 50
# Blocks whose lines are kept in memory, 8 KB each.
LINES_KEPT = 2000
# Entries of a story that are read at a time.
STORY_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of an import, and the cursor of the page after them; 0 if these are the last."""

    records: list[Record]
    next_cursor: int


def sets_of(import_number: int) -> QuerySet[ChangeSet]:
    """The committed sets of an import."""
    return ChangeSet.objects.filter(import_number=import_number, number__isnull=False)


def page(import_number: int, *, cursor: int = 0, limit: int, field: str = "", kind: str = "") -> Page:
    """At most `limit` records of an import from `cursor` on, the `next_cursor` of the page before.

    With a `field`, those of products in which it changed; with a `kind`, those of that kind.
    """
    if field and kind == CREATED:
        return Page([], 0)
    wanted_sets = _matching(sets_of(import_number), field, kind).filter(number__gte=cursor // PLACES)
    # Each has one record at least that is asked for, but for the one that the page before ended in.
    numbers = dict(wanted_sets.order_by("number").values_list("pk", "number")[: limit + 2])
    found: list[tuple[int, Record]] = []
    for block in _blocks(numbers, cursor, limit, field, kind):
        first = numbers[block.first // PLACES] * PLACES + block.first % PLACES
        for place in _places(block, field, kind):
            if first + place > cursor:
                found.append((first + place, block.record(place)))
                if len(found) > limit:
                    return Page([record for _, record in found[:limit]], found[limit - 1][0])
    return Page([record for _, record in found], 0)


def records_of_product(import_number: int, address: int, sku: str) -> Iterator[Record]:
    """The records of an import in the story of one product with this SKU, newest first.

    `address` is that of the product's newest record. The sets of a story have falling numbers.
    """
    first = sets_of(import_number).aggregate(first=Min("number"))["first"]
    while address and first:
        told = story(address, STORY_ENTRIES)
        for record, change_set in ((entry.record, entry.change_set) for entry in told.entries):
            if (change_set.number or first) < first:
                return
            if change_set.import_number == import_number and normalize_sku(record.sku) == normalize_sku(sku):
                yield record
        address = told.next_address


class Lines:
    """Of which lines records are, by their addresses, for one import: those that it wrote, or that others wrote upon.

    Keeps the blocks that were asked for last, since what is asked for next is mostly near.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[list[int], list[int]] | None] = OrderedDict()

    def find(self, addresses: Iterable[int]) -> dict[int, int]:
        """The line by address; 0 if the record was pruned. Where one has no line, that of the record before it."""
        now = {address: address for address in addresses}
        lines: dict[int, int] = {}
        while now:
            self._load({block_of(at) for at in now.values()})
            before: dict[int, int] = {}
            for address, at in now.items():
                key = block_of(at)
                kept = self._kept.get(key)
                line, previous = (kept[0][at - key], kept[1][at - key]) if kept else (0, 0)
                if line or not previous:
                    lines[address] = line
                else:
                    before[address] = previous
            now = before
        return lines

    def _load(self, keys: set[int]) -> None:
        while len(self._kept) > max(LINES_KEPT - len(keys), 0):
            self._kept.popitem(last=False)
        for key in keys & self._kept.keys():
            self._kept.move_to_end(key)
        missing = sorted(keys - self._kept.keys())
        self._kept.update(dict.fromkeys(missing))
        for start in range(0, len(missing), MORE_BLOCKS):
            some = ChangeBlock.objects.filter(pk__in=missing[start : start + MORE_BLOCKS])
            for pk, data in some.values_list("pk", "data"):
                block = Block(pk, bytes(data))
                self._kept[pk] = block.lines, block.previous


def _matching(sets_or_blocks: QuerySet, field: str, kind: str) -> QuerySet:
    """Those that have records which are asked for."""
    if field:
        return sets_or_blocks.annotate(hit=F("fields").bitand(mask([field]))).filter(hit__gt=0)
    return sets_or_blocks.filter(**{f"{kind}__gt": 0}) if kind else sets_or_blocks


def _blocks(numbers: dict[int, int], cursor: int, limit: int, field: str, kind: str) -> Iterator[Block]:
    """The blocks of these sets that have records which are asked for, from `cursor` on."""
    if not numbers:
        return
    set_number = ExpressionWrapper(F("id") / PLACES, output_field=BigIntegerField())
    blocks = ChangeBlock.objects.filter(pk__gte=min(numbers) * PLACES, pk__lt=(max(numbers) + 1) * PLACES)
    blocks = _matching(blocks.annotate(set_number=set_number).filter(set_number__in=list(numbers)), field, kind)
    keys = sorted(blocks.values_list("pk", flat=True), key=lambda pk: (numbers[pk // PLACES], pk))
    begun = cursor // PLACES
    rest = [key for key in keys if numbers[key // PLACES] > begun or key % PLACES >= block_of(cursor % PLACES)]
    rest = rest[: limit + 2]
    count = FIRST_BLOCKS
    while rest:
        some, rest = rest[:count], rest[count:]
        data = dict(ChangeBlock.objects.filter(pk__in=some).values_list("pk", "data"))
        for key in some:
            if key in data:
                yield Block(key, bytes(data[key]))
        count = MORE_BLOCKS


def _places(block: Block, field: str, kind: str) -> Iterable[int]:
    if field:
        return block.changed(field)[0]
    return block.places_of(kind) if kind else range(len(block))
