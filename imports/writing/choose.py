"""Which writer an import gets."""

from __future__ import annotations

from django.conf import settings

from imports.writing.bulk_create import BulkCreateWriter
from imports.writing.copy import CopyWriter
from imports.writing.dry_run import DryRunWriter
from imports.writing.plan import Writer


def make_writer(*, job_id: int, fields: tuple[str, ...], dry_run: bool) -> Writer:
    """The writer for an import with the product fields `fields`."""
    if dry_run:
        return DryRunWriter(job_id, fields)
    if settings.IMPORT_WRITER == "copy":
        return CopyWriter(job_id, fields)
    return BulkCreateWriter(job_id, fields)
