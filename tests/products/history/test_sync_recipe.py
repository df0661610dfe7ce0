"""The client of docs/history-and-undo.md, as it stands there, keeps in step with a running server."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pytest_django.live_server_helper import LiveServer

from products import editing
from products.editing import Editor
from products.history.models import ChangeBlock, ChangeSet
from products.history.waiting import room
from products.models import Product
from products.selection import Selection
from tests.cluster import wait_until
from tests.imports.factories import run_import
from tests.products.factories import make_user
from tests.tokens import make_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PAGE = Path(settings.BASE_DIR) / "docs" / "history-and-undo.md"


class Client:
    """A process with the client, and the file that it keeps."""

    def __init__(self, folder: Path, address: str) -> None:
        [recipe] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), flags=re.DOTALL | re.MULTILINE)
        self.script, self.shop, self.log = folder / "client.py", folder / "shop.sqlite3", folder / "client.log"
        self.script.write_text(recipe)
        token = make_key(make_user("products.view_product"), "read")
        self.environment = {"ACME_ADDRESS": address, "ACME_TOKEN": token, "SHOP": str(self.shop)}
        self.start()

    def start(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(self.script)],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def products(self) -> list[dict[str, Any]]:
        """What it has."""
        with closing(sqlite3.connect(self.shop)) as shop:
            return [json.loads(value) for (value,) in shop.execute("SELECT value FROM product ORDER BY sku")]

    def is_in_step(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with suppress(sqlite3.OperationalError):  # It has not begun.
            return self.products() == catalogue()
        return False


def catalogue() -> list[dict[str, Any]]:
    columns = ("sku", "name", "description", "price", "is_active", "extra")
    rows = sorted(Product.objects.values(*columns), key=lambda row: row["sku"])
    return [{**row, "price": None if row["price"] is None else f"{row['price']:.2f}"} for row in rows]


@pytest.fixture
def client(tmp_path: Path, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    run_import('sku,name,price,is_active,colour\nA-1,"Lamp\nof brass",10,yes,red\nA-2,Fan,,no,\n', extra=True)
    client = Client(tmp_path, live_server.url)
    yield client
    client.kill()
    print(client.log.read_text())
    # The server still waits for changes to tell it, and is not to look for them in the next test.
    monkeypatch.setattr(room, "goes_on", lambda: False)
    wait_until(lambda: not [one for one in threading.enumerate() if "process_request_thread" in one.name])


def rename(sku: str, new: str) -> None:
    product = Product.objects.get(sku=sku)
    product.sku = new
    editing.update(product, ["sku"], Editor())


def prune_everything() -> None:
    ChangeBlock.objects.all().delete()
    ChangeSet.objects.all().delete()


def test_it_begins_with_all_products_and_follows_every_kind_of_change(client: Client) -> None:
    wait_until(client.is_in_step)
    assert [product["sku"] for product in client.products()] == ["A-1", "A-2"]

    run_import("sku,name,price,colour\nA-2,Fan,20,blue\nA-3,Rug,5,\n", extra=True)
    rename("A-1", "B-1")
    editing.create(Product(sku="A-1", name="Another lamp", price=None), Editor())
    rename("A-2", "a-2")
    wait_until(client.is_in_step)
    assert [product["sku"] for product in client.products()] == ["A-1", "A-3", "B-1", "a-2"]

    editing.set_active(Selection.all(), Editor(), active=False)
    editing.delete(Product.objects.get(sku="A-3"), Editor())
    wait_until(client.is_in_step)
    editing.delete_many(Selection.all(), Editor())
    wait_until(client.is_in_step)
    assert client.products() == []


def test_it_goes_on_where_it_was_killed_and_begins_anew_where_its_cursor_has_expired(client: Client) -> None:
    wait_until(client.is_in_step)
    client.kill()
    run_import("sku,name\nA-1,Table\nA-3,Rug\n")
    client.start()
    wait_until(client.is_in_step)

    client.kill()
    editing.delete(Product.objects.get(sku="A-1"), Editor())
    rename("A-2", "A-1")
    prune_everything()
    client.start()
    wait_until(client.is_in_step)
    run_import("sku,name\nA-1,Chair\n")
    wait_until(client.is_in_step)
