"""The log of edits that the dashboard shows: Django's own, with one entry for each edit or bulk change."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from products.counts import in_words
from products.models import Product


def log_one(user: Any, product: Product, flag: int, message: list[dict[str, Any]] | str = "") -> None:
    """Log that `user` has created, changed or deleted `product`."""
    LogEntry.objects.log_actions(user.pk, [product], flag, message, single_object=True)


def log_many(user: Any, number: int, flag: int, message: str) -> None:
    """Log that `user` has changed or deleted so many products at once."""
    LogEntry.objects.create(
        user_id=user.pk,
        content_type=ContentType.objects.get_for_model(Product),
        object_repr=in_words(number),
        action_flag=flag,
        change_message=message,
    )
