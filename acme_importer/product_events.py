"""Between the catalogue and the webhooks, which do not know each other: an edit by hand becomes an event."""

from __future__ import annotations

from typing import Any

from products.api.serializers import ProductSerializer
from products.models import Product
from webhooks.events import emit


def emit_edit(product: Product, change: str, **_: Any) -> None:
    """Emit `product.created`, `product.updated` or `product.deleted`: a receiver of the signal `product_edited`."""
    emit(f"product.{change}", lambda: {"product": ProductSerializer(product).data})
