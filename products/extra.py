"""Extra: what suppliers say of a product beyond its fields, texts by the names of their columns, and its limits.

Knows no database and no model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from products.fields import UNSTORABLE_CHARACTER

# The name of it, in a product and in an export.
EXTRA = "extra"
# Of one product: so many texts, and so many characters in them and in their names.
MAX_TEXTS = 1000
MAX_LENGTH = 65_536


def is_texts(extra: object) -> TypeGuard[dict[str, str]]:
    """Whether `extra` is an object of texts, none of which is empty or has no name."""
    return isinstance(extra, dict) and all(
        isinstance(part, str) and part and not UNSTORABLE_CHARACTER.search(part)
        for item in extra.items()
        for part in item
    )


def size_fault(extra: Mapping[str, str]) -> str:
    """The sentence that says that `extra` is too large; empty if it is not."""
    count = sum(map(bool, extra.values()))
    if count > MAX_TEXTS:
        return f"Extra has {count:,} texts; the limit is {MAX_TEXTS:,}."
    length = sum(len(name) + len(text) for name, text in extra.items() if text)
    if length > MAX_LENGTH:
        return f"Extra has {length:,} characters with the names of its columns; the limit is {MAX_LENGTH:,}."
    return ""
