"""The audit trail as a CSV file, written while it is being read.

It is opened in spreadsheets and never imported: what they would take for formulas is always marked.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from acme_importer import downloads
from acme_importer.audit.models import Record
from acme_importer.formulas import marked

# Records fetched, and written out, at a time.
BATCH_ROWS = 1000
COLUMNS = (
    "id",
    "at",
    "user_name",
    "token",
    "address",
    "way",
    "act",
    "kind",
    "object_id",
    "object_name",
    "count",
    "details",
    "request_id",
)


def csv_blocks(records: QuerySet[Record]) -> Iterator[str]:
    """The file, block by block, the newest record first."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    rows = records.order_by("-pk").values_list(*COLUMNS).iterator(chunk_size=BATCH_ROWS)
    for number, row in enumerate(rows, start=1):
        values = dict(zip(COLUMNS, row, strict=True))
        values["at"] = values["at"].isoformat()
        values["details"] = json.dumps(values["details"], ensure_ascii=False, sort_keys=True)
        writer.writerow(marked(map(str, values.values())))
        if number % BATCH_ROWS == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def csv_response(records: QuerySet[Record]) -> StreamingHttpResponse:
    """The file as a download."""
    return downloads.csv_response(csv_blocks(records), f"audit-{timezone.now():%Y-%m-%d}.csv")
