"""An import job as other programs see it: the same in the API, in webhook events and from the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import get_script_prefix
from django.utils import timezone

from imports import chain, progress
from imports.models import ImportJob, ImportLane
from imports.reading.columns import ignored_columns


def represent(job: ImportJob) -> dict[str, Any]:
    """The job, which comes from `with_progress`, in the types that JSON has. Its `url` is without scheme and host."""
    return {
        "id": job.pk,
        # `reverse` would load every page for it, which a worker then does in an import's transaction.
        "url": f"{get_script_prefix()}api/jobs/{job.pk}",
        "status": str(job.status),
        "filename": job.filename,
        "file_size": job.file_size,
        "sha256": job.sha256,
        "dry_run": job.dry_run,
        "follows": job.follows_id,
        "applies": job.applies_id,
        "supplier": job.read_by.supplier.name if job.read_by else None,
        "supplier_version": job.read_by.number if job.read_by else None,
        "undoes": job.undoes_id,
        "awaits_check": job.awaits_check,
        "trips": job.trips,
        "approval": job.approval or None,
        "created_by": job.created_by.get_username() if job.created_by else None,
        "encoding": job.encoding,
        "delimiter": job.delimiter,
        "sheet": job.sheet,
        "format": job.format,
        "warnings": job.warnings,
        "header_lines": job.header_lines,
        "columns": {field: job.header[position] for field, position in job.columns.items()},
        "ignored_columns": ignored_columns(job.header, job.columns),
        "numbers": job.numbers,
        "words": job.words,
        "options": job.asked,
        "question": job.question or None,
        "progress": progress.progress(job),
        "total_rows": job.total_rows,
        "processed_rows": job.processed_rows,
        **{name: getattr(job, name) for name in ImportLane.COUNTS},
        "open_rows": chain.open_rows(job),
        **{name: getattr(job, name) for name in ImportLane.OF_SYNC},
        "rows_per_second": progress.rows_per_second(job),
        "eta_seconds": progress.eta_seconds(job),
        "rejected_rows_deleted_at": _moment(job.rejected_rows_deleted_at),
        "failure_reason": job.failure_reason,
        "created_at": _moment(job.created_at),
        "started_at": _moment(job.started_at),
        "finished_at": _moment(job.finished_at),
    }


def _moment(moment: datetime | None) -> str | None:
    """A moment in ISO 8601, with the `Z` that REST framework writes for UTC in all other resources."""
    return timezone.localtime(moment).isoformat().replace("+00:00", "Z") if moment else None
