"""Sending one attempt: sign, post, judge the answer. Knows no database, so that no connection waits for a receiver."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests
from django.conf import settings
from django.utils import timezone
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.exceptions import HTTPError

from webhooks.signing import signed_headers
from webhooks.transport import TimeIsUpError, post

logger = logging.getLogger(__name__)

# Of an answer this much is read, whatever its length; and this much is kept.
ANSWER_MAX_BYTES = 4096
EXCERPT_MAX_CHARACTERS = 1000

# A receiver that asks for more is asked again after this.
RETRY_AFTER_MAX = timedelta(hours=24)

USER_AGENT = "Acme-Product-Importer-Webhooks/1.0"


@dataclass(frozen=True)
class Message:
    """What is to be sent, and where."""

    url: str
    secrets: Sequence[str]
    message_id: str
    body: str


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt."""

    started_at: datetime
    latency_ms: int
    request_headers: dict[str, str]
    status: int | None = None
    # A sentence about what went wrong; empty if an answer came, whatever its status.
    error: str = ""
    excerpt: str = ""
    retry_after: timedelta | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the receiver has taken the message: a 2xx that came whole and in time."""
        return not self.error and self.status is not None and 200 <= self.status < 300


def send(message: Message) -> Outcome:
    """Make one attempt to deliver `message`. Takes about WEBHOOK_TIMEOUT_SECONDS at most, and raises nothing."""
    started_at = timezone.now()
    clock = time.perf_counter()
    headers: dict[str, str] = {}
    answer, error = None, ""
    try:
        headers = request_headers(message, started_at)
        require_https(message.url)
        answer = post(
            message.url, message.body.encode(), headers, settings.WEBHOOK_TIMEOUT_SECONDS, read_at_most=ANSWER_MAX_BYTES
        )
    except Exception as problem:  # noqa: BLE001 - whatever it was: the attempt has failed, and goes on the record
        error = describe(problem)
    latency_ms = round((time.perf_counter() - clock) * 1000)
    if answer is None:
        return Outcome(started_at, latency_ms, headers, error=error)
    return Outcome(
        started_at,
        latency_ms,
        headers,
        status=answer.status,
        error="" if answer.complete else "The answer broke off, or did not end in time.",
        excerpt=printable(answer.beginning),
        retry_after=parse_retry_after(answer.headers.get("Retry-After", ""), timezone.now()),
    )


def request_headers(message: Message, moment: datetime) -> dict[str, str]:
    """The headers of an attempt made at `moment`."""
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        # An answer that is packed could unpack to any size.
        "Accept-Encoding": "identity",
        "Connection": "close",
        **signed_headers(message.message_id, message.body, moment, message.secrets),
    }


class InsecureURLError(Exception):
    """The URL is plain http, which the settings do not allow."""


def require_https(url: str) -> None:
    """Refuse a plain http URL if the settings say so: they may be newer than the endpoint."""
    if settings.WEBHOOK_REQUIRE_HTTPS and not url.startswith("https://"):
        raise InsecureURLError


def describe(problem: Exception) -> str:
    """A sentence on why there was no answer, for a person. It tells nothing about addresses that are not allowed."""
    cause = root_cause(problem)
    match problem:
        case TimeIsUpError():
            sentence = f"There was no answer within {settings.WEBHOOK_TIMEOUT_SECONDS} seconds."
        case InsecureURLError():
            sentence = "The URL is not https, which the setting WEBHOOK_REQUIRE_HTTPS asks for."
        case InvalidIPAddress():
            sentence = "The URL leads to an address that webhooks are not sent to (private, local or reserved)."
        case _ if isinstance(cause, socket.gaierror | UnicodeError):
            sentence = "The host name could not be resolved."
        case requests.exceptions.SSLError():
            sentence = f"The TLS connection failed: {cause}"
        case requests.RequestException() | HTTPError():
            sentence = f"The connection failed: {cause}"
        case _:
            logger.error("An attempt to send a webhook failed in an unforeseen way", exc_info=problem)
            sentence = f"The attempt failed: {type(problem).__name__}."
    return sentence[:EXCERPT_MAX_CHARACTERS]


def root_cause(problem: BaseException) -> BaseException:
    """The exception that all began with."""
    while (deeper := problem.__cause__ or problem.__context__) is not None:
        problem = deeper
    return problem


def printable(beginning: bytes) -> str:
    """The piece of an answer that is kept: as text, without what databases refuse."""
    return beginning.decode(errors="replace").replace("\0", "\ufffd")[:EXCERPT_MAX_CHARACTERS]


def parse_retry_after(value: str, now: datetime) -> timedelta | None:
    """How long the header Retry-After (a number of seconds, or a date) asks to wait; None if it says nothing."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        wait = timedelta(seconds=min(int(value[:9]), RETRY_AFTER_MAX.total_seconds()))
    else:
        try:
            until = parsedate_to_datetime(value)
        except ValueError:
            return None
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), RETRY_AFTER_MAX)
