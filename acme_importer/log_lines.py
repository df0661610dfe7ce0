"""How a line of the log is written: what a request was refused for has no traceback."""

from __future__ import annotations

import logging
from copy import copy


class Lines(logging.Formatter):
    """Writes tracebacks of faults only: that somebody may not see a page, or asked for nonsense, is none."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of `record`, to which Django gives the status of the response."""
        if getattr(record, "status_code", 500) < 500:
            record = copy(record)
            record.exc_info = record.exc_text = None
        return super().format(record)
