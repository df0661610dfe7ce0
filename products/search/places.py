"""How many searches a process makes at a time, so that they leave threads for what is quicker. Knows no HTTP.

A search for frequent words reads much of the index, and people repeat what seems to hang. Without a bound, searches
would take all threads of a web process, and polls and pages would wait behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

# Longer than most searches take; a person or script that hears no sooner than this tries again at a better moment.
WAIT_SECONDS = 2.0
# When it is worth trying again.
RETRY_SECONDS = 2


class TooManySearchesError(Exception):
    """As many searches are under way, and wait for a place, as may."""

    def __init__(self) -> None:
        super().__init__("Too many searches are under way. Try again in a few seconds.")


class Places:
    """The places for searches: `at_once` are under way, and `waiting` more wait for one of them to end.

    Those that wait take threads as well, so they are few, and the next one is refused at once.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self.allow(at_once, waiting)

    def allow(self, at_once: int, waiting: int) -> None:
        """Set the bounds. The server says them before it takes requests."""
        self._admitted = BoundedSemaphore(at_once + waiting)
        self._under_way = BoundedSemaphore(at_once)

    @contextmanager
    def take(self) -> Iterator[None]:
        """Have a place for a search; raises TooManySearchesError where none becomes free in time."""
        if not self._admitted.acquire(blocking=False):
            raise TooManySearchesError
        try:
            if not self._under_way.acquire(timeout=WAIT_SECONDS):
                raise TooManySearchesError
            try:
                yield
            finally:
                self._under_way.release()
        finally:
            self._admitted.release()


# gunicorn.conf.py says how many threads there are really.
searches = Places(at_once=2, waiting=5)
