"""The file of rejected rows: the columns behind the original ones, by which it is known when it comes back."""

from __future__ import annotations

from collections.abc import Sequence

# An import ignores columns that it does not know, so they may stay in.
ADDED_COLUMNS = ("import_line", "import_column", "import_value", "import_reason")


def is_correction(header: Sequence[str]) -> bool:
    """Whether a file with this header was downloaded from here: its rows are as they had been read, not as sent."""
    return set(ADDED_COLUMNS) <= set(header)
