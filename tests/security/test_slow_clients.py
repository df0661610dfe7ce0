"""Slow clients, and bodies that nobody asked for, against the real web server."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.products.factories import make_user
from tests.tokens import make_key
from tests.webserver import WebServer

# The server has processes of its own, and sees only what is committed.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.any_database]

GIGABYTE = 1024**3
LOGIN = "/admin/login/"


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    server = WebServer(tmp_path_factory.mktemp("web"))
    yield server
    server.stop()


def token_of(user: User) -> str:
    return f"Authorization: Token {make_key(user)}"


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    client.get("/admin/password_change/")
    return "Cookie: " + "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())


def head(path: str, *fields: str, length: int, kind: str = "multipart/form-data; boundary=xyz") -> bytes:
    """The head of a POST that announces a body of this length."""
    lines = (f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Type: {kind}", f"Content-Length: {length}", *fields)
    return "\r\n".join((*lines, "", "")).encode()


def response_to(client: socket.socket) -> bytes:
    """All that the server sends until it closes the connection, which it must within five seconds."""
    blocks = []
    while block := client.recv(65536):
        blocks.append(block)
    return b"".join(blocks)


def wait_for_burst(server: WebServer) -> None:
    """Wait until the server has seen all that was sent: it serves a new connection after those before it.

    Two hundred requests at once take the processor's time from each other, and how long depends on the machine. What
    is timed is what comes after them, when nothing is left but slow clients: a thread that one of these held would not
    be free for twenty seconds.
    """
    assert server.get("/healthz").ok


def status_of(response: bytes) -> int:
    return int(response.split(b" ", 2)[1])


SLOW = {
    "that send nothing": b"",
    "in the middle of the head": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "that begin with empty lines": b"\r\n\r\n\r\n\r\nGET",
    "in the middle of a login": head(LOGIN, length=200, kind="application/x-www-form-urlencoded") + b"username=",
    "that wait to be told to send a login": head(LOGIN, "Expect: 100-continue", length=200),
    "that announce an upload": head("/api/uploads/", length=GIGABYTE) + b"--xyz\r\n",
    "in the middle of a second request": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /heal",
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
def test_two_hundred_slow_strangers_hold_up_nobody(server: WebServer, sent: bytes) -> None:
    with ExitStack() as clients:
        for _ in range(200):
            clients.enter_context(server.connect(sent))
        wait_for_burst(server)

        assert server.seconds("/healthz") < 1
        assert server.seconds(LOGIN) < 2


def test_slow_uploads_of_users_hold_up_no_pages(server: WebServer, admin_user: User) -> None:
    upload = head("/api/uploads/?filename=a.csv", token_of(admin_user), length=GIGABYTE, kind="text/csv")
    with ExitStack() as clients:
        for _ in range(30):
            clients.enter_context(server.connect(upload + b"sku,name\n"))
        time.sleep(0.5)

        assert server.seconds("/healthz") < 1
        assert server.seconds(LOGIN) < 2


def test_more_connections_than_the_server_keeps_end_the_oldest(server: WebServer) -> None:
    with ExitStack() as clients:
        for _ in range(900):
            clients.enter_context(server.connect())

        assert server.seconds("/healthz") < 1
        assert server.seconds(LOGIN) < 2


def test_clients_that_do_not_close_their_connections_hold_up_nobody(server: WebServer) -> None:
    with ExitStack() as clients:
        for _ in range(20):
            clients.enter_context(server.connect(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n"))

        assert server.seconds("/healthz") < 1


def test_a_request_that_takes_too_long_to_arrive_is_ended(server: WebServer) -> None:
    with server.connect(SLOW["in the middle of the head"]) as client:
        client.settimeout(30)

        assert status_of(response_to(client)) == 408


def test_a_head_that_never_ends_is_refused(server: WebServer) -> None:
    with server.connect(b"GET / HTTP/1.1\r\n" + b"X-Long: aaaaaaaaaaaaaa\r\n" * 4000) as client:
        assert status_of(response_to(client)) == 431


@pytest.mark.parametrize("path", [LOGIN, "/admin/imports/importjob/upload/", "/api-auth/login/"])
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=xyz", "application/x-www-form-urlencoded"])
def test_a_stranger_sends_no_large_body_to_a_page(server: WebServer, path: str, kind: str) -> None:
    with server.connect(head(path, length=GIGABYTE, kind=kind)) as client:
        response = response_to(client)

    assert status_of(response) == 403
    assert b"Connection: close" in response


@pytest.mark.parametrize("path", ["/api/uploads/", "/api/products/", "/api/products/bulk-delete"])
@pytest.mark.parametrize("login", ["", "Authorization: Token wrong"])
def test_a_stranger_sends_no_large_body_to_the_api(server: WebServer, path: str, login: str) -> None:
    with server.connect(head(path, *filter(None, [login]), length=GIGABYTE)) as client:
        response = response_to(client)

    assert status_of(response) == 401
    assert b"Connection: close" in response


@pytest.mark.parametrize("log_in", [token_of, session_of])
@pytest.mark.parametrize("path", ["/api/uploads/", "/admin/imports/importjob/upload/"])
def test_a_user_who_may_not_import_sends_no_file(server: WebServer, log_in, path: str) -> None:
    user = make_user("products.view_product", is_staff=True)
    with server.connect(head(path, log_in(user), length=GIGABYTE)) as client:
        response = response_to(client)

    assert status_of(response) == 403


@pytest.mark.parametrize("log_in", [token_of, session_of])
@pytest.mark.parametrize("path", ["/api/uploads/", "/admin/imports/importjob/upload/"])
def test_a_file_beyond_the_limit_is_refused_unread(server: WebServer, log_in, path: str, admin_user: User) -> None:
    if path.startswith("/admin") and log_in is token_of:
        pytest.skip("The dashboard takes no tokens.")
    with server.connect(head(path, log_in(admin_user), length=3 * GIGABYTE)) as client:
        response = response_to(client)

    assert status_of(response) == 413


@pytest.mark.parametrize("log_in", [token_of, session_of])
@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/api/products/", "application/json", 413),
        ("/api/products/", "multipart/form-data; boundary=xyz", 415),
        ("/admin/products/product/add/", "multipart/form-data; boundary=xyz", 413),
    ],
)
def test_only_uploads_are_large(server, log_in, path: str, kind: str, status: int, admin_user) -> None:  # noqa: PLR0917
    if log_in is session_of:
        status = 413
    elif path.startswith("/admin"):
        # To the dashboard a token is nothing.
        status = 403
    with server.connect(head(path, log_in(admin_user), length=GIGABYTE, kind=kind)) as client:
        response = response_to(client)

    assert status_of(response) == status


@pytest.mark.parametrize("fields", [[], ["Expect: 100-continue"]])
@pytest.mark.parametrize("size", [1_000, 60_000, 70_000, 3_000_000])
def test_bodies_of_every_size_arrive(server: WebServer, fields: list[str], size: int, admin_user: User) -> None:
    body = b"sku,name\n" + b"A,Lamp\n" * (size // 7)
    sent = head("/api/uploads/?filename=a.csv", token_of(admin_user), *fields, length=len(body), kind="text/csv")
    with server.connect(sent) as client:
        for start in range(0, len(body), 50_000):
            client.sendall(body[start : start + 50_000])
            time.sleep(0.01)
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        response = response_to(client)

    assert b" 202 Accepted" in response
    assert response.count(b"100 Continue") == len(fields)
    assert f'"file_size":{len(body)}'.encode() in response


def test_requests_sent_one_behind_the_other_are_all_served(server: WebServer) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    with server.connect((request + b"\r\n") * 5 + request + b"Connection: close\r\n\r\n") as client:
        response = response_to(client)

    assert response.count(b"200 OK") == 6
