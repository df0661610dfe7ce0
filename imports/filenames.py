"""What the files of imports are called, for apps that know imports only by their numbers (the setting IMPORT_NAMES)."""

from __future__ import annotations

from collections.abc import Collection

from imports.models import ImportJob


def by_number(numbers: Collection[int]) -> dict[int, str]:
    """The name of each import's file, by the number of the import."""
    return dict(ImportJob.objects.filter(pk__in=numbers).values_list("pk", "filename")) if numbers else {}
