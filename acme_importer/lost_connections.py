"""What to do when the connection to the database is lost in the middle of something: wait, and try again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import Error, InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

Value = TypeVar("Value")

# How long to wait before each further attempt, in seconds. A pause ends early if the database was away and is back.
PAUSES = (1, 5, 15, 45)
POLL_SECONDS = 1.0
# Classes and codes of appendix A of PostgreSQL's manual: connection exceptions, the server's shutdown and start, and
# sessions that it ended because they were idle within a transaction.
LOST_SQLSTATES = ("08", "57P", "25P03")


def is_lost(error: BaseException) -> bool:
    """Whether `error` says that the connection is lost, or that SQLite's file is locked: it will be different soon."""
    if not isinstance(error, Error):
        return False
    cause = error.__cause__
    if connection.vendor == "sqlite":
        return getattr(cause, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
    sqlstate = getattr(cause, "sqlstate", None)
    if sqlstate:
        return sqlstate.startswith(LOST_SQLSTATES)
    # The server has said nothing: the driver found the connection broken. By now there may be a new one.
    return isinstance(error, OperationalError | InterfaceError)


def persist(function: Callable[[], Value], *, after_pause: Callable[[], None] = lambda: None) -> Value:
    """Call `function`, and again after each of the PAUSES while the connection is lost. Not within a transaction.

    Before it is called again, `after_pause` is.
    """
    left = iter(PAUSES)
    while True:
        try:
            return function()
        except Exception as error:
            pause = next(left, None)
            if pause is None or not is_lost(error):
                raise
            logger.warning("The connection to the database is lost: %s", error)
            wait(pause)
        after_pause()


def wait(seconds: float) -> None:
    """Wait for `seconds`; if the database is away, only until it is back."""
    deadline = time.monotonic() + seconds
    is_away = not _responds()
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(POLL_SECONDS, left))
        responds = _responds()
        if is_away and responds:
            return
        is_away = is_away or not responds


def _responds() -> bool:
    connection.close()
    try:
        connection.ensure_connection()
    except Error:
        return False
    return True
