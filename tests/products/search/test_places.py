"""A web process makes a few searches at a time: others are refused, and what is no search does not wait behind them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from products.search import places
from products.search.places import Places, TooManySearchesError, searches
from tests.products.factories import make_product, make_user
from tests.threads import in_threads
from tests.tokens import make_key
from tests.webserver import WebServer

SENTENCE = str(TooManySearchesError())
LIST = "/admin/products/product/"
# What tests.slow_search_settings makes of each search.
SLOW_SECONDS = 4


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[ExitStack]:
    """All places of this process are taken until the stack is closed."""
    monkeypatch.setattr(places, "WAIT_SECONDS", 0.2)
    searches.allow(at_once=2, waiting=1)
    with ExitStack() as taken:
        for _ in range(2):
            taken.enter_context(searches.take())
        yield taken
    searches.allow(at_once=2, waiting=5)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/products/", "/api/products/export.csv"])
def test_the_api_refuses_a_search_without_a_place(full: ExitStack, api: APIClient, path: str) -> None:
    make_product("A-1", name="Lamp")

    refused = api.get(path, {"search": "lamp"})
    others = [api.get(path), api.get(path, {"sku": "A-1"}), api.get(path, {"search": ""})]
    full.close()

    afterwards = api.get(path, {"search": "lamp"})

    assert (refused.status_code, refused.json()) == (503, {"detail": SENTENCE})
    assert refused.headers["Retry-After"] == "2"
    assert [b"A-1" in each.getvalue() for each in (*others, afterwards)] == [True] * 4


@pytest.mark.django_db
def test_the_dashboard_says_so_on_a_page(full: ExitStack, client: Client, admin_user: User) -> None:
    make_product("A-1", name="Lamp")
    client.force_login(admin_user)

    refused = client.get(LIST, {"search": "lamp"})
    assert client.get(LIST).status_code == 200
    full.close()

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert SENTENCE in refused.text
    assert client.get(LIST, {"search": "lamp"}).status_code == 200


def test_a_search_that_waits_gets_the_place_of_one_that_ends() -> None:
    few = Places(at_once=1, waiting=1)
    has_begun = Event()
    refused_after: list[float] = []

    def first() -> None:
        with few.take():
            has_begun.set()
            time.sleep(0.5)

    def second() -> None:
        has_begun.wait()
        with few.take():
            time.sleep(0.5)

    def third() -> None:
        has_begun.wait()
        time.sleep(0.2)
        start = time.monotonic()
        with pytest.raises(TooManySearchesError), few.take():
            pass
        refused_after.append(time.monotonic() - start)

    assert in_threads(first, second, third) == []
    assert refused_after[0] < 0.2


def test_a_search_that_fails_leaves_its_place_to_the_next() -> None:
    few = Places(at_once=1, waiting=0)

    for _ in range(3):
        with pytest.raises(ZeroDivisionError), few.take():
            raise ZeroDivisionError


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_polls_and_pages_do_not_wait_behind_searches(tmp_path: Path) -> None:
    make_product("A-1", name="Lamp")
    server = WebServer(tmp_path, WEB_CONCURRENCY="1", DJANGO_SETTINGS_MODULE="tests.slow_search_settings")
    user = make_user("products.view_product", "imports.view_importjob")
    headers = {"Authorization": f"Bearer {make_key(user, 'read')}"}

    def get(path: str) -> tuple[requests.Response, float]:
        start = time.monotonic()
        response = requests.get(f"{server.address}{path}", headers=headers, timeout=30)
        return response, time.monotonic() - start

    try:
        get("/api/jobs/")  # What is done once is done.
        with ThreadPoolExecutor(20) as pool:
            results = [pool.submit(get, "/api/products/?search=lamp") for _ in range(20)]
            time.sleep(1)
            others = [get(path) for path in ("/api/jobs/", "/api/products/?sku=a-1", "/admin/login/") * 2]
            # The searches are still under way.
            assert sum(result.done() for result in results) <= 13
            searched = [result.result() for result in results]
        afterwards, _ = get("/api/products/?search=lamp")
    finally:
        server.stop()

    assert [response.status_code for response, _ in others] == [200] * 6
    assert max(seconds for _, seconds in others) < 1
    # Two of sixteen threads search. Five wait for a place, in vain; the others are refused at once.
    assert Counter(response.status_code for response, _ in searched) == {200: 2, 503: 18}
    refused = [(response, seconds) for response, seconds in searched if response.status_code == 503]
    assert {(each.json()["detail"], each.headers["Retry-After"]) for each, _ in refused} == {(SENTENCE, "2")}
    assert sum(seconds > places.WAIT_SECONDS for _, seconds in refused) == 5
    assert min(seconds for response, seconds in searched if response.ok) > SLOW_SECONDS
    assert [product["sku"] for product in afterwards.json()["results"]] == ["A-1"]
