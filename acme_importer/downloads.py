"""Files that are written while they are downloaded."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header


def csv_response(blocks: Iterable[str], filename: str) -> StreamingHttpResponse:
    """A CSV file of these `blocks`, each of which is made when it is sent."""
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=filename)}
    return StreamingHttpResponse(blocks, content_type="text/csv; charset=utf-8", headers=headers)
