"""Which writer an import gets."""

from __future__ import annotations

from django.conf import settings

from imports.writing.bulk_create import BulkCreateWriter
from imports.writing.copy import CopyWriter
from imports.writing.dry_run import DryRunWriter
from imports.writing.plan import Rules, Writer


def make_writer(*, job_id: int, fields: tuple[str, ...], rules: Rules, dry_run: bool) -> Writer:
    """The writer for an import with the product fields `fields`, which may do what `rules` say."""
    return DryRunWriter(job_id, fields, rules) if dry_run else make_product_writer(job_id, fields, rules)


def make_product_writer(job_id: int, fields: tuple[str, ...], rules: Rules) -> BulkCreateWriter:
    """The writer that the settings choose."""
    writer = CopyWriter if settings.IMPORT_WRITER == "copy" else BulkCreateWriter
    return writer(job_id, fields, rules)
