"""What the catalogue tells other systems of its edits, through the function that the setting EVENT_OUTLET names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from products.fields import PRICE_DECIMAL_PLACES
from products.models import Product


@cache
def _outlet() -> Callable[[str, Callable[[], Mapping[str, Any]]], object]:
    return import_string(settings.EVENT_OUTLET)


def tell(event: str, data: Callable[[], Mapping[str, Any]]) -> None:
    """Tell that `event` has happened, in the caller's transaction. `data` is called only if somebody wants to know."""
    _outlet()(event, data)


def tell_of(product: Product, change: str, sequence: int) -> None:
    """Tell that `product` was created, updated or deleted: the event of this number about it."""
    tell(f"product.{change}", lambda: {"sequence": sequence, "product": shown(product)})


def shown(product: Product) -> dict[str, Any]:
    """The product as events show it, which is how the API does."""
    return {
        "id": product.pk,
        "sku": product.sku,
        "name": product.name,
        "description": product.description,
        "price": None if product.price is None else f"{product.price:.{PRICE_DECIMAL_PLACES}f}",
        "is_active": product.is_active,
        "extra": product.extra,
        "created_at": product.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": product.updated_at.isoformat().replace("+00:00", "Z"),
        "last_import": product.last_import,
        "event_sequence": product.event_sequence,
    }
