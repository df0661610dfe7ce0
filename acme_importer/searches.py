"""How much a search may ask for: each of its words is looked for in a whole table."""

from __future__ import annotations

MOST_WORDS = 10
LONGEST_SEARCH = 200


def search_fault(text: str) -> str:
    """What is wrong with a search, as a sentence without its subject; empty if it may be made."""
    if len(text) > LONGEST_SEARCH:
        return f"Has {len(text):,} characters; a search takes {LONGEST_SEARCH} at most."
    count = len(text.split())
    return f"Has {count:,} words; a search takes {MOST_WORDS} at most." if count > MOST_WORDS else ""
