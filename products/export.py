"""Products as a CSV file, which an import reads back without changing anything.

For a spreadsheet, what it would take for a formula is marked, and the import takes the marks off again.
Their extra, if any has one, is a column of JSON behind the fields; an import that keeps extra reads that back, too.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from acme_importer import downloads
from acme_importer.formulas import SIGN, marked
from products.extra import EXTRA
from products.fields import FIELDS
from products.models import Product

# Rows fetched, and written out, at a time.
BATCH_ROWS = 2000


def csv_blocks(products: QuerySet[Product], *, for_spreadsheets: bool = False) -> Iterator[str]:
    """The file, block by block, in the order in which the products were made."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    # A text of several lines may look like rows. With every field quoted, a strict reader cannot take it for one.
    quoting_writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    columns = (*FIELDS, EXTRA) if products.exclude(extra={}).exists() else FIELDS
    writer.writerow((*columns, SIGN) if for_spreadsheets else columns)
    rows = products.order_by("pk").values_list(*columns).iterator(chunk_size=BATCH_ROWS)
    for number, (sku, name, description, price, is_active, *extra) in enumerate(rows, start=1):
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
    """The file as a download that is written while it is read."""
    purpose = "-for-spreadsheets" if for_spreadsheets else ""
    filename = f"products-{timezone.now():%Y-%m-%d}{purpose}.csv"
    return downloads.csv_response(csv_blocks(products, for_spreadsheets=for_spreadsheets), filename)
