"""Receivers of every kind, good and bad, over real HTTP on loopback: what ends up on the record."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psutil
import pytest
import trustme
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from tests.webhooks.factories import dispatch, emit_one, last_attempt, make_endpoint, raw_server
from webhooks import transport
from webhooks.models import Attempt

pytestmark = pytest.mark.django_db


def deliver_to(url: str) -> Attempt:
    """Deliver one event to `url`: the attempt."""
    make_endpoint(url)
    emit_one()
    dispatch()
    return last_attempt()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_success(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/hook").respond_with_data("thanks" if status != 204 else "", status=status)
    attempt = deliver_to(httpserver.url_for("/hook"))
    assert (attempt.succeeded, attempt.status, attempt.error) == (True, status, "")
    assert attempt.delivery.status == "delivered"
    assert attempt.delivery.due_at is None


@pytest.mark.parametrize("status", [301, 304, 400, 401, 404, 418, 429, 500, 503])
def test_anything_else_is_a_failure_to_be_tried_again(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/hook").respond_with_data("no", status=status)
    attempt = deliver_to(httpserver.url_for("/hook"))
    assert (attempt.succeeded, attempt.status) == (False, status)
    assert attempt.delivery.status == "pending"
    assert attempt.delivery.due_at is not None


def test_the_record_has_the_request_and_the_answer(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("thänks \0" + "x" * 3000, status=200)
    attempt = deliver_to(httpserver.url_for("/hook"))
    request = httpserver.log[0][0]
    assert attempt.excerpt.startswith("thänks \ufffdxxx")
    assert len(attempt.excerpt) == 1000
    assert attempt.latency_ms < 2000
    assert request.method == "POST"
    assert request.get_data(as_text=True) == attempt.delivery.body
    for name, value in attempt.request_headers.items():
        assert request.headers[name] == value
    assert request.headers["webhook-id"] == attempt.delivery.event_id
    assert request.headers["Content-Type"] == "application/json"


def test_a_slow_receiver_that_answers_in_time_has_taken_it() -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        time.sleep(0.4)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with raw_server(answer) as url:
        attempt = deliver_to(url)
    assert attempt.succeeded
    assert attempt.latency_ms >= 400


@pytest.mark.parametrize(
    ("beginning", "drop"),
    [
        (b"", b""),
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X-Drop: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n", b"."),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"."),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n.\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silence", "no-status", "endless-headers", "slow-body", "body-without-end", "slow-chunks", "endless-100"],
)
def test_a_receiver_that_hangs_or_trickles_is_cut_off_in_time(
    settings: Settings, beginning: bytes, drop: bytes
) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 1
    done = threading.Event()

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(beginning)
        while not done.wait(0.2):
            connection.sendall(drop)

    with raw_server(answer) as url:
        started = time.monotonic()
        attempt = deliver_to(url)
        took = time.monotonic() - started
        done.set()
    assert not attempt.succeeded
    assert attempt.error in (
        "There was no response within 1 second.",
        "The response broke off, or did not end in time.",
    )
    assert 0.9 < took < 2


def test_of_a_huge_answer_only_the_beginning_is_read() -> None:
    sent = 0

    def answer(connection: socket.socket, _: bytes) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _number in range(1000):
            connection.sendall(b"x" * 1_000_000)
            sent += 1_000_000

    with raw_server(answer) as url:
        attempt = deliver_to(url)
    assert attempt.succeeded
    assert attempt.excerpt == "x" * 1000
    assert sent < 50_000_000


def test_a_packed_answer_is_not_unpacked(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(b"\x1f\x8b" * 50, headers={"Content-Encoding": "gzip"})
    attempt = deliver_to(httpserver.url_for("/hook"))
    assert attempt.succeeded
    assert httpserver.log[0][0].headers["Accept-Encoding"] == "identity"


def test_a_redirect_is_not_followed(httpserver: HTTPServer) -> None:
    target = httpserver.url_for("/elsewhere")
    httpserver.expect_request("/hook").respond_with_data("", status=307, headers={"Location": target})
    attempt = deliver_to(httpserver.url_for("/hook"))
    assert (attempt.succeeded, attempt.status) == (False, 307)
    assert [request.path for request, _ in httpserver.log] == ["/hook"]


def test_of_a_redirect_with_a_huge_body_only_the_beginning_is_read() -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /else\r\n\r\n")
        for _number in range(1000):
            connection.sendall(b"x" * 1_000_000)

    before = psutil.Process().memory_info().rss
    with raw_server(answer) as url:
        attempt = deliver_to(url)
    assert attempt.status == 302
    assert psutil.Process().memory_info().rss - before < 100_000_000


def test_a_closed_port_is_a_failure_with_its_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    attempt = deliver_to(f"http://127.0.0.1:{port}/hook")
    assert attempt.status is None
    assert attempt.error == "The connection failed: [Errno 111] Connection refused"


def test_a_connection_that_breaks_off_is_a_failure() -> None:
    with raw_server(lambda *_: None) as url:
        attempt = deliver_to(url)
    assert attempt.status is None
    assert attempt.error.startswith("The connection failed:")


def test_an_answer_that_is_no_http_is_a_failure() -> None:
    with raw_server(lambda connection, _: connection.sendall(b"220 mail.example ESMTP\r\n")) as url:
        attempt = deliver_to(url)
    assert attempt.status is None
    assert attempt.error.startswith("The connection failed:")


def test_a_name_that_does_not_exist_is_a_failure() -> None:
    attempt = deliver_to("http://no-such-host.invalid/hook")
    assert attempt.error == "The host name could not be resolved."


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_url(authority: trustme.CA) -> Iterator[str]:
    """The URL of a receiver with a certificate for `localhost`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with HTTPServer(host="localhost", ssl_context=context) as server:
        server.expect_request("/hook").respond_with_data("ok")
        yield server.url_for("/hook")


