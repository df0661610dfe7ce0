"""What the history of products tells of imports, of which it knows the numbers (the setting HISTORY_IMPORTS)."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from imports.models import ImportJob
from products.history.sources import Source


def sources(numbers: Collection[int], user: AbstractBaseUser | AnonymousUser) -> dict[int, Source]:
    """The imports with these `numbers`; none for a user who may not see imports, nor the names of their files."""
    if not user.has_perm("imports.view_importjob"):  # type: ignore[union-attr]
        return {}
    found = ImportJob.objects.filter(pk__in=numbers).values_list("pk", "filename", "undoes_id")
    return {
        pk: Source(name, reverse("admin:imports_importjob_change", args=[pk]), undoes) for pk, name, undoes in found
    }
