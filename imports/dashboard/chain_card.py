"""What the page of an import says of the chain that it is in: how many rows of the first file are still open."""

from __future__ import annotations

from typing import Any

from imports import chain
from imports.models import ImportJob

IMPORTS_SHOWN = 10


def context(job: ImportJob) -> dict[str, Any]:
    """The receipt of the chain of `job`, from `with_progress`, if there is something to say of it."""
    if not job.is_over or job.is_undo:
        return {}
    is_later = job.follows_id is not None
    if not (is_later or job.fixed_rows or (not job.dry_run and (job.rejected_rows or job.held_rows))):
        return {}
    receipt = chain.receipt(job)
    if not receipt.rows:
        return {}
    first = receipt.first
    return {
        "chain": {
            "first": first if is_later else None,
            "open": receipt.open_rows,
            "rows": receipt.rows,
            "fixed": first.fixed_rows,
            "kind": " or ".join(
                name for name, count in (("rejected", first.rejected_rows), ("held", first.held_rows)) if count
            ),
            "imports": list(receipt.fixed_by)[:IMPORTS_SHOWN],
            "more": max(len(receipt.fixed_by) - IMPORTS_SHOWN, 0),
        }
    }
