"""What a check has found a file to do: its changes page by page, in the order of the rows or by their price moves.

They are kept in blocks (`imports.writing.proposals`), of which each tells what kinds of changes it has. So a page reads
few blocks, however many there are and whatever is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import reduce
from heapq import nsmallest
from operator import add
from typing import NamedTuple

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import formats, timezone

from imports.models import DryRunSku, ImportJob, ImportLane, ProposedBlock
from imports.writing.findings import MARKS, PRICE_DOWN, PRICE_UP, Findings, marks_of
from imports.writing.moves import SizedMove, unpack_moves
from imports.writing.proposals import block_of
from products.fields import normalize_sku, normalize_skus
from products.history.records import BLOCK_ROWS, CHANGED, CREATED, Block, Record, mask

BY_LINE, BY_MOVE = "line", "price_move"
ORDERS = (BY_LINE, BY_MOVE)
# The marks by which price moves can be chosen.
OF_MOVES = ("price_up", "price_down", "price_to_zero")
# What a check has shown is of its day; and it takes as much space as the changes themselves.
EXPIRES_AFTER = timedelta(days=7)
# Blocks that are read at a time: few at first, since a page mostly needs no more.
FIRST_BLOCKS, MORE_BLOCKS = 2, 20


class Asked(NamedTuple):
    """Which changes are wanted: of products in which this field changes, of this kind, with this of MARKS, of products
    whose SKU begins like this; and in which of ORDERS.
    """

    field: str = ""
    kind: str = ""
    mark: str = ""
    sku: str = ""
    order: str = BY_LINE

    @property
    def contradiction(self) -> str:
        """The sentence that these do not go together; empty if they do."""
        if self.order == BY_MOVE and (
            self.kind == CREATED or self.sku or self.field not in ("", "price") or self.mark not in ("", *OF_MOVES)
        ):
            return "The order by price moves has products with such a move only: no other filter goes with it."
        return ""


class Page(NamedTuple):
    """Some changes, and the cursor of the page after them; 0 if these are the last."""

    records: list[Record]
    next_cursor: int


def expires_at(check: ImportJob) -> datetime:
    """Until when a completed check can be applied, and is there to be looked at.

    Not for longer than changes are on record that were made after it began (`imports.writing.pin`).
    """
    began = check.started_at or check.created_at
    on_record = began + timedelta(days=settings.HISTORY_KEEP_DAYS)
    return min((check.finished_at or check.created_at) + EXPIRES_AFTER, on_record)


def is_gone(check: ImportJob) -> bool:
    """Whether what the check has shown was deleted, or is about to be."""
    return check.is_over and expires_at(check) < timezone.now()


def why_expired(check: ImportJob) -> str:
    """The sentence that a completed check can no longer be applied; empty if it can."""
    if check.checked_from is not None and not is_gone(check):
        return ""
    on = formats.date_format(timezone.localtime(expires_at(check)), "DATE_FORMAT")
    return f"Check {check.pk} expired on {on}. Check the file again."


def why_gone(check: ImportJob) -> str:
    """The sentence that it is gone; empty if it is there."""
    days = EXPIRES_AFTER.days
    return f"What a check has shown is kept for {days} days, and that of this one is gone." if is_gone(check) else ""


def blocks(check: ImportJob) -> Iterator[tuple[int, int]]:
    """The first line and the key of each block, by the line."""
    found = ProposedBlock.objects.filter(job=check.pk).order_by("first_line", "pk")
    # The list is short; what it leads to is read one by one.
    return iter(list(found.values_list("first_line", "pk")))


def block(key: int) -> Block:
    """The block with this key."""
    return block_of(key, bytes(ProposedBlock.objects.values_list("data", flat=True).get(pk=key)))


def findings(job: ImportJob) -> Findings:
    """What a check has found, as far as it is."""
    stored = ImportLane.objects.filter(job=job.pk).values_list("report", flat=True)
    return reduce(add, map(Findings.from_json, stored), Findings())


def page(job: ImportJob, asked: Asked, *, cursor: int, limit: int) -> Page:
    """At most `limit` of the changes that are `asked` for, from `cursor` on, which the page before has told."""
    if asked.order == BY_MOVE:
        return _by_move(job.pk, MARKS.get(asked.mark, 0), cursor, limit)
    if asked.sku:
        return _by_sku(job.pk, asked, cursor, limit)
    found: list[Record] = []
    for block in _blocks(job.pk, asked, cursor):
        for record in _fitting(block, asked, cursor):
            found.append(record)
            if len(found) > limit:
                return Page(found[:limit], found[limit - 1].address)
    return Page(found, 0)


def _blocks(job_id: int, asked: Asked, cursor: int) -> Iterator[Block]:
    """The blocks with changes that are asked for, from the one of the `cursor` on."""
    blocks = ProposedBlock.objects.filter(job=job_id, pk__gte=cursor // BLOCK_ROWS).order_by("pk")
    if asked.field:
        blocks = _with_bits(blocks, "fields", mask([asked.field]))
    if asked.mark:
        blocks = _with_bits(blocks, "marks", MARKS[asked.mark])
    if asked.kind:
        blocks = blocks.filter(**{f"{asked.kind}__gt": 0})
    count = FIRST_BLOCKS
    last = -1
    while some := list(blocks.filter(pk__gt=last).values_list("pk", "data")[:count]):
        for last, data in some:
            yield block_of(last, bytes(data))
        count = MORE_BLOCKS


def _with_bits(blocks: QuerySet[ProposedBlock], name: str, bits: int) -> QuerySet[ProposedBlock]:
    return blocks.annotate(**{f"hit_{name}": F(name).bitand(bits)}).filter(**{f"hit_{name}__gt": 0})


def _fitting(block: Block, asked: Asked, cursor: int) -> Iterator[Record]:
    places = block.changed(asked.field)[0] if asked.field else range(len(block))
    for place in places:
        if block.first + place > cursor and _fits(record := block.record(place), asked):
            yield record


def _fits(record: Record, asked: Asked) -> bool:
    if (asked.kind and record.kind != asked.kind) or (asked.field and asked.field not in record.before):
        return False
    return not asked.mark or (
        record.kind == CHANGED and bool(marks_of(record.before, record.after) & MARKS[asked.mark])
    )


def _by_sku(job_id: int, asked: Asked, cursor: int, limit: int) -> Page:
    """By SKU; of rows with the same one, the last. The cursor is the key of the last SKU of the page before."""
    skus = DryRunSku.objects.filter(job=job_id, sku_normalized__startswith=normalize_sku(asked.sku))
    if cursor:
        skus = skus.filter(sku_normalized__gt=DryRunSku.objects.filter(pk=cursor).values("sku_normalized")[:1])
    found: list[Record] = []
    places = list(skus.order_by("sku_normalized").values_list("pk", "block", "line", "sku_normalized")[: limit + 1])
    blocks = _by_key({block for _, block, *_ in places})
    for _, key, line, sku in places[:limit]:
        record = _record_of(blocks[key], line, sku)
        if _fits(record, asked):
            found.append(record)
    return Page(found, places[limit - 1][0] if len(places) > limit else 0)


def _record_of(block: Block, line: int, sku: str) -> Record:
    """The record of this row. Those of a full sync are in no line of the file."""
    if line:
        return block.record(block.lines.index(line))
    skus = normalize_skus(sku for _, sku, _ in block.briefly())
    return block.record(skus.index(sku))


def _by_move(job_id: int, marks: int, cursor: int, limit: int) -> Page:
    """The largest price moves first; of one size, in the order of the rows."""
    blocks = _with_bits(ProposedBlock.objects.filter(job=job_id), "marks", marks or PRICE_UP | PRICE_DOWN)
    after = _rank_of(cursor) if cursor else None
    ranked = (
        rank
        for pk, moves in blocks.order_by("pk").values_list("pk", "moves").iterator(chunk_size=MORE_BLOCKS)
        for rank in _first_behind(pk, unpack_moves(bytes(moves)), marks, after, limit + 1)
    )
    first = nsmallest(limit + 1, ranked)
    addresses = [address for _, address in first[:limit]]
    found = _by_key({address // BLOCK_ROWS for address in addresses})
    records = [found[address // BLOCK_ROWS].at(address) for address in addresses]
    return Page(records, addresses[-1] if len(first) > limit else 0)


def _first_behind(
    pk: int, moves: Iterator[SizedMove], marks: int, after: tuple[float, int] | None, limit: int
) -> list[tuple[float, int]]:
    """The first moves of a block behind that rank, each as its rank: how large, and the address of its record."""
    found: list[tuple[float, int]] = []
    for size, place, of in moves:
        rank = -size, pk * BLOCK_ROWS + place
        if (not marks or of & marks) and (after is None or rank > after):
            found.append(rank)
            if len(found) == limit:
                break
    return found


def _rank_of(address: int) -> tuple[float, int] | None:
    """The rank of the move at this address; None if there is none."""
    found = ProposedBlock.objects.filter(pk=address // BLOCK_ROWS).values_list("moves", flat=True).first()
    sizes = {move.place: move.size for move in unpack_moves(bytes(found or b""))}
    size = sizes.get(address % BLOCK_ROWS)
    return None if size is None else (-size, address)


def _by_key(keys: set[int]) -> dict[int, Block]:
    found = ProposedBlock.objects.filter(pk__in=keys).values_list("pk", "data")
    return {pk: block_of(pk, bytes(data)) for pk, data in found}
