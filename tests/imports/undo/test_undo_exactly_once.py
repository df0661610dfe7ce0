"""An undo takes effect once: whatever is delivered twice, is overtaken, dies at any statement, or is killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django_q.models import OrmQ
from pytest_django import Settings

from acme_importer.cluster import identity
from imports import jobs, poison, tasks, waking
from imports.commandline import foreground
from imports.models import ImportJob, ImportLane
from imports.undo import undoing
from imports.undo.run import open_lane
from products import editing
from products.editing import Editor
from products.history import models as history
from products.history.recording import blocks_of
from products.models import Product
from tests.cluster import WorkerCluster, wait_until
from tests.imports import model
from tests.imports.factories import open_without_messages, run_import, with_progress
from tests.imports.short_import import (
    BEFORE,
    CONTENT,
    EXPECTED,
    WRITERS,
    begin_with_the_old_catalogue,
    catalogue,
    claim_for,
    deliver,
    expire_claims,
    small_chunks,  # noqa: F401 - a fixture
    work_off_the_queue,
)
from tests.threads import in_threads

Status = ImportJob.Status

# What `change_since` and the undo leave: what the import changed is as before, but for what was changed since.
LEFT = {
    "p-1": replace(BEFORE["p-1"], price=Decimal(9)),
    "p-2": replace(BEFORE["p-2"], name="Mine"),
    "p-3": replace(EXPECTED.catalogue["p-3"], name="Mine"),
    "p-4": replace(EXPECTED.catalogue["p-4"], price=Decimal(5)),
}
# Of the sixteen products of the import, those and p-5 were changed since.
COUNTS = {"updated": 2, "edited_since": 1, "changed_later": 1, "unchanged": 1, "deleted": 11}


def imported() -> ImportJob:
    """The import of a file with rows of every kind, some of whose products were changed since."""
    begin_with_the_old_catalogue()
    for table in (history.ChangeBlock, history.ChangeSet, history.Farewell, history.Counter):
        table.objects.all().delete()
    job = run_import(CONTENT)
    edit("p-1", price=Decimal(9))
    edit("p-2", name="Mine")
    edit("p-3", name="Mine")
    run_import("sku,price\np-4,5\n")
    editing.delete(Product.objects.get(sku_normalized="p-5"), Editor())
    return job


def edit(sku: str, **values: Any) -> None:
    product = Product.objects.get(sku_normalized=sku)
    for name, value in values.items():
        setattr(product, name, value)
    editing.update(product, list(values), Editor())


def recorded(number: int) -> Counter[str]:
    """How many records the history has of each product by that import or undo."""
    sets = history.ChangeSet.objects.filter(import_number=number).values_list("pk", flat=True)
    return Counter(model.same(sku) for pk in sets for block in blocks_of(pk) for _, sku, _ in block.briefly())


def counts(undo: ImportJob) -> dict[str, int]:
    """The receipt of a completed undo, which adds up to the records of what it undoes."""
    job = with_progress(undo)
    assert job.status == Status.COMPLETED, job.failure_reason
    assert job.undoes_id is not None
    receipt = {name.removesuffix("_rows"): getattr(job, name) for name in ImportLane.COUNTS}
    assert sum(receipt.values()) == job.total_rows == recorded(job.undoes_id).total()
    receipt |= job.lanes.get().skipped_by_reason
    # The rest are earlier records of products that the import wrote several times.
    assert receipt.pop("duplicate") == recorded(job.undoes_id).total() - len(recorded(job.undoes_id))
    assert receipt.pop("skipped") == sum(job.lanes.get().skipped_by_reason.values())
    return {name: count for name, count in receipt.items() if count}


def assert_it_was_undone_once(undo: ImportJob) -> None:
    assert catalogue() == LEFT
    assert counts(undo) == COUNTS
    report = undo.lanes.get().report
    assert (report["fields"], report["in_part"]) == ({"sku": 2, "name": 1}, 1)
    assert set(recorded(undo.pk).values()) == {1}, "What is undone twice is on record twice."
    assert recorded(undo.pk).total() == COUNTS["updated"] + COUNTS["deleted"]


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.usefixtures("small_chunks")
def test_messages_may_be_delivered_many_times(db: None, times: int) -> None:
    job = imported()
    undo = undoing.undo(job)

    work_off_the_queue(times)

    assert_it_was_undone_once(undo)


@pytest.mark.parametrize("lease", [timedelta(seconds=45), timedelta(seconds=-1)], ids=["claimed", "lease expired"])
@pytest.mark.usefixtures("small_chunks")
def test_messages_may_be_delivered_to_two_workers_at_once(
    transactional_db: None, lease: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an expired lease both work on, and only the compare-and-set of the checkpoint keeps them apart."""
    undo = undoing.undo(imported())
    claim_for(lease, monkeypatch)
    opening = OrmQ.objects.get()
    deliver(opening)
    opening.delete()

    def deliver_all() -> None:
        while ImportJob.objects.get(pk=undo.pk).status == Status.RUNNING:
            for message in OrmQ.objects.order_by("pk"):
                deliver(message)
            for lane in ImportLane.objects.filter(job=undo, finished=False):
                tasks.advance_lane(lane.pk)

    assert in_threads(deliver_all, deliver_all) == []
    assert_it_was_undone_once(undo)


