"""Which products were changed: by an import, in a field, since a moment. Read from the blocks, within bounds.

There is no index that would say so, which every import would have to fill.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from products.fields import normalize_skus
from products.history.models import PLACES, ChangeBlock, ChangeSet, Farewell
from products.history.records import BLOCK_ROWS, CHANGED, Block, mask
from products.history.stories import block_of, records_at

# More products make no selection that a page of them could show in time.
MOST_PRODUCTS = 50_000
# How much may be read, in records: what else is read costs about as much as so many of them (measured:
# benchmarks/history.py). It takes some two seconds.
MOST_READ = 1_000_000
SET_COST, BLOCK_COST = 5, 20
# Sets get their keys in about the order of their times: other transactions begin in between, and clocks are set.
OUT_OF_ORDER = timedelta(minutes=1)
# Blocks that are in memory at a time: some full ones, or many small ones.
ROWS_AT_A_TIME, BLOCKS_AT_A_TIME = 10_000, 500


@dataclass(frozen=True, slots=True)
class Asked:
    """Changes by this import, of this field, since this moment: what is None is not asked."""

    import_number: int | None = None
    field: str | None = None
    since: datetime | None = None


class TooManyError(Exception):
    """More was asked for than is read; the text says so. `is_too_long` where it is the reading, not the products."""

    def __init__(self, *, is_too_long: bool) -> None:
        super().__init__(
            "This takes more history to be read than a request may."
            if is_too_long
            else f"More than {MOST_PRODUCTS:,} products match."
        )


def changed_skus(asked: Asked) -> set[str]:
    """The normalized SKUs, today's, of products with a change for which all that is asked holds. Raises TooManyError.

    Products that were deleted are among them: another may have the SKU, and goes on with their story.
    """
    # By SKU, the address from which on its story is to be followed: the newest sets come first.
    found: dict[str, int] = {}
    for block in _blocks(asked):
        skus = block.skus_after
        if asked.field is not None:
            skus = [skus[place] for place in block.changed(asked.field)[0]]
        found.update(dict.fromkeys(normalize_skus(skus), block.first))
        if len(found) > MOST_PRODUCTS:
            raise TooManyError(is_too_long=False)
    return found.keys() | _renamed(found)


def _blocks(asked: Asked) -> Iterator[Block]:
    """The blocks with such changes, the newest sets first."""
    keys: list[int] = []
    rows = cost = 0
    for pk, number_of_rows in _sets(asked):
        cost += SET_COST
        for start in range(0, number_of_rows, BLOCK_ROWS):
            in_block = min(number_of_rows - start, BLOCK_ROWS)
            keys.append(pk * PLACES + start)
            rows += in_block
            cost += BLOCK_COST + in_block
            if rows >= ROWS_AT_A_TIME or len(keys) >= BLOCKS_AT_A_TIME:
                yield from _read(keys, asked.field)
                keys, rows = [], 0
        if cost > MOST_READ:
            raise TooManyError(is_too_long=True)
    if keys:
        yield from _read(keys, asked.field)


def _sets(asked: Asked) -> Iterator[tuple[int, int]]:
    """The sets that may have such changes, newest first, each with the number of its records; 0 if it has none."""
    sets: QuerySet[ChangeSet] = ChangeSet.objects.order_by("-pk")
    if asked.import_number is not None:
        sets = sets.filter(import_number=asked.import_number)
    bits = mask([asked.field]) if asked.field else 0
    told = sets.values_list("pk", "at", "fields", "created", "changed", "deleted")
    for pk, at, fields, created, changed, deleted in told.iterator(chunk_size=2000):
        if asked.since and at < asked.since - OUT_OF_ORDER:
            # Those before it are older.
            return
        is_hit = (not asked.since or at >= asked.since) and (not bits or fields & bits)
        yield pk, created + changed + deleted if is_hit else 0


def _read(keys: list[int], field: str | None) -> Iterator[Block]:
    blocks = ChangeBlock.objects.filter(pk__in=keys)
    if field:
        blocks = blocks.annotate(hit=F("fields").bitand(mask([field]))).filter(hit__gt=0)
    for pk, data in blocks.order_by("-pk").values_list("pk", "data"):
        yield Block(pk, bytes(data))


def _renamed(found: dict[str, int]) -> set[str]:
    """The SKUs that products got later which had one of `found` at the address there."""
    renamed: set[str] = set()
    while found:
        told = Farewell.objects.filter(sku_normalized__any_of=set(found)).values_list("sku_normalized", "address")
        later = {address: sku for sku, address in told if address > found[sku]}
        # Few farewells are of products that got another SKU, and an edit by hand is a block of its own.
        blocks = {block_of(address) for address in later}
        found = {}
        for some in _in_parts(sorted(blocks)):
            hits = ChangeBlock.objects.annotate(hit=F("fields").bitand(mask(["sku"]))).filter(pk__in=some, hit__gt=0)
            those = set(hits.values_list("pk", flat=True))
            for record in records_at([address for address in later if block_of(address) in those]):
                if record.kind == CHANGED:
                    (sku,) = normalize_skus([record.sku])
                    found[sku] = record.address
        renamed |= found.keys()
    return renamed


def _in_parts(keys: list[int]) -> Iterator[list[int]]:
    return (keys[start : start + BLOCKS_AT_A_TIME] for start in range(0, len(keys), BLOCKS_AT_A_TIME))
