"""Clients that wait for changes, at the real web server: they leave threads for the others, and end when it does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from products import editing
from products.editing import Editor
from products.models import Product
from tests.products.factories import make_user
from tests.tokens import make_key
from tests.webserver import WebServer

# The server has processes of its own, and sees only what is committed.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

THREADS = 16


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WebServer]:
    server = WebServer(tmp_path, WEB_CONCURRENCY="1")
    yield server
    server.stop()


class Client:
    """Somebody who may follow the feed."""

    def __init__(self, server: WebServer) -> None:
        self.server = server
        self.headers = {"Authorization": f"Bearer {make_key(make_user('products.view_product'), 'read')}"}

    def wait(self) -> tuple[float, dict[str, Any]]:
        """Wait for a change; how long it took, and the response."""
        start = time.monotonic()
        parameters: dict[str, Any] = {"after": "now", "wait": 30}
        address = f"{self.server.address}/api/changes"
        response = requests.get(address, params=parameters, headers=self.headers, timeout=40)
        assert response.status_code == 200, response.text
        return time.monotonic() - start, response.json()


def test_half_of_the_threads_wait_and_the_others_serve(server: WebServer) -> None:
    client = Client(server)
    with ThreadPoolExecutor(THREADS + 4) as pool:
        results = [pool.submit(client.wait) for _ in range(THREADS + 4)]
        time.sleep(4)
        at_once = [result.result()[1] for result in results if result.done()]
        slowest = max(server.seconds("/admin/login/") for _ in range(5))
        editing.create(Product(sku="A-1", name="Lamp"), Editor())
        committed = time.monotonic()
        pages = [result.result()[1] for result in results]
        seconds = time.monotonic() - committed

    assert [page["retry_after"] for page in at_once] == [5] * (THREADS // 2 + 4)
    assert slowest < 2
    told = [page for page in pages if page["retry_after"] is None]
    assert [[change["sku"] for change in page["changes"]] for page in told] == [["A-1"]] * (THREADS // 2)
    assert seconds < 5


def test_a_server_that_stops_does_not_wait_for_changes(server: WebServer) -> None:
    client = Client(server)
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(client.wait)
        time.sleep(2)
        assert not result.done()
        server.process.terminate()
        seconds, page = result.result()
        server.process.wait(20)

    assert (page["changes"], page["retry_after"]) == ([], None)
    assert seconds < 10
