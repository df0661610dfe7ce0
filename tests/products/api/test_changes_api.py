"""The change feed over HTTP: what an entry tells, cursors, waiting, and who may follow it."""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils.dateparse import parse_datetime
from rest_framework.test import APIClient

from products import editing
from products.editing import Editor
from products.history.models import ChangeBlock, ChangeSet
from products.history.waiting import CrowdedError, WaitingRoom, room
from products.models import Product
from tests.imports.factories import run_import
from tests.products.factories import client_with, make_user, manager
from tests.threads import in_threads
from tests.tokens import make_key

pytestmark = pytest.mark.django_db

URL = "/api/changes"


@pytest.fixture
def client(db: None) -> APIClient:
    return client_with("products.view_product")


def read(client: APIClient, **parameters: Any) -> dict[str, Any]:
    response = client.get(URL, parameters)
    assert response.status_code == 200, response.content
    return response.json()


def lamp(sku: str = "A-1") -> Product:
    return editing.create(Product(sku=sku, name="Lamp"), Editor())


def test_an_entry_tells_what_changed_and_by_whom(client: APIClient) -> None:
    job = run_import("sku,name,price\nA-1,Lamp,10\n")
    anna = Editor(make_user())
    product = Product.objects.get()
    product.sku, product.price = "B-1", Decimal("12.5")
    editing.update(product, ["sku", "price"], anna)
    editing.delete(product, Editor())

    page = read(client)

    created, changed, deleted = page["changes"]
    values = {"name": "Lamp", "description": "", "is_active": True, "extra": {}}
    assert parse_datetime(created.pop("at")) == ChangeSet.objects.get(number=1).at
    assert created == {
        "number": 1,
        "kind": "created",
        "sku": "A-1",
        "previous_sku": None,
        "fields": {
            name: {"old": None, "new": value} for name, value in {**values, "sku": "A-1", "price": "10.00"}.items()
        },
        "import_number": job.pk,
        "line": 2,
        "user": None,
        "folded": None,
    }
    assert (changed["kind"], changed["sku"], changed["previous_sku"]) == ("changed", "B-1", "A-1")
    assert changed["fields"] == {
        "sku": {"old": "A-1", "new": "B-1"},
        "price": {"old": "10.00", "new": "12.50"},
    }
    assert (changed["import_number"], changed["line"], changed["user"]) == (None, None, anna.name)
    assert (deleted["number"], deleted["kind"], deleted["user"]) == (3, "deleted", None)
    assert deleted["fields"]["price"] == {"old": "12.50", "new": None}
    assert (page["has_more"], page["retry_after"]) == (False, None)


def test_next_leads_through_all_changes(client: APIClient) -> None:
    run_import("sku,name\nA,Lamp\nB,Lamp\nC,Lamp\n")
    lamp("D")

    told, page = [], read(client, limit=2)
    while page["changes"]:
        told.append([entry["sku"] for entry in page["changes"]])
        assert page["has_more"] == (len(told) < 2)
        page = read(client, after=page["next"], limit=2)

    assert told == [["A", "B"], ["C", "D"]]
    assert page["next"] == read(client, after="now")["next"]
    lamp("E")
    assert [entry["sku"] for entry in read(client, after=page["next"])["changes"]] == ["E"]


def test_now_is_the_end_of_the_feed(client: APIClient) -> None:
    lamp("A")
    page = read(client, after="now")
    lamp("B")

    assert (page["changes"], page["has_more"]) == ([], False)
    assert [entry["sku"] for entry in read(client, after=page["next"])["changes"]] == ["B"]


def test_an_import_is_folded_into_one_entry(client: APIClient) -> None:
    job = run_import("sku,name,price\nA,Lamp,1\nB,Lamp,1\n")
    editing.delete(Product.objects.get(sku="A"), Editor())

    folded, deleted = read(client, fold="import")["changes"]

    assert folded.pop("at")
    assert folded == {
        "number": 1,
        "kind": "imported",
        "sku": None,
        "previous_sku": None,
        "fields": {},
        "import_number": job.pk,
        "line": None,
        "user": None,
        "folded": {
            "first_number": 1,
            "created": 2,
            "changed": 0,
            "deleted": 0,
            "fields_changed": [],
            "first_line": 2,
            "last_line": 3,
        },
    }
    assert (deleted["kind"], deleted["sku"]) == ("deleted", "A")


