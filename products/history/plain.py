"""The values of a record in the types that JSON has, as the API and events show products."""

from __future__ import annotations

from typing import Any

from products.fields import PRICE_DECIMAL_PLACES
from products.history.records import Record


def plain(name: str, value: Any) -> Any:
    """The value of this field."""
    return f"{value:.{PRICE_DECIMAL_PLACES}f}" if name == "price" and value is not None else value


def plain_changes(record: Record) -> dict[str, dict[str, Any]]:
    """Old and new value of each field of a record; what there was not, or is no longer, is None."""
    return {
        name: {"old": plain(name, record.before.get(name)), "new": plain(name, record.after.get(name))}
        for name in record.fields
    }
