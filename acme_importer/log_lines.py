"""How the log is written: as lines for people, or as JSON, an object a line.

What a stranger sent can neither begin a line of its own nor send control characters to a terminal; and what a request
was refused for has no traceback.
"""

from __future__ import annotations

import logging
from copy import copy
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from acme_importer.log_context import ids
from acme_importer.texts import printable


def without_traceback_of_refusals(record: logging.LogRecord) -> logging.LogRecord:
    """`record`, without a traceback if it only says that somebody may not see a page, or asked for nonsense.

    Django gives it the status of the response.
    """
    if getattr(record, "status_code", 500) < 500:
        record = copy(record)
        record.exc_info = record.exc_text = None
    return record


class Lines(logging.Formatter):
    """A line for each record, with the ids that it carries at its end; tracebacks follow on lines of their own."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of `record`."""
        return super().format(without_traceback_of_refusals(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is Python's
        """The line without its traceback."""
        carried = " ".join(f"{name}={value}" for name, value in ids(record).items())
        return printable(super().formatMessage(record) + (f" [{carried}]" if carried else ""))


class JsonLines(JsonFormatter):
    """An object for each record: time, level, logger, message, the ids that it carries, and the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The object of `record`, on one line."""
        return super().format(without_traceback_of_refusals(record))

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Only what is named here: Django gives its records the whole request."""
        log_data["time"] = datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds")
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = record.message
        log_data.update(ids(record))
        if traceback := message_dict.get("exc_info"):
            log_data["traceback"] = traceback


class WithoutFailures(logging.Filter):
    """Drops Django-Q's lines about failed tasks, of which `acme_importer.cluster.failures` knows more."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is another."""
        return not (record.levelno == logging.ERROR and record.module == "monitor")