def test_a_certificate_of_an_unknown_authority_is_refused(tls_url: str) -> None:
    attempt = deliver_to(tls_url)
    assert attempt.status is None
    assert "CERTIFICATE_VERIFY_FAILED" in attempt.error


@pytest.fixture
def trusted(authority: trustme.CA) -> Iterator[None]:
    transport._tls_context.cache_clear()
    authority.configure_trust(transport.tls_context())
    yield
    transport._tls_context.cache_clear()


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_a_trusted_authority_is_accepted(tls_url: str) -> None:
    assert deliver_to(tls_url).succeeded


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_name_is_refused(tls_url: str) -> None:
    attempt = deliver_to(tls_url.replace("localhost", "127.0.0.1"))
    assert attempt.status is None
    assert attempt.error.startswith("The TLS connection failed:")


def test_https_to_a_server_without_tls_is_a_failure(httpserver: HTTPServer) -> None:
    attempt = deliver_to(httpserver.url_for("/hook").replace("http://", "https://"))
    assert attempt.error.startswith("The TLS connection failed:")


def test_a_tls_handshake_that_hangs_is_cut_off_in_time(settings: Settings) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 1

    def answer(connection: socket.socket, _: bytes) -> None:
        with suppress(OSError):
            for byte in b"\x16\x03\x03\x40\x00" + b"\x02" * 100:
                time.sleep(0.2)
                connection.sendall(bytes([byte]))

    with raw_server(answer) as url:
        started = time.monotonic()
        attempt = deliver_to(url.replace("http://", "https://"))
    assert attempt.error == "There was no response within 1 second."
    assert time.monotonic() - started < 2


def test_the_first_deliveries_of_a_worker_do_not_each_read_the_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of threads begin at once: reading them takes each longer than it may take, if all do."""
    create, made = ssl.create_default_context, []

    def create_noting(**options: Any) -> ssl.SSLContext:
        made.append(True)
        time.sleep(0.1)
        return create(**options)

    monkeypatch.setattr(ssl, "create_default_context", create_noting)
    transport._tls_context.cache_clear()
    with ThreadPoolExecutor(20) as threads:
        contexts = set(threads.map(lambda _: transport.tls_context(), range(20)))

    assert len(made) == len(contexts) == 1
