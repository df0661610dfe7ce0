"""What the work in progress is about: the ids that each of its lines in the log carries. Knows no app and no Django.

A request, a task or a delivery begins its own context; whoever learns more of it on the way adds that. In a context
variable, so that no function has to hand it on. Each thread has its own.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

# Of a request, a task of the workers, an import and one of its lanes, and a webhook's delivery.
FIELDS = ("request_id", "task", "job", "lane", "delivery")

_context: ContextVar[dict[str, Any] | None] = ContextVar("log_context", default=None)


def begin(**fields: Any) -> None:
    """From here on the work is another, about `fields`; without any, it is over."""
    _context.set(fields)


def note(**fields: Any) -> None:
    """The work in progress is also about `fields`."""
    _context.set({**current(), **fields})


def current() -> dict[str, Any]:
    """What the work in progress is about."""
    return _context.get() or {}


class ContextFilter(logging.Filter):
    """Gives each record the ids of the work in progress, but for those that it was logged with (`extra`)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, with more in it."""
        for name, value in current().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


def ids(record: logging.LogRecord) -> dict[str, Any]:
    """The ids that `record` carries."""
    return {name: getattr(record, name) for name in FIELDS if getattr(record, name, None) is not None}
