"""Waiting for the next change, for those who follow the feed: without a database connection, and few at a time.

Each who waits takes a thread of the web process, which others need. Knows no HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from django.db import connection

from products.history.recording import position

# Between two looks at the counter, of all together who wait in this process.
POLL_SECONDS = 0.5


class CrowdedError(Exception):
    """As many wait already as may."""


class WaitingRoom:
    """Where the requests of a process wait: at most as many as there are `places`, and only while it `goes_on`.

    Both are the server's to say, before it takes requests.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self.goes_on: Callable[[], bool] = lambda: True
        self._taken = 0
        self._lock = Lock()
        self._looking = Lock()
        self._looked_at = 0.0
        self._seen = 0

    def wait_beyond(self, number: int, seconds: float) -> None:
        """Return as soon as changes with a higher number are committed, at the latest after so many seconds.

        Raises CrowdedError, at once.
        """
        deadline = time.monotonic() + seconds
        with self._lock:
            if self._taken >= self.places:
                raise CrowdedError
            self._taken += 1
        try:
            _let_go()
            while (left := deadline - time.monotonic()) > 0 and self.goes_on():
                time.sleep(min(POLL_SECONDS, left))
                if self._newest() > number:
                    return
        finally:
            with self._lock:
                self._taken -= 1

    def _newest(self) -> int:
        """The number of the newest changes as one of those who wait has just seen it."""
        with self._looking:
            if time.monotonic() - self._looked_at > POLL_SECONDS / 2:
                self._seen = position()
                self._looked_at = time.monotonic()
                _let_go()
            return self._seen


def _let_go() -> None:
    """Give the connection back, unless a transaction of the caller's is on it."""
    if not connection.in_atomic_block:
        connection.close()


# gunicorn.conf.py says how many threads there are really.
room = WaitingRoom(places=8)
