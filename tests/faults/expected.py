"""What a serial model says must come of the imports of one run, for the catalogue and for each receipt."""

from __future__ import annotations

from dataclasses import dataclass, field

from imports.models import ImportJob
from tests.imports import model


@dataclass(frozen=True)
class Import:
    """A job, and what a serial import of its file into an empty catalogue leaves."""

    job: ImportJob
    alone: model.Result


@dataclass
class Expected:
    """What may come out. `catalogue` has the possible items of each SKU; None means that there may be no product."""

    imports: list[Import] = field(default_factory=list)
    catalogue: dict[str, set[model.Item | None]] = field(default_factory=dict)
    # How many products of the files were deleted by others: a later row of such a SKU creates it again.
    deletions: int = 0
    # Whether several files write the same SKUs at the same time: then only the sums of their receipts are certain.
    shared: bool = False

    def add(self, job: ImportJob, alone: model.Result) -> None:
        """Expect what an import leaves."""
        self.imports.append(Import(job, alone))
        for sku, item in alone.catalogue.items():
            self.catalogue.setdefault(sku, set()).add(item)
