"""Which writer an import gets."""

from __future__ import annotations

from django.conf import settings

from imports.writing.bulk_create import BulkCreateWriter
from imports.writing.holding import Holder
from imports.writing.plan import Rules


def make_product_writer(
    job_id: int, fields: tuple[str, ...], rules: Rules, holder: Holder | None = None
) -> BulkCreateWriter:
    """The writer that the settings choose, for an import with these product fields, which may do what `rules` say."""
    if settings.IMPORT_WRITER == "copy":
        # PostgreSQL's driver is loaded with it, a tenth of a command's start.
        from imports.writing.copy import CopyWriter  # noqa: PLC0415

        return CopyWriter(job_id, fields, rules, holder)
    return BulkCreateWriter(job_id, fields, rules, holder)
