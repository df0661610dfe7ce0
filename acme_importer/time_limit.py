"""Limits for the statements of the web process: no search may keep a thread and the database busy for minutes.

On PostgreSQL each has one of the server's processors, too: others would be started for it, and taken from all others.
Workers and commands have none. A download is written after its response has begun, and may take as long as it takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from acme_importer.error_pages import error_page
from acme_importer.texts import duration

# Instructions of SQLite's virtual machine between two looks at the clock: a millisecond or so.
SQLITE_INSTRUCTIONS = 100_000
# Two parallel workers for the count of a frequent word took the server more processor time than the count itself
# (measured: docs/performance.md). And where the products of frequent words do not fit into the usual 4 MB, it keeps
# pages of the index instead of rows, and looks through all that is on them.
POSTGRESQL_LIMITS = """
    SELECT set_config('statement_timeout', %s, false), set_config('max_parallel_workers_per_gather', '0', false),
        set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')) / 1024, 32768)::text, false)
"""
# In appendix A of PostgreSQL's manual.
QUERY_CANCELED = "57014"


class StatementTimeLimitMiddleware:
    """Stops statements after WEB_STATEMENT_SECONDS; the response is a 400 then, since another question would do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        # PostgreSQL keeps the limits itself, in each connection that this process opens from here on.
        connection_created.connect(_limit_postgresql, dispatch_uid=__name__)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if connection.vendor != "sqlite":
            return self.get_response(request)
        try:
            with connection.execute_wrapper(_limit_sqlite):
                return self.get_response(request)
        finally:
            if connection.connection:
                connection.connection.set_progress_handler(None, 0)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Say so where a statement was stopped."""
        if not _is_stopped(exception):
            return None
        return error_page(
            request,
            400,
            title="This took too long",
            text=f"Reading the database took longer than {duration(settings.WEB_STATEMENT_SECONDS)} and was stopped. "
            "Search for fewer or more exact words, or set a filter, and try again.",
        )


def _limit_postgresql(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(POSTGRESQL_LIMITS, [f"{settings.WEB_STATEMENT_SECONDS}s"])


def _limit_sqlite(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Run a statement, whose rows are read later, with a deadline for both."""
    deadline = time.monotonic() + settings.WEB_STATEMENT_SECONDS
    raw = context["connection"].connection
    raw.set_progress_handler(lambda: time.monotonic() > deadline, SQLITE_INSTRUCTIONS)
    return execute(sql, params, many, context)


def _is_stopped(exception: BaseException) -> bool:
    """Whether the database stopped a statement at the limit."""
    if not isinstance(exception, OperationalError):
        return False
    return str(exception) == "interrupted" or getattr(exception.__cause__, "sqlstate", "") == QUERY_CANCELED
