"""The changes that a check shows, kept in blocks as the history keeps changes that were made.

They are there to be read page by page, and for the import that applies the check (`imports.writing.pin`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imports.models import ProposedBlock
from imports.reading.rows import CleanRow
from imports.writing.catalogue import Found
from imports.writing.findings import Findings, find, mark_of
from imports.writing.moves import SizedMove, pack_moves
from imports.writing.plan import Plan
from imports.writing.summary import Summary, move_size, summary_of
from products.history.records import BLOCK_ROWS, Block, Changes, Record, pack


class Proposal:
    """What a check shows of one chunk: `summary` and `findings`, and in which block it is.

    `blocks` has the block of each line, `skus` the normalized SKUs in each block.
    """

    def __init__(self, job_id: int, fields: tuple[str, ...], constants: Mapping[str, Any]) -> None:
        self._job_id = job_id
        self._fields = fields
        self._constants = constants
        self.summary = Summary()
        self.findings = Findings()
        self.blocks: dict[int, int] = {}
        self.skus: list[tuple[int, list[str]]] = []

    def keep(self, plan: Plan, found: Found) -> None:
        """Keep the changes that `plan` makes of what was `found`."""
        rows = sorted([*plan.create.values(), *plan.update.values()], key=_line)
        parts = [rows[start : start + BLOCK_ROWS] for start in range(0, len(rows), BLOCK_ROWS)]
        blocks = ProposedBlock.objects.bulk_create([self._block(part, found) for part in parts])
        for part, block in zip(parts, blocks, strict=True):
            self.blocks.update(dict.fromkeys((row.line for row in part), block.pk))
            self.skus.append((block.pk, [row.sku_normalized for row in part]))
        if rows:
            self.summary.sets = 1

    def _block(self, rows: Sequence[CleanRow], found: Found) -> ProposedBlock:
        before = [found.values.get(row.sku_normalized) for row in rows]
        lines, after = [row.line for row in rows], [row.values for row in rows]
        packed = pack(Changes(self._fields, before, after, [0] * len(rows), lines, self._constants))
        there = [place for place, values in enumerate(before) if values is not None]
        old = [values for values in before if values is not None]
        new = [after[place] for place in there]
        findings, marks = find(self._fields, old, new)
        self.findings += findings
        self.summary += summary_of(self._fields, old, new, [lines[place] for place in there])
        return ProposedBlock(
            job_id=self._job_id,
            first_line=lines[0],
            last_line=lines[-1],
            created=packed.created,
            changed=packed.changed,
            fields=packed.fields,
            marks=marks,
            moves=pack_moves(self._moves(there, old, new)),
            data=packed.data,
        )

    def _moves(
        self, places: Sequence[int], old: Sequence[tuple[Any, ...]], new: Sequence[tuple[Any, ...]]
    ) -> Iterator[SizedMove]:
        if "price" not in self._fields:
            return
        at = self._fields.index("price")
        for place, before, after in zip(places, old, new, strict=True):
            if size := move_size(before[at], after[at]):
                yield SizedMove(float(size), place, mark_of("price", before[at], after[at]))


def block_of(pk: int, data: bytes) -> Block:
    """A stored block, whose records have addresses by which they are in order and can be found again."""
    return Block(pk * BLOCK_ROWS, data)


def shown_at(check_id: int, lines: set[int]) -> dict[int, Record]:
    """The changes that a check has shown of the rows in these lines, by their lines; most rows have none."""
    found: dict[int, Record] = {}
    if lines:
        blocks = ProposedBlock.objects.filter(
            job=check_id, first_line__lte=max(lines), last_line__gte=min(lines)
        ).values_list("pk", "data")
        for pk, data in blocks.iterator(chunk_size=20):
            block = block_of(pk, bytes(data))
            wanted = [place for place, line in enumerate(block.lines) if line in lines]
            found.update((block.lines[place], block.record(place)) for place in wanted)
    return found


def _line(row: CleanRow) -> int:
    return row.line
