"""Receivers that respond with anything but HTTP: they are counted as failing, and stop no webhook of anybody else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.utils import timezone
from pytest_httpserver import HTTPServer

from tests.webhooks.factories import PRODUCT, dispatch, headers_of, make_endpoint, read_request
from webhooks.attempt import Outcome
from webhooks.events import emit
from webhooks.models import Attempt, Delivery
from webhooks.record import Sent, record

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = {
    "zeros and no text": b"\x00\xff\r\n\r\n",
    "a status line with zeros": b"HTTP/1.1 2\x0000 \x00OK\r\n\r\n",
    "a reason with zeros": b"HTTP/1.1 500 \x00\xff\r\n\r\n",
    "a header with zeros": b"HTTP/1.1 500 No\r\nRetry-After: \x00\xff\r\nX-\x00: \x00\r\n\r\n",
    "a length with zeros": b"HTTP/1.1 500 No\r\nContent-Length: \x00\xff\r\n\r\nx",
    "a chunk with zeros": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\x00\xff\r\n",
    "a redirect to zeros": b"HTTP/1.1 302 Found\r\nLocation: http://\x00\xff/\r\n\r\n",
    "a status that no column holds": b"HTTP/1.1 99999999999 OK\r\n\r\n",
    "a body of zeros and halves of characters": b"HTTP/1.1 500 No\r\n\r\n\x00\xff\xed\xa0\x80",
    "a status line of a megabyte": b"HTTP/1.1 " + b"\xff" * 1_000_000,
    "a date out of time": b"HTTP/1.1 500 No\r\nRetry-After: Mon, 01 Jan 0001 00:00:00 +2359\r\n\r\n",
    "an invisible sentence": "HTTP/1.1 \u202e\u2066 \ufeff\r\n\r\n".encode(),
}


@contextmanager
def responding(response: bytes) -> Iterator[str]:
    """A server that reads each request and then sends these bytes: its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    read_request(connection)
                    try:
                        connection.sendall(response)
                    except OSError:
                        continue  # it was not listened to for so long

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("response", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_receiver_fails_and_everybody_else_gets_each_event_once(
    httpserver: HTTPServer, response: bytes
) -> None:
    httpserver.expect_request("/hook").respond_with_data("")
    with responding(response) as url:
        hostile = make_endpoint(url)
        healthy = [make_endpoint(httpserver.url_for("/hook")) for _ in range(3)]
        assert emit("product.created", PRODUCT) == 4

        dispatch()

    hostile.refresh_from_db()
    assert hostile.failures_in_a_row == 1
    assert hostile.failing_since
    assert hostile.deliveries.get().status == Delivery.Status.PENDING
    attempt = hostile.attempts.get()
    assert not attempt.succeeded
    (attempt.error + attempt.excerpt).encode()
    assert "\0" not in attempt.error + attempt.excerpt
    assert len(attempt.error) <= 1000
    assert len(attempt.excerpt) <= 1000
    assert len(httpserver.log) == 3
    assert {headers_of(request)["webhook-id"] for request, _ in httpserver.log} == {hostile.deliveries.get().event_id}
    for endpoint in healthy:
        endpoint.refresh_from_db()
        assert endpoint.failures_in_a_row == 0
        assert endpoint.deliveries.get().status == Delivery.Status.DELIVERED


UNSTORABLE = {
    "half a character": {"error": "\ud800"},
    "half a character in the response": {"excerpt": "\ud800", "status": 500},
    "a number out of range": {"latency_ms": 10**30},
    "a status out of range": {"status": 10**30},
}


@pytest.mark.parametrize("unstorable", UNSTORABLE.values(), ids=UNSTORABLE)
def test_what_cannot_be_stored_is_stored_as_a_plain_failure_and_the_rest_of_the_batch_as_it_is(
    unstorable: dict[str, object],
) -> None:
    endpoints = [make_endpoint(f"http://127.0.0.1:9/{number}") for number in range(3)]
    emit("product.created", PRODUCT)
    good = Outcome(timezone.now(), 5, {}, status=204)
    outcomes = [good, replace(good, **{"status": None, "error": "", **unstorable}), good]  # type: ignore[arg-type]
    if not (outcomes[1].error or outcomes[1].status):
        outcomes[1] = replace(outcomes[1], error="It broke.")

    record(
        Sent(endpoint.deliveries.get().pk, endpoint.pk, None, outcome)
        for endpoint, outcome in zip(endpoints, outcomes, strict=True)
    )

    assert list(Attempt.objects.order_by("endpoint").values_list("succeeded", flat=True)) == [True, False, True]
    failed = endpoints[1].attempts.get()
    assert failed.error == "The attempt failed. What the receiver sent could not be stored."
    assert endpoints[1].deliveries.get().tries == 1
    endpoints[1].refresh_from_db()
    assert endpoints[1].failures_in_a_row == 1


def test_a_success_whose_response_cannot_be_stored_is_still_a_success() -> None:
    endpoint = make_endpoint("http://127.0.0.1:9/")
    emit("product.created", PRODUCT)

    record([Sent(endpoint.deliveries.get().pk, endpoint.pk, None, Outcome(timezone.now(), 5, {}, 200, "", "\ud800"))])

    assert endpoint.deliveries.get().status == Delivery.Status.DELIVERED
