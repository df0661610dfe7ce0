"""Rows that are stored chunk by chunk, brought into the order of the file. Knows nothing of what they are.

The chunks of one lane follow each other, those of several lanes overlap. So what is held in memory is what overlaps.
"""

from __future__ import annotations

import csv
import io
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from acme_importer.formulas import SIGN, marked

Row = tuple[Any, ...]
# The line from which rows are on, and what loads them.
Span = tuple[int, Callable[[], list[Row]]]

_line = itemgetter(0)


def in_line_order(spans: Iterable[Span], key: Callable[[Row], Any] = _line) -> Iterator[list[Row]]:
    """The rows of `spans` in the order of their lines, the first column, some at a time.

    The spans have to come in the order of their first lines. Rows of one line stay together; not those of line 0, which
    are in no line and may be many. `key` is what they are ordered by, the line and what else tells.
    """
    waiting: list[Row] = []
    for first, load in spans:
        ready = bisect_left(waiting, max(first, 1), key=_line)
        if ready:
            yield waiting[:ready]
        waiting = waiting[ready:] + load()
        waiting.sort(key=key)
    yield waiting


def csv_blocks(header: Sequence[str], batches: Iterable[Iterable[Row]], *, for_spreadsheets: bool) -> Iterator[str]:
    """A CSV file of these rows, a block for each batch; marked where spreadsheets would see formulas."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([*header, SIGN] if for_spreadsheets else header)
    for batch in batches:
        writer.writerows([*marked(map(str, row)), ""] for row in batch) if for_spreadsheets else writer.writerows(batch)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
