"""Products as a CSV file, which an import reads back without changing anything.

For a spreadsheet, what it would take for a formula is marked, and the import takes the marks off again.
Their extra, if any has one, is a column of JSON behind the fields; an import that keeps extra reads that back, too.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db.models import QuerySet, Subquery
from django.http import StreamingHttpResponse
from django.utils import timezone

from acme_importer import downloads
from acme_importer.formulas import SIGN, marked
from products.extra import EXTRA
from products.fields import FIELDS
from products.history import recording
from products.history.feed import Cursor
from products.history.models import Counter
from products.models import Product

# Rows fetched, and written out, at a time.
BATCH_ROWS = 2000
CURSOR_HEADER = "Changes-Cursor"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows of some products as they were at one moment, with a text for each of `columns`.

    `position` is the number of the newest changes then: whoever follows the change feed from there misses none.
    """

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]
    position: int


def take_snapshot(products: QuerySet[Product]) -> Snapshot:
    """The products of a query, in the order in which they were made, read while they are written out."""
    before = recording.position()
    columns = (*FIELDS, EXTRA) if _have_extra(products) else FIELDS
    # In the same statement as the products, or changes could be committed between the two.
    at_once = products.order_by("pk").annotate(position=Subquery(Counter.objects.values("last")[:1]))
    while True:
        rows = at_once.values_list(*columns, "position").iterator(chunk_size=BATCH_ROWS)
        first = next(rows, None)
        if first is None:
            return Snapshot(columns, rows, before)
        position = first[-1] or 0
        if position == before or EXTRA in columns or not _have_extra(products):
            return Snapshot(columns, chain([first], rows), position)
        # The first one that has an extra was written since the columns were chosen.
        columns = (*FIELDS, EXTRA)


def _have_extra(products: QuerySet[Product]) -> bool:
    return products.exclude(extra={}).exists()


def csv_blocks(products: QuerySet[Product], *, for_spreadsheets: bool = False) -> Generator[str, None, None]:
    """The file, block by block, in the order in which the products were made."""
    return _begun(take_snapshot(products), for_spreadsheets=for_spreadsheets)


def _begun(snapshot: Snapshot, *, for_spreadsheets: bool) -> Generator[str, None, None]:
    """The blocks of the file. They are begun: whoever closes them unread, as after a HEAD, closes the query as well."""
    blocks = _written(snapshot, for_spreadsheets=for_spreadsheets)
    next(blocks)
    return blocks


def _written(snapshot: Snapshot, *, for_spreadsheets: bool) -> Generator[str, None, None]:
    yield ""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    # A text of several lines may look like rows. With every field quoted, a strict reader cannot take it for one.
    quoting_writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow((*snapshot.columns, SIGN) if for_spreadsheets else snapshot.columns)
    for number, (sku, name, description, price, is_active, *extra, _) in enumerate(snapshot.rows, start=1):
        written = (sku, name, description, "" if price is None else str(price), "true" if is_active else "false")
        fields: Sequence[str] = (*written, *map(_written_extra, extra))
        if for_spreadsheets:
            fields = [*marked(fields), ""]
        (quoting_writer if _has_line_break(name) or _has_line_break(description) else writer).writerow(fields)
        if number % BATCH_ROWS == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _has_line_break(text: str) -> bool:
    return "\n" in text or "\r" in text


def _written_extra(extra: dict[str, str]) -> str:
    return json.dumps(extra, ensure_ascii=False, sort_keys=True) if extra else ""


def csv_response(products: QuerySet[Product], *, for_spreadsheets: bool = False) -> StreamingHttpResponse:
    """The file as a download that is written while it is read, and that says where in the change feed it stands."""
    purpose = "-for-spreadsheets" if for_spreadsheets else ""
    filename = f"products-{timezone.now():%Y-%m-%d}{purpose}.csv"
    snapshot = take_snapshot(products)
    response = downloads.csv_response(_begun(snapshot, for_spreadsheets=for_spreadsheets), filename)
    response.headers[CURSOR_HEADER] = str(Cursor(snapshot.position))
    return response
