"""Rows for files of any size, of every kind: new, duplicate, in another letter case, bad."""

from __future__ import annotations

COLUMNS = ["sku", "name", "description", "price", "is_active"]


def make_rows(count: int, prefix: str = "S", edition: str = "") -> list[tuple[int, list[str]]]:
    """Rows with their lines; one in six is a duplicate in another letter case, and some are bad."""
    return [
        (
            number + 2,
            [
                f"{prefix}-{number * 7919 % (count * 5 // 6)}" if number % 3 else f"{prefix.lower()}-{number}",
                f"Product {number}{edition}",
                f"Number {number} of many products that each have a text of some length",
                "cheap" if number % 97 == 0 else "9999999999.99" if number % 5 else "",
                "no" if number % 11 == 0 else "",
            ],
        )
        for number in range(count)
    ]
