"""What an attempt is made of and what comes out of it. Knows neither the database nor how anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# The largest number that the database stores for it.
LONGEST_LATENCY_MS = 2**31 - 1


@dataclass(frozen=True)
class Message:
    """What is to be sent, and where."""

    url: str
    secrets: Sequence[str]
    message_id: str
    body: str


@dataclass(frozen=True)
class Outcome:
    """The outcome of one attempt."""

    started_at: datetime
    latency_ms: int
    request_headers: dict[str, str]
    status: int | None = None
    # A sentence about what went wrong; empty if there was a response, whatever its status.
    error: str = ""
    excerpt: str = ""
    retry_after: timedelta | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the receiver has taken the message: a complete 2xx response, in time."""
        return not self.error and self.status is not None and 200 <= self.status < 300

    def without_texts(self) -> Outcome:
        """The same outcome with nothing in it that a receiver has written."""
        status = self.status if self.succeeded else None
        error = "" if self.succeeded else "The attempt failed. What the receiver sent could not be stored."
        return Outcome(self.started_at, min(self.latency_ms, LONGEST_LATENCY_MS), {}, status, error)
