"""A chunk of an undo takes effect once: whatever is delivered twice, dies, comes late, or is cancelled and retried."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django_q.models import OrmQ
from pytest_django import Settings

from imports import jobs, models, pipeline, tasks
from imports.models import ImportJob, ImportLane
from imports.undo import undoing
from products import editing
from products.editing import Editor
from products.models import Product
from tests.cluster import WorkerCluster, wait_until
from tests.imports.factories import run_import, with_progress
from tests.imports.short_import import (
    CONTENT,
    begin_with_the_old_catalogue,
    deliver,
    die_at,
    small_chunks,  # noqa: F401 - a fixture
    wake_the_stalled,
    work_off_the_queue,
)
from tests.imports.undo.undone import delete, edit, table, told, undo
from tests.threads import in_threads


def make_undo() -> ImportJob:
    """The undo, waiting for workers, of an import with duplicates after which products were edited and deleted."""
    begin_with_the_old_catalogue()
    run_import(CONTENT.replace("Product", "Former product"))
    job = run_import(CONTENT + "p-new,New,1\np-other,New,2\nP-NEW,Newer,2\n")
    edit("p-new", price=Decimal(3))
    edit("p-2", name="Edited")
    run_import("sku,name\np-4,Later\n")
    delete("p-5")
    editing.create(Product(sku="p-5", name="Created anew"), Editor())
    return undoing.undo(job)


def undisturbed() -> tuple[dict[str, Any], dict[str, Any]]:
    """What an undo leaves and tells that nothing happens to."""
    job = make_undo()
    work_off_the_queue()
    return table(), told(job)


@pytest.mark.usefixtures("db", "small_chunks")
@pytest.mark.parametrize("times", [2, 3])
def test_messages_may_be_delivered_many_times(times: int) -> None:
    expected = undisturbed()
    assert {name for name in ("restored", "deleted", "edited_since", "changed_later") if expected[1][name]} == {
        "restored",
        "deleted",
        "edited_since",
        "changed_later",
    }
    assert expected[1]["duplicate_rows"] > 0
    job = make_undo()
    work_off_the_queue(times)
    assert (table(), told(job)) == expected


@pytest.mark.usefixtures("db", "small_chunks")
def test_a_worker_may_die_before_every_chunk() -> None:
    expected = undisturbed()
    job = make_undo()
    deliver(OrmQ.objects.get())
    deaths = 0
    while lane := ImportLane.objects.filter(job=job, finished=False).first():
        die_at(lane)
        deaths += 1
        OrmQ.objects.all().delete()
        wake_the_stalled()
        deliver(OrmQ.objects.first())  # type: ignore[arg-type]
    assert deaths > 3
    assert (table(), told(job)) == expected


@pytest.mark.usefixtures("transactional_db", "small_chunks")
@pytest.mark.parametrize("lease", [timedelta(seconds=45), timedelta(seconds=-1)], ids=["claimed", "lease expired"])
def test_messages_may_be_delivered_to_workers_at_once(lease: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = undisturbed()
    monkeypatch.setattr(models, "LEASE", lease)
    monkeypatch.setattr(pipeline, "LEASE", lease)
    job = make_undo()
    deliver(OrmQ.objects.get())

    def deliver_all() -> None:
        while ImportJob.objects.get(pk=job.pk).status == ImportJob.Status.RUNNING:
            for lane in ImportLane.objects.filter(job=job, finished=False):
                tasks.advance_lane(lane.pk)

    assert in_threads(deliver_all, deliver_all, deliver_all) == []
    assert (table(), told(job)) == expected


@pytest.mark.usefixtures("db", "small_chunks")
def test_an_undo_that_is_cancelled_in_the_middle_goes_on_where_it_was(settings: Settings) -> None:
    expected = undisturbed()
    job = make_undo()
    for _ in range(4):
        message = OrmQ.objects.order_by("pk").first()
        assert message is not None
        deliver(message)
        message.delete()
    jobs.cancel(job)
    assert 0 < with_progress(job).processed_rows < sum(expected[1][name] for name in ImportLane.COUNTS)
    # A chunk that was under way finds its job cancelled.
    between = table()
    work_off_the_queue()
    assert table() == between
    jobs.retry(ImportJob.objects.get(pk=job.pk))
    work_off_the_queue()
    assert (table(), told(job)) == expected


@pytest.mark.slow
@pytest.mark.usefixtures("transactional_db")
def test_a_cluster_may_lose_its_worker_twice_in_mid_undo() -> None:
    rows = 20_000
    before = "".join(f"S{number},Product {number},{number % 90}\n" for number in range(0, rows, 2))
    run_import(f"sku,name,price\n{before}")
    as_it_was = table()
    changed = "".join(f"s{number},Other product {number},{number % 80}\n" for number in range(rows))
    job = run_import(f"sku,name,price\n{changed}")
    expected = told(undo(job, preview=True))
    cluster = WorkerCluster(IMPORT_CHUNK_ROWS="200")
    cluster.start()
    try:
        undoing_job = undoing.undo(job)
        reached = 0
        for _ in range(2):
            wait_until(lambda: with_progress(undoing_job).processed_rows > reached)  # noqa: B023 - called here
            cluster.kill_worker(cluster.busy_worker_pid())
            reached = with_progress(undoing_job).processed_rows
            assert reached < rows
            wake_the_stalled()
        wait_until(lambda: ImportJob.objects.get(pk=undoing_job.pk).is_over, 60)
    finally:
        cluster.stop()
    assert told(undoing_job) == expected
    assert table() == as_it_was
    assert told(undo(undoing_job))["created_again"] == rows // 2