def test_an_expired_cursor_is_gone_and_leads_to_the_export(client: APIClient) -> None:
    lamp("A")
    ChangeBlock.objects.all().delete()
    ChangeSet.objects.all().delete()
    lamp("B")

    for parameters in ("", "?after=0.0", "?wait=5"):
        response = client.get(URL + parameters)
        assert response.status_code == 410
        gone = response.json()
        assert gone.keys() == {"detail", "export", "after"}
        assert gone["export"] == "http://testserver/api/products/export.csv"
        assert gone["export"] in gone["detail"]
        assert gone["after"] in gone["detail"]
        assert read(client, after=gone["after"])["changes"] == []
        export = client.get(gone["export"])
        assert export.headers["Changes-Cursor"] == gone["after"]
        assert b"B,Lamp" in export.getvalue()


@pytest.mark.parametrize(
    "parameters",
    [
        {"after": ""},
        {"after": "x"},
        {"after": "1.5"},
        {"after": "9" * 40 + ".0"},
        {"after": "\0"},
        {"after": "NOW"},
        {"wait": -1},
        {"wait": 31},
        {"wait": "long"},
        {"limit": 0},
        {"limit": 1001},
        {"fold": "user"},
        {"since": "1.0"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_by_name(client: APIClient, parameters: dict[str, Any]) -> None:
    lamp("A")
    editing.create(Product(sku="B", name="Lamp"), Editor())
    response = client.get(URL, parameters)

    assert (response.status_code, list(response.json())) == (400, list(parameters))


def test_who_may_see_products_may_follow_their_changes() -> None:
    assert client_with("products.change_product").get(URL).status_code == 403
    assert APIClient().get(URL).status_code == 401
    token = APIClient()
    viewer = make_user("products.view_product")
    for scope, status in (("read", 200), ("write", 403)):
        token.credentials(HTTP_AUTHORIZATION=f"Bearer {make_key(viewer, scope)}")
        assert token.get(URL).status_code == status
    assert manager().post(URL, {}).status_code == 405


def test_a_page_takes_the_same_queries_however_much_is_on_it(client: APIClient) -> None:
    counts = set()
    read(client)  # The user's permissions are read once.
    for rows in (1, 900):
        run_import("sku,name\n" + "".join(f"{rows}-{row},Lamp\n" for row in range(rows)))
        with CaptureQueriesContext(connection) as queries:
            read(client)
        counts.add(len(queries))
    assert len(counts) == 1
    assert counts.pop() == 4


def test_waiting_ends_with_the_time(client: APIClient) -> None:
    start = time.monotonic()
    page = read(client, after="now", wait=1)

    assert (page["changes"], page["retry_after"]) == ([], None)
    assert 0.9 < time.monotonic() - start < 4


def test_nobody_waits_where_there_are_changes(client: APIClient) -> None:
    lamp()
    start = time.monotonic()
    assert len(read(client, wait=30)["changes"]) == 1
    assert time.monotonic() - start < 5


def test_where_too_many_wait_the_response_says_when_to_come_again(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "places", 0)
    start = time.monotonic()

    response = client.get(f"{URL}?after=now&wait=30")

    assert time.monotonic() - start < 5
    assert (response.status_code, response.headers["Retry-After"]) == (200, "5")
    assert response.json() == {"changes": [], "next": "0.0", "has_more": False, "retry_after": 5}


@pytest.mark.django_db(transaction=True)
def test_a_change_ends_the_waiting_of_all_who_wait_and_they_hold_no_connection() -> None:
    waiting, found, connected = WaitingRoom(places=3), [], []
    start = time.monotonic()

    def wait() -> None:
        Product.objects.exists()
        waiting.wait_beyond(0, 20)
        found.append(time.monotonic() - start)

    def sleep(seconds: float) -> None:
        connected.append(connection.connection is not None)
        real_sleep(seconds)

    real_sleep = time.sleep
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("products.history.waiting.time.sleep", sleep)
        raised = in_threads(wait, wait, wait, lambda: (real_sleep(1.2), lamp()))

    assert raised == []
    assert len(found) == 3
    assert all(1 < seconds < 5 for seconds in found)
    assert len(connected) >= 6
    assert not any(connected)


@pytest.mark.django_db(transaction=True)
def test_a_place_is_free_again_when_somebody_has_left() -> None:
    waiting = WaitingRoom(places=1)
    refused = []

    def one() -> None:
        waiting.wait_beyond(0, 1)

    def other() -> None:
        time.sleep(0.3)
        with pytest.raises(CrowdedError):
            waiting.wait_beyond(0, 1)
        refused.append(True)

    assert in_threads(one, other) == []
    assert refused
    waiting.wait_beyond(0, 0.1)


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_on_where_the_process_is_to_end() -> None:
    waiting, ending = WaitingRoom(places=1), threading.Event()
    waiting.goes_on = lambda: not ending.is_set()
    start = time.monotonic()
    threading.Timer(0.3, ending.set).start()

    waiting.wait_beyond(0, 20)

    assert time.monotonic() - start < 5
    connections.close_all()
