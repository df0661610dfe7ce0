"""Activating and deactivating many products at once, without loading them."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from products.models import Product


def set_active(products: QuerySet[Product], *, active: bool) -> int:
    """Make the products active, or inactive; returns how many were not so before."""
    return products.filter(is_active=not active).update(is_active=active, updated_at=timezone.now())
