"""What is to be undone: the records of an import, or of a bulk action, the newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, Sum

from imports.models import ImportJob
from products.fields import normalize_skus
from products.history.models import PLACES, ChangeBlock, ChangeSet
from products.history.records import Block, Record


@dataclass(frozen=True, slots=True)
class UndoneRow:
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

    def sets(self) -> dict[str, int]:
        """How many products were created, changed and deleted, and the `oldest` of the sets."""
        own = ChangeSet.objects.filter(self._is_own)
        counts = own.aggregate(created=Sum("created"), changed=Sum("changed"), deleted=Sum("deleted"))
        oldest = own.order_by("pk").values_list("pk", flat=True).first()
        return {name: count or 0 for name, count in counts.items()} | {"oldest": oldest or 0}

    def has(self, change_set: ChangeSet) -> bool:
        """Whether the set is one of them."""
        if self.import_number is not None:
            return change_set.import_number == self.import_number
        return change_set.number is not None and self.first <= change_set.number <= self.last

    def rows(self, below: int | None) -> Iterator[UndoneRow]:
        """The records with addresses `below` that one, or all, from the highest down: block by block."""
        sets = ChangeSet.objects.filter(self._is_own).order_by("-pk")
        if below is not None:
            sets = sets.filter(pk__lte=below // PLACES)
        for pk in sets.values_list("pk", flat=True).iterator(chunk_size=100):
            blocks = ChangeBlock.objects.filter(pk__gte=pk * PLACES, pk__lt=(pk + 1) * PLACES)
            if below is not None:
                blocks = blocks.filter(pk__lt=below)
            for first, data in blocks.order_by("-pk").values_list("pk", "data").iterator(chunk_size=10):
                block = Block(first, bytes(data))
                end = len(block) if below is None else min(len(block), below - first)
                records = [block.record(at) for at in reversed(range(end))]
                yield from map(UndoneRow, records, normalize_skus(record.sku for record in records))


def total(counts: dict[str, int]) -> int:
    """How many records there are, by what `sets` gives."""
    return counts["created"] + counts["changed"] + counts["deleted"]
