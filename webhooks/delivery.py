"""Sending one attempt: sign, post, judge the response. Knows no database: no connection waits for a receiver."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests
from django.conf import settings
from django.utils import timezone
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.exceptions import HTTPError

from acme_importer import __version__
from acme_importer.texts import printable
from webhooks.attempt import Message, Outcome
from webhooks.signing import signed_headers
from webhooks.transport import TimeIsUpError, post

logger = logging.getLogger(__name__)

# How much of a response is read, whatever its length, and how much is kept.
RESPONSE_MAX_BYTES = 4096
EXCERPT_MAX_CHARACTERS = 1000

# The longest pause that a receiver can ask for.
RETRY_AFTER_MAX = timedelta(hours=24)

USER_AGENT = f"Acme-Product-Importer-Webhooks/{__version__}"


def send(message: Message) -> Outcome:
    """Make one attempt to deliver `message`. Takes about WEBHOOK_TIMEOUT_SECONDS at most, and raises nothing."""
    started_at = timezone.now()
    clock = time.perf_counter()
    headers: dict[str, str] = {}
    response, error = None, ""
    try:
        require_secret(message.secrets)
        headers = request_headers(message, started_at)
        require_https(message.url)
        response = post(
            message.url,
            message.body.encode(),
            headers,
            settings.WEBHOOK_TIMEOUT_SECONDS,
            read_at_most=RESPONSE_MAX_BYTES,
        )
    except Exception as problem:  # noqa: BLE001 - whatever it was, the attempt has failed and is recorded
        error = describe(problem)
    latency_ms = round((time.perf_counter() - clock) * 1000)
    if response is None:
        return Outcome(started_at, latency_ms, headers, error=error)
    return Outcome(
        started_at,
        latency_ms,
        headers,
        status=response.status,
        error="" if response.complete else "The response broke off, or did not end in time.",
        excerpt=storable(response.beginning),
        retry_after=parse_retry_after(response.headers.get("Retry-After", ""), timezone.now()),
    )


def request_headers(message: Message, moment: datetime) -> dict[str, str]:
    """The headers of an attempt made at `moment`."""
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        # A compressed response could decompress to any size.
        "Accept-Encoding": "identity",
        "Connection": "close",
        **signed_headers(message.message_id, message.body, moment, message.secrets),
    }


class NoSecretError(Exception):
    """There is no secret to sign with: it was encrypted with an earlier SECRET_KEY."""


class InsecureURLError(Exception):
    """The URL is plain http, which the settings do not allow."""


def require_secret(secrets: Sequence[str]) -> None:
    """Refuse to send what could not be signed."""
    if not secrets:
        raise NoSecretError


def require_https(url: str) -> None:
    """Refuse a plain http URL if the settings say so: they may be newer than the endpoint."""
    if settings.WEBHOOK_REQUIRE_HTTPS and not url.startswith("https://"):
        raise InsecureURLError


def describe(problem: Exception) -> str:
    """A sentence for people on why there was no response. It reveals nothing about addresses that are not allowed."""
    cause = root_cause(problem)
    match problem:
        case TimeIsUpError():
            seconds = settings.WEBHOOK_TIMEOUT_SECONDS
            sentence = f"There was no response within {seconds} {'second' if seconds == 1 else 'seconds'}."
        case NoSecretError():
            sentence = (
                "The secret cannot be decrypted, since SECRET_KEY was changed. List the old key in "
                "SECRET_KEY_FALLBACKS, or rotate the secret."
            )
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
            logger.error("An attempt to send a webhook failed unexpectedly", exc_info=problem)
            sentence = f"The attempt failed: {type(problem).__name__}."
    return cleaned(sentence)


def root_cause(problem: BaseException) -> BaseException:
    """The exception that started it all."""
    while (deeper := problem.__cause__ or problem.__context__) is not None:
        problem = deeper
    return problem


def storable(beginning: bytes) -> str:
    """The part of a response that is kept: as text, without what databases refuse."""
    return beginning.decode(errors="replace").replace("\0", "\ufffd")[:EXCERPT_MAX_CHARACTERS]


def cleaned(text: str) -> str:
    """A sentence with a stranger's words in it, as it can be stored and shown: NUL and surrogates are spelled out.

    The HTTP library repeats in its errors what a receiver has sent, whatever bytes that were.
    """
    return printable(text[:EXCERPT_MAX_CHARACTERS])[:EXCERPT_MAX_CHARACTERS]


def parse_retry_after(value: str, now: datetime) -> timedelta | None:
    """How long the header Retry-After (a number of seconds, or a date) asks to wait; None if it cannot be read."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        wait = timedelta(seconds=min(int(value[:9]), RETRY_AFTER_MAX.total_seconds()))
    else:
        try:
            until = parsedate_to_datetime(value)
            wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
        except (ValueError, OverflowError):
            return None
    return min(max(wait, timedelta(0)), RETRY_AFTER_MAX)