class DeathAt:
    """Ends the worker at one statement, the one with this number, as a time-out of Django-Q does: nobody handles it."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise SystemExit
        return execute(sql, params, many, context)


# To die at every statement would take minutes.
STEP = 7


@pytest.mark.slow
@pytest.mark.usefixtures("small_chunks")
def test_a_worker_may_die_at_any_statement(transactional_db: None) -> None:
    """And the next one that takes the undo up, too."""
    deaths = 0
    while True:
        undo = undo_without_messages(imported())
        for _ in range(2):
            death = DeathAt(deaths + 1)
            with connection.execute_wrapper(death), suppress(SystemExit):
                foreground.run(undo, lambda: None)
            expire_claims()
        foreground.run(undo, lambda: None)
        assert_it_was_undone_once(undo)
        if death.left > 0:
            break
        deaths += STEP
    # Four chunks of several statements each.
    assert deaths > 40


def test_an_import_is_not_retried_while_it_is_being_undone(db: None) -> None:
    """The undo would pass over what the import writes then, and take its older changes of the products for done."""
    job = imported()
    ImportJob.objects.filter(pk=job.pk).update(status=Status.CANCELLED)
    undo = undo_without_messages(job)

    with pytest.raises(jobs.WrongStateError, match=f"is being undone, by import {undo.pk}"):
        jobs.retry(job)

    assert ImportJob.objects.get(pk=job.pk).status == Status.CANCELLED


def test_an_undo_that_does_not_get_on_says_where(db: None, settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 5
    undo = undo_without_messages(imported())
    open_without_messages(undo)
    lane = ImportLane.objects.select_related("job").get(job=undo.pk)
    with open_lane(lane) as run:
        assert run.advance()
    ImportLane.objects.update(attempts=poison.MAX_ATTEMPTS)

    tasks.advance_lane(lane.pk)

    assert with_progress(undo).failure_reason.startswith("Stopped 3 times after 5 changes without making progress.")


def undo_without_messages(job: ImportJob) -> ImportJob:
    with waking.no_messages():
        return undoing.undo(job)


PRODUCTS, NEW = 12_000, 3_000
CHUNK_ROWS = 200


@pytest.fixture(params=WRITERS)
def cluster(transactional_db: None, request: pytest.FixtureRequest) -> Iterator[WorkerCluster]:
    """Worker processes with supervisors, which find out who has died and wake what they have left."""
    cluster = WorkerCluster("run_workers", IMPORT_WRITER=request.param, IMPORT_CHUNK_ROWS=str(CHUNK_ROWS))
    yield cluster
    cluster.stop()
    print(cluster.log())


@pytest.mark.slow
def test_workers_killed_twice_in_mid_undo_make_no_difference(cluster: WorkerCluster) -> None:
    run_import("sku,name,price\n" + "".join(f"S-{number},Product {number},1\n" for number in range(PRODUCTS)))
    before = catalogue()
    job = run_import("sku,name,price\n" + "".join(f"s-{number},New,2\n" for number in range(PRODUCTS + NEW)))
    assert (job.updated_rows, job.created_rows) == (PRODUCTS, NEW)
    for number in (0, PRODUCTS // 2, PRODUCTS - 1, PRODUCTS + NEW // 2):
        edit(f"s-{number}", price=Decimal(number))
    run_import(f"sku,name\nS-1,Newer\nS-{PRODUCTS + 1},Newer\n")
    now = catalogue()

    undo = undoing.undo(job)
    cluster.start()
    reached = 0
    for _ in range(2):
        reached = wait_for_progress(undo, beyond=reached)
        cluster.kill_worker(pid_of_holder(undo))
    assert reached < PRODUCTS + NEW, "The undo was through before the workers were killed."
    wait_until(lambda: ImportJob.objects.get(pk=undo.pk).is_over, 120)

    left = before | {
        f"s-{number}": replace(before[f"s-{number}"], price=Decimal(number))
        for number in (0, PRODUCTS // 2, PRODUCTS - 1)
    }
    # The later import has written their SKUs in its own way.
    left["s-1"] = replace(before["s-1"], name="Newer")
    for number in (PRODUCTS + 1, PRODUCTS + NEW // 2):
        left[f"s-{number}"] = now[f"s-{number}"]
    assert catalogue() == left
    assert counts(undo) == {"updated": PRODUCTS, "deleted": NEW - 2, "edited_since": 1, "changed_later": 1}
    assert set(recorded(undo.pk).values()) == {1}
    assert recorded(undo.pk).total() == PRODUCTS + NEW - 2


def pid_of_holder(undo: ImportJob) -> int:
    """The worker process that has claimed the lane."""
    claimed_by = ""

    def is_claimed() -> str:
        nonlocal claimed_by
        claimed_by = undo.lanes.get().claimed_by
        return claimed_by

    wait_until(is_claimed)
    return int(claimed_by[identity.CLUSTER_LENGTH :], 16)


def wait_for_progress(undo: ImportJob, *, beyond: int) -> int:
    """Wait until chunks were committed since; returns how many of its rows have been processed."""
    processed = beyond

    def has_got_on() -> bool:
        nonlocal processed
        processed = with_progress(undo).processed_rows
        return processed > beyond

    wait_until(has_got_on, 60)
    return processed
