"""Imports that have been undone, or are to be, for the tests: what they left, and what their undo tells."""

from __future__ import annotations

from typing import Any

from imports import waking
from imports.commandline import foreground
from imports.models import ImportJob, ImportLane
from imports.undo import undoing
from imports.undo.reporting import report
from imports.undo.selection import Selection
from products import editing
from products.editing import Editor
from products.models import Product
from tests.imports.factories import with_progress


def undo(job: ImportJob, *, preview: bool = False, **selected: Any) -> ImportJob:
    """Undo `job` in this process; return the job of the undo with its receipt."""
    with waking.no_messages():
        created = undoing.undo(job, selection=Selection(**selected), preview=preview)
        foreground.run(created, lambda: None)
    done = with_progress(created)
    assert done.status == "completed", done.failure_reason
    assert done.total_rows == done.processed_rows
    return done


def edit(of: str, **values: Any) -> None:
    """Change the product with this SKU by hand."""
    product = Product.objects.get(sku_normalized=of.casefold())
    for name, value in values.items():
        setattr(product, name, value)
    editing.update(product, list(values), Editor())


def delete(sku: str) -> None:
    """Delete a product by hand."""
    editing.delete(Product.objects.get(sku_normalized=sku.casefold()), Editor())


def table() -> dict[str, tuple[Any, ...]]:
    """All products by their SKUs, without their times."""
    rows = Product.objects.values_list("sku", "name", "description", "price", "is_active", "extra")
    return {sku: tuple(rest) for sku, *rest in rows}


def told(job: ImportJob) -> dict[str, Any]:
    """All that the job of an undo tells: its counts, and its report."""
    job = with_progress(job)
    assert job.status == "completed", job.failure_reason
    counts = {name: getattr(job, name) for name in ImportLane.COUNTS}
    assert sum(counts.values()) == job.total_rows
    found = report(job)
    return {**counts, **found.products, "fields": found.fields, "in_part": found.in_part, "examples": found.examples}
