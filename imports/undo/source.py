"""What is to be undone: the records of an import, or of a bulk action, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import F, Q, Sum

from imports.models import ImportJob
from products.fields import normalize_skus
from products.history.models import PLACES, ChangeBlock, ChangeSet
from products.history.records import BLOCK_ROWS, KEPT, Block, Record, fields_of

# Blocks that are fetched at a time.
BLOCKS_AT_A_TIME = 20
# A part ends early with so many characters of values, since descriptions may be long.
MOST_CHARACTERS = 8 * 1024 * 1024


class UndoneRow(NamedTuple):
    """A record that is to be undone, as the pipeline takes a row."""

    change: Record
    # The SKU that the product has since.
    sku_normalized: str

    @property
    def line(self) -> int:
        """The line of the file that the change came from; 0 if none."""
        return self.change.line

    @property
    def record(self) -> list[str]:
        """What is shown of it where it is rejected."""
        return [self.change.sku]


class Part(NamedTuple):
    """Some records one after the other, and whether there are none behind them."""

    rows: list[UndoneRow]
    is_last: bool


@dataclass(frozen=True, slots=True)
class Source:
    """The sets that are to be undone: those of the import with this number, or with numbers from first to last."""

    import_number: int | None
    first: int = 0
    last: int = 0

    @classmethod
    def of(cls, job: ImportJob) -> Source:
        """What this undo is about."""
        return cls(job.undoes_id, *job.undoes_sets)

    @property
    def _is_own(self) -> Q:
        if self.import_number is not None:
            return Q(import_number=self.import_number)
        return Q(number__gte=self.first, number__lte=self.last)

    def count(self) -> int:
        """How many records there are."""
        records = Sum(F("created") + F("changed") + F("deleted"))
        return ChangeSet.objects.filter(self._is_own).aggregate(records=records)["records"] or 0

    def set_keys(self) -> frozenset[int]:
        """The keys of the sets: one for each chunk that has written something."""
        return frozenset(ChangeSet.objects.filter(self._is_own).values_list("pk", flat=True))

    def fields(self) -> tuple[str, ...]:
        """The fields that an undo reads and writes, the SKU first: all, unless products were only changed."""
        bits = 0
        for mask, *whole in ChangeSet.objects.filter(self._is_own).values_list("fields", "created", "deleted"):
            if any(whole):
                return KEPT
            bits |= mask
        return ("sku", *(name for name in fields_of(bits) if name != "sku"))

    def may_have_several(self) -> bool:
        """Whether there may be several records of one product, without its having been deleted in between.

        An import has counted them as duplicates; an undo changes each product once.
        """
        if self.import_number is None:
            return True
        job = ImportJob.objects.with_progress().filter(pk=self.import_number).first()
        if job is None:
            return True
        # A product that came back has a record of its row, and one of its activation.
        return (job.duplicate_rows > 0 or job.activated_products > 0) and not job.is_undo

    def part(self, below: int | None, limit: int) -> Part:
        """The records with addresses `below` that one, or the highest ones, from there down; at most `limit`."""
        records: list[Record] = []
        characters = 0
        found = ChangeBlock.objects.filter(pk__any_of=self._blocks(below, limit)).order_by("-pk")
        for first, data in found.values_list("pk", "data").iterator(chunk_size=BLOCKS_AT_A_TIME):
            block = Block(first, bytes(data))
            end = len(block) if below is None else min(len(block), below - first)
            records += block.records()[max(0, end - limit + len(records)) : end][::-1]
            characters += block.characters
            if len(records) == limit or characters > MOST_CHARACTERS:
                break
        rows = list(map(UndoneRow, records, normalize_skus(record.sku for record in records)))
        return Part(rows, is_last=len(rows) < limit and characters <= MOST_CHARACTERS)

    def _blocks(self, below: int | None, limit: int) -> set[int]:
        """The keys of the blocks that have those records: a set tells how many it has, in blocks without gaps."""
        sets = ChangeSet.objects.filter(self._is_own).order_by("-pk")
        if below is not None:
            sets = sets.filter(pk__lte=(below - 1) // PLACES)
        blocks: set[int] = set()
        records = 0
        for pk, *counts in sets.values_list("pk", "created", "changed", "deleted")[:limit].iterator(chunk_size=100):
            end = pk * PLACES + sum(counts)
            if below is not None:
                end = min(end, below)
            blocks.update(range(pk * PLACES, end, BLOCK_ROWS))
            records += end - pk * PLACES
            if records >= limit:
                break
        return blocks
