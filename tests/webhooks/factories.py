"""Endpoints, events and dispatching, for tests."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Request

from webhooks.dispatch import Dispatcher
from webhooks.events import emit
from webhooks.models import Attempt, Delivery, Endpoint

PRODUCT = {"product": {"id": 7, "sku": "LAMP-001", "name": "Lämp ✨"}}


def make_endpoint(url: str, **fields: Any) -> Endpoint:
    return Endpoint.objects.create(url=url, **fields)


def emit_one(event_type: str = "product.created") -> Delivery:
    """Emit an event that one endpoint wants."""
    assert emit(event_type, PRODUCT) == 1
    return Delivery.objects.latest("id")


def dispatch() -> None:
    """Send what is due, once for each endpoint that has yet to answer, as a worker does."""
    Dispatcher().run(timezone.now())


def last_attempt() -> Attempt:
    return Attempt.objects.latest("id")


def headers_of(request: Request) -> dict[str, str]:
    """The headers of a request that arrived, their names in lower case, since case does not matter."""
    return {name.lower(): value for name, value in request.headers.items()}


def due_at(delivery: Delivery) -> datetime:
    """When the delivery is due, as the database has it now."""
    delivery.refresh_from_db()
    assert delivery.due_at
    return delivery.due_at


def answering(server: HTTPServer, *statuses: int, **response: Any) -> None:
    """Have `server` respond with these statuses in turn, then with the last of them for ever."""
    for status in statuses[:-1]:
        server.expect_ordered_request("/hook").respond_with_data("", status=status, **response)
    server.expect_request("/hook").respond_with_data("", status=statuses[-1], **response)


def read_request(connection: socket.socket) -> bytes:
    """All of a request with a body; or what comes first, if that is no HTTP."""
    request = connection.recv(65536)
    while request.startswith(b"POST") and not request.endswith(b"}"):
        request += connection.recv(65536)
    return request


@contextmanager
def raw_server(answer: Callable[[socket.socket, bytes], object]) -> Iterator[str]:
    """The URL of a server that does `answer` with each connection and the request on it, and then closes it."""

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                answer(connection, read_request(connection))
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
        listener.shutdown(socket.SHUT_RDWR)
