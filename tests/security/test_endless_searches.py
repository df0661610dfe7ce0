"""Searches that would keep the database busy: too many words, too long, or simply too slow."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from pytest_django import Settings

# Some seconds of work in one statement; on SQLite much of it when the rows are read.
SLOW = {
    "postgresql": "SELECT pg_sleep(5)",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) "
    "SELECT i FROM n WHERE i % 50000000 = 0",
}


def slow(request: HttpRequest) -> HttpResponse:
    """A page that asks the database for too much."""
    with connection.cursor() as cursor:
        cursor.execute(SLOW[connection.vendor])
        return HttpResponse(str(cursor.fetchall()))


def download(request: HttpRequest) -> StreamingHttpResponse:
    """A download that takes longer than any statement may, in many short ones."""

    def blocks() -> Iterator[str]:
        for _ in range(3):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
                time.sleep(0.5)
                yield str(cursor.fetchone())

    return StreamingHttpResponse(blocks())


def settings_of_postgresql(request: HttpRequest) -> HttpResponse:
    """How many processes of PostgreSQL may help with a statement, and how much memory each step of it has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_parallel_workers_per_gather'), current_setting('work_mem')")
        return HttpResponse(" ".join(cursor.fetchone()))


urlpatterns = [
    path("slow", slow),
    path("settings", settings_of_postgresql),
    path("api/slow", slow),
    path("download", download),
    path("", include("acme_importer.urls")),
]


@pytest.fixture
def limited(settings: Settings, transactional_db: None) -> Client:
    """A client of a web process whose statements may take a second."""
    settings.WEB_STATEMENT_SECONDS = 1
    settings.ROOT_URLCONF = __name__
    client = Client()
    client.get("/nothing-here")
    # The next request opens its connection as a web process does.
    connection.close()
    return client


def test_a_statement_that_takes_too_long_is_stopped_and_the_page_says_so(limited: Client) -> None:
    began = time.monotonic()

    response = limited.get("/slow")

    assert time.monotonic() - began < 3
    assert response.status_code == 400
    assert "took longer than 1 s and was stopped" in response.content.decode()
    connection.close()


def test_the_api_says_so_as_json(limited: Client) -> None:
    response = limited.get("/api/slow")

    assert response.status_code == 400
    assert response.json()["detail"].startswith("Reading the database took longer than 1 s")
    connection.close()


def test_a_statement_takes_one_of_the_servers_processors_and_has_some_memory(limited: Client) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no other processor, and a cache of its own")

    response = limited.get("/settings")

    assert response.content == b"0 32MB"
    connection.close()


def test_a_download_may_take_longer(limited: Client) -> None:
    response = limited.get("/download")

    assert b"".join(response.streaming_content) == b"(1,)" * 3  # type: ignore[attr-defined]
    connection.close()


@pytest.mark.parametrize("words", [11, 900, 1900])
@pytest.mark.django_db
def test_a_search_of_many_words_is_refused(admin_client: Client, words: int) -> None:
    text = " ".join(["a"] * words)

    response = admin_client.get("/api/products/", {"search": text})

    assert response.status_code == 400
    assert "at most" in str(response.json()["search"])
    page = admin_client.get("/admin/products/product/", {"search": text})
    assert page.status_code == 200
    assert "at most" in page.content.decode()


@pytest.mark.parametrize("name", ["sku", "sku_prefix", "name", "description", "search"])
@pytest.mark.django_db
def test_a_filter_of_many_characters_is_refused(admin_client: Client, name: str) -> None:
    response = admin_client.get("/api/products/", {name: "x" * 201})

    assert response.status_code == 400
    assert "at most" in str(response.json()[name])
    assert "200" in str(response.json()[name])


@pytest.mark.django_db
def test_a_bulk_deletion_takes_no_more_words_than_a_search(admin_client: Client) -> None:
    body = {"filter": {"search": " ".join(["a"] * 1900)}, "confirm": True}

    response = admin_client.post("/api/products/bulk-delete", body, content_type="application/json")

    assert response.status_code == 400
    assert "200 at most" in str(response.json())


@pytest.mark.django_db
def test_a_search_of_ten_words_is_answered(admin_client: Client) -> None:
    assert admin_client.get("/api/products/", {"search": "a b c d e f g h i j"}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    ["imports/importjob", "webhooks/endpoint", "webhooks/delivery", "auth/user", "auth/group"],
)
@pytest.mark.parametrize("text", ["a " * 900, "a" * 5000])
def test_a_search_of_any_list_is_bounded(admin_client: Client, address: str, text: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        response = admin_client.get(f"/admin/{address}/", {"q": text})

    assert response.status_code == 200
    assert "a search takes" in response.content.decode()
    assert not any("LIKE" in query["sql"] for query in queries)
