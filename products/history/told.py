"""How the values of a record are told to other programs, which is as the API and events have them."""

from __future__ import annotations

from typing import Any

from products.fields import PRICE_DECIMAL_PLACES
from products.history.records import Record

Told = dict[str, Any]


def told(name: str, value: Any) -> Any:
    """The value of this field in the types that JSON has."""
    return f"{value:.{PRICE_DECIMAL_PLACES}f}" if name == "price" and value is not None else value


def told_changes(record: Record) -> dict[str, Told]:
    """Old and new value of each field of a record; what there was not, or is no longer, is None."""
    return {
        name: {"old": told(name, record.before.get(name)), "new": told(name, record.after.get(name))}
        for name in record.fields
    }
