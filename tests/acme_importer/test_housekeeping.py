"""Sessions that have expired, failed tasks and recoveries of long ago are deleted every hour."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule, Task

from acme_importer import batches, housekeeping
from acme_importer.cluster import pruning
from acme_importer.cluster.models import Recovery

pytestmark = pytest.mark.django_db

DAYS = (0, 29, 31, 400)


def fail_a_task(days: int) -> None:
    """Leave what a task leaves that failed so long ago."""
    moment = timezone.now() - timedelta(days=days)
    Task.objects.create(
        id=f"{days:032}", name=f"{days}", func="math.sqrt", started=moment, stopped=moment, success=False
    )


def test_failed_tasks_and_recoveries_are_kept_for_thirty_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 1)
    for days in DAYS:
        fail_a_task(days)
        Recovery.objects.create(kind=Recovery.Kind.WORKER_KILLED, at=timezone.now() - timedelta(days=days))

    housekeeping.prune()

    assert set(Task.objects.values_list("name", flat=True)) == {"0", "29"}
    assert Recovery.objects.count() == 2


def test_it_takes_no_longer_than_it_may() -> None:
    fail_a_task(400)

    assert pruning.delete_old(seconds=0) == 0
    assert Task.objects.count() == 1


def test_expired_sessions_are_deleted_and_others_stay(admin_client: Client) -> None:
    admin_client.get("/admin/")
    Session.objects.create(session_key="expired", session_data="", expire_date=timezone.now() - timedelta(minutes=1))

    housekeeping.prune()

    assert Session.objects.exists()
    assert not Session.objects.filter(session_key="expired").exists()
    assert admin_client.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    "function",
    [
        "acme_importer.audit.tasks.prune",
        "acme_importer.housekeeping.prune",
        "imports.tasks.delete_old_files",
        "imports.tasks.delete_old_rejected_rows",
        "webhooks.tasks.prune",
    ],
)
def test_whatever_grows_is_pruned_every_hour(function: str) -> None:
    assert Schedule.objects.get(func=function).minutes == 60
