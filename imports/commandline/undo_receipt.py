"""The receipt of an undo as text: what became of the products, with some of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from acme_importer.texts import counted, printable
from imports.models import ImportJob
from imports.undo.reporting import SAID, report
from imports.undo.verdict import Class


def receipt(job: ImportJob) -> str:
    """The receipt of an undo, which comes from `with_progress`."""
    return "\n".join(map(printable, _lines(job)))


def _lines(job: ImportJob) -> Iterator[str]:
    found = report(job)
    what = "Preview of the undo" if job.dry_run else "Undo"
    note = " (no product was written)" if job.dry_run else ""
    yield f"{what} of import {job.undoes_id}, as import {job.pk}: {job.status}{note}"
    for of, count in found.products.items():
        if not count:
            continue
        yield f"  {count:>11,}  {SAID[Class(of)]}"
        yield from (f"               {_example(example)}" for example in found.examples.get(of, []))
    if found.in_part:
        yield f"  Of {counted(found.in_part, 'restored product')}, other fields were changed since and are kept."
    if found.not_selected:
        yield f"  {found.not_selected:>11,}  changes not selected"
    if found.rejected:
        yield f"  {found.rejected:>11,}  refused by the database"
    if found.fields:
        yield "  fields restored: " + ", ".join(f"{name} {count:,}" for name, count in sorted(found.fields.items()))


def _example(example: dict[str, Any]) -> str:
    values = [f"{name} {now!r} → {then!r}" for name, (now, then) in example["restored"].items()]
    kept = [f"kept: {', '.join(example['kept'])}"] if example["kept"] else []
    return f"{example['sku']}" + (f": {'; '.join([*values, *kept])}" if values or kept else "")
