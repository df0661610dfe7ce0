"""/metrics: who gets it, that its figures are right, and that it asks no more of a full database than of an empty."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from acme_importer.cluster import presence
from acme_importer.cluster.identity import new_cluster
from acme_importer.cluster.models import Recovery
from acme_importer.cluster.supervisor import Supervisor
from imports.models import ImportJob, ImportLane
from tests.imports.factories import make_job, run_import
from tests.webhooks.factories import emit_one, make_endpoint
from webhooks import metrics as webhook_metrics
from webhooks.models import Attempt, Delivery

pytestmark = pytest.mark.django_db

TOKEN = "a-token-only-for-the-tests"


@pytest.fixture(autouse=True)
def token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def scrape() -> dict[tuple[str, ...], float]:
    """Each figure by its name and the values of its labels."""
    response = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(response.content.decode())
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", TOKEN, f"Token {TOKEN}", f"Bearer {TOKEN}é"])
def test_whoever_has_no_token_gets_nothing_and_asks_the_database_nothing(
    header: str, django_assert_num_queries
) -> None:
    with django_assert_num_queries(0):
        response = Client().get("/metrics", headers={"Authorization": header})

    assert response.status_code == 401
    assert b"acme_" not in response.content


def test_without_the_setting_there_is_no_such_page(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""

    assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_imports_by_status_and_rows_by_outcome() -> None:
    run_import("sku,name,price\nA,One,1\nB,Two,many\n")
    run_import("sku,name,price\nA,One,1\nB,Two,2\n")
    run_import("no,columns\n1,2\n")
    long_ago = run_import("sku,name,price\nC,Three,3\n")
    ImportJob.objects.filter(pk=long_ago.pk).update(finished_at=timezone.now() - timedelta(hours=2))
    make_job("sku,name\nD,Four\n")
    running = make_job("sku,name\nE,Five\n")
    ImportJob.objects.filter(pk=running.pk).update(status="running")
    ImportLane.objects.create(job=running, number=0, offset=9, line=2, created_rows=7)

    figures = scrape()

    assert (figures["acme_imports", "queued"], figures["acme_imports", "running"]) == (1, 1)
    assert [figures["acme_imports_last_hour", status] for status in ("completed", "failed", "cancelled")] == [2, 1, 0]
    outcomes = ("created", "updated", "unchanged", "duplicate", "rejected", "skipped", "superseded")
    assert [figures["acme_rows_last_hour", outcome] for outcome in outcomes] == [2, 0, 1, 0, 1, 0, 0]
    assert figures["acme_rows_running", "created"] == 7
    assert 0 < figures["acme_import_seconds_last_hour", "0.5"] <= figures["acme_import_seconds_last_hour", "1.0"] < 60


def test_queues_are_told_with_their_longest_wait_and_whether_they_have_workers() -> None:
    presence.say_alive(new_cluster(), "acme")
    for minutes in (1, 5, -5):
        OrmQ.objects.create(key="acme", payload="", lock=timezone.now() - timedelta(minutes=minutes))

    figures = scrape()

    assert (figures["acme_queue_running", "acme"], figures["acme_queue_running", "webhooks"]) == (1, 0)
    assert figures["acme_queue_waiting_messages", "acme"] == 2
    assert 300 <= figures["acme_queue_longest_wait_seconds", "acme"] < 310
    assert figures["acme_queue_longest_wait_seconds", "webhooks"] == 0


@pytest.mark.django_db(transaction=True)
def test_recoveries_are_counted_for_a_day() -> None:
    supervisor = Supervisor("acme", patience=1, stop_within=1)
    supervisor.note(Recovery.Kind.CLUSTER_HUNG)
    supervisor.note(Recovery.Kind.CLUSTER_HUNG)
    supervisor.look_after()
    supervisor.look_after()
    Recovery.objects.create(kind=Recovery.Kind.CLUSTER_HUNG, at=timezone.now() - timedelta(hours=25))

    figures = scrape()

    assert figures["acme_recoveries_last_day", "cluster_hung"] == 2
    assert figures["acme_recoveries_last_day", "worker_killed"] == 0


def deliver(delivery: Delivery, *, succeeded: bool, latency_ms: int) -> None:
    """Write what sending it leaves."""
    Attempt.objects.create(
        delivery=delivery,
        endpoint_id=delivery.endpoint_id,
        started_at=timezone.now(),
        latency_ms=latency_ms,
        request_headers={},
        succeeded=succeeded,
    )
    if succeeded:
        Delivery.objects.filter(pk=delivery.pk).update(status="delivered", due_at=None)


def test_deliveries_and_attempts_by_outcome() -> None:
    make_endpoint("https://receiver.example.com/", failing_since=timezone.now())
    first, second, third = emit_one(), emit_one(), emit_one()
    deliver(first, succeeded=True, latency_ms=100)
    deliver(second, succeeded=True, latency_ms=300)
    deliver(third, succeeded=False, latency_ms=2000)
    Delivery.objects.filter(pk=third.pk).update(due_at=timezone.now() - timedelta(minutes=5))
    make_endpoint("https://gone.example.com/", enabled=False)

    figures = scrape()

    assert [figures["acme_endpoints", state] for state in ("healthy", "failing", "disabled")] == [0, 1, 1]
    assert [figures["acme_deliveries_last_hour", status] for status in ("pending", "delivered", "failed")] == [1, 2, 0]
    assert (figures["acme_attempts_last_hour", "succeeded"], figures["acme_attempts_last_hour", "failed"]) == (2, 1)
    assert figures["acme_attempt_seconds_last_hour", "succeeded"] == pytest.approx(0.2)
    assert figures["acme_attempt_seconds_last_hour", "failed"] == pytest.approx(2)
    assert figures["acme_deliveries_waiting",] == 1
    assert 300 <= figures["acme_deliveries_longest_wait_seconds",] < 310


def test_counting_deliveries_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_metrics, "MOST_WAITING", 3)
    monkeypatch.setattr(webhook_metrics, "NEWEST", 2)
    make_endpoint("https://receiver.example.com/")
    for _ in range(6):
        emit_one()

    figures = scrape()

    assert figures["acme_deliveries_waiting",] == 4
    assert figures["acme_deliveries_last_hour", "pending"] == 2


def test_a_full_database_is_asked_no_more_than_an_empty_one() -> None:
    with CaptureQueriesContext(
        connection,
    ) as empty:
        scrape()
    for number in range(5):
        run_import(f"sku,name\nA{number},One\n")
        make_endpoint(f"https://receiver.example.com/{number}", events=["import.failed"] if number else [])
        deliver(emit_one(), succeeded=True, latency_ms=100)
    with CaptureQueriesContext(connection) as full:
        scrape()

    assert len(full) == len(empty) < 25


def test_the_dashboard_for_grafana_shows_every_figure_and_no_other() -> None:
    run_import("sku,name\nA,One\n")
    make_endpoint("https://receiver.example.com/")
    deliver(emit_one(), succeeded=True, latency_ms=100)
    told = {name for name, *_ in scrape()}
    board = json.loads((django_settings.BASE_DIR / "deploy" / "grafana.json").read_text())

    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]

    assert {name for text in expressions for name in re.findall(r"acme_\w+", text)} == told
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert {panel["datasource"]["uid"] for panel in board["panels"]} == {"${source}"}


def test_every_figure_is_documented() -> None:
    run_import("sku,name\nA,One\n")
    make_endpoint("https://receiver.example.com/")
    deliver(emit_one(), succeeded=True, latency_ms=100)
    page = (django_settings.BASE_DIR / "docs" / "running-it.md").read_text()

    assert [name for name, *_ in scrape() if f"`{name}" not in page] == []
