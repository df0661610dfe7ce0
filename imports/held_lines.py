"""Which lines of a file an import has held, for the import that reads the file again for them. Knows no chunks."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Sequence

from imports.models import HeldRow

# Lines that are fetched at a time.
BATCH = 2_000


class HeldLines:
    """The lines that the import with this number has held, asked for from the beginning of the file to its end."""

    def __init__(self, job_id: int) -> None:
        self._held = HeldRow.objects.filter(job=job_id).order_by("line").values_list("line", flat=True)
        # Those up to the line `_until`, but for what was passed already.
        self._lines: list[int] = []
        self._until = 0

    def among(self, lines: Sequence[int]) -> list[bool]:
        """For each of these lines, which rise and lie behind those of the call before, whether it was held."""
        if not lines:
            return []
        self._lines = self._lines[bisect_left(self._lines, lines[0]) :]
        while self._until < lines[-1]:
            batch = list(self._held.filter(line__gt=max(self._until, lines[0] - 1))[:BATCH])
            self._lines += batch
            self._until = batch[-1] if len(batch) == BATCH else sys.maxsize
        held = set(self._lines)
        return [line in held for line in lines]
