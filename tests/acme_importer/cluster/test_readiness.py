"""/healthz and /readyz: what is found, what is told, and that probes cost and block nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from acme_importer.cluster import presence, readiness
from acme_importer.cluster.identity import new_cluster
from acme_importer.cluster.models import RunningCluster

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def new_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No finding of another test."""
    monkeypatch.setattr(readiness, "findings", readiness.Findings())


@pytest.fixture
def running_workers(db: None) -> None:
    """Workers of each queue, whose supervisors have just said that they are alive."""
    for queue in ("acme", "webhooks"):
        presence.say_alive(new_cluster(), queue)


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """What a hanging check waits for, which happens at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def probe(query: str = "") -> tuple[int, dict]:
    response = Client().get(f"/readyz{query}")
    return response.status_code, response.json()


@pytest.mark.usefixtures("running_workers")
def test_all_is_well() -> None:
    idle = {"running": True, "waiting": 0, "longest_wait_seconds": 0}

    assert probe() == (
        200,
        {
            "status": "ready",
            "checks": {
                "database": {"ok": True},
                "migrations": {"ok": True},
                "storage": {"ok": True},
                "workers": {"ok": True, "queues": {"acme": idle, "webhooks": idle}},
            },
        },
    )


def test_the_liveness_check_asks_nobody(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        response = Client().get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.usefixtures("running_workers")
def test_a_database_that_is_away_is_told_without_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise OperationalError("connection to server at secret.example.com failed")

    monkeypatch.setattr(BaseDatabaseWrapper, "cursor", refuse)
    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["database"] == {"ok": False, "problem": "failed, see the log"}
    assert b"secret" not in response.content
    assert Client().get("/healthz").status_code == 200


@pytest.mark.usefixtures("running_workers")
def test_a_migration_that_is_missing_is_told() -> None:
    MigrationRecorder(connection).record_unapplied("imports", "0001_initial")
    try:
        status, found = probe()
    finally:
        MigrationRecorder(connection).record_applied("imports", "0001_initial")

    assert (status, found["checks"]["migrations"]) == (503, {"ok": False, "problem": "not applied"})


@pytest.mark.usefixtures("running_workers")
def test_a_folder_that_cannot_be_written_is_told(settings: Settings, tmp_path: Path) -> None:
    settings.UPLOAD_FOLDER = tmp_path / "file"
    settings.UPLOAD_FOLDER.write_text("no folder")

    status, found = probe()

    assert (status, found["checks"]["storage"]["ok"]) == (503, False)
    assert str(tmp_path) not in str(found)


@pytest.mark.parametrize("queue", ["acme", "webhooks"])
@pytest.mark.usefixtures("running_workers")
def test_workers_that_are_not_running_are_told_by_their_queue(queue: str) -> None:
    RunningCluster.objects.filter(queue=queue).update(seen_at=timezone.now() - timedelta(seconds=30))

    status, found = probe()

    queues = found["checks"]["workers"]["queues"]
    assert (status, {name for name, state in queues.items() if not state["running"]}) == (503, {queue})


@pytest.mark.usefixtures("running_workers")
def test_the_age_of_the_oldest_due_message_is_told() -> None:
    for minutes in (1, 5, -5):
        OrmQ.objects.create(key="acme", payload="", lock=timezone.now() - timedelta(minutes=minutes))

    queue = probe()[1]["checks"]["workers"]["queues"]["acme"]

    assert queue["waiting"] == 2
    assert 300 <= queue["longest_wait_seconds"] < 310


def test_a_load_balancer_may_leave_out_the_workers() -> None:
    status, found = probe("?exclude=workers")

    assert (status, found["status"]) == (200, "ready")
    assert "workers" not in found["checks"]
    assert probe("?exclude=wokers")[0] == 400


def test_a_check_that_hangs_is_told_in_time_and_not_started_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, hanging: threading.Event
) -> None:
    monkeypatch.setattr(readiness, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(readiness, "FRESH_SECONDS", 0)
    monkeypatch.setattr(readiness, "check_database", hanging.wait)
    settings.READINESS_CHECKS = {"database": "acme_importer.cluster.readiness.check_database"}
    before = threading.active_count()
    start = time.monotonic()

    found = [probe() for _ in range(3)]

    assert time.monotonic() - start < 2
    assert (
        found == [(503, {"status": "not ready", "checks": {"database": {"ok": False, "problem": "no response"}}})] * 3
    )
    assert threading.active_count() == before + 1


@pytest.mark.usefixtures("running_workers")
def test_a_flood_of_probes_looks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "FRESH_SECONDS", 60)
    looks = []
    check = readiness.check_database

    def look() -> readiness.Finding:
        looks.append(1)
        return check()

    monkeypatch.setattr(readiness, "check_database", look)

    assert {probe()[0] for _ in range(50)} == {200}
    assert len(looks) == 1
    connections.close_all()
