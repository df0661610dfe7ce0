"""Imports of files with the same SKUs, whatever runs first or longer, end as if they had run in the order of upload."""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from hypothesis import HealthCheck, event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from imports import jobs
from imports.models import ImportJob, ImportLane
from imports.pipeline import open_lane
from products.history.models import ChangeSet
from products.history.recording import blocks_of
from products.models import Product
from tests.cluster import WorkerCluster, wait_until
from tests.imports import model
from tests.imports.factories import make_job, open_without_messages, retry_without_messages, with_progress
from tests.imports.short_import import COLUMNS, WRITERS, catalogue
from tests.threads import in_threads

Row = tuple[str, str, str]
on_postgresql = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time.")

# Few SKUs and values: so many rows are of products that are in all files, and many find them as they should be.
ROWS = st.lists(
    st.tuples(st.sampled_from(["A", "B", "b", "C", "D", "E", "F"]), st.sampled_from(["1", "2"]), st.just("")),
    min_size=1,
    max_size=14,
)


@dataclass(frozen=True)
class Way:
    """How an import runs beside the others."""

    lanes: int
    # After how many of the steps of all imports this one is cancelled, and retried when the others are over.
    cancelled_after: int | None


WAYS = st.builds(Way, lanes=st.integers(1, 3), cancelled_after=st.none() | st.integers(0, 12))


def in_csv(rows: list[Row]) -> str:
    return "sku,name,price\n" + "".join(",".join(row) + "\n" for row in rows)


def in_upload_order(files: list[list[Row]], before: dict[str, model.Item]) -> dict[str, model.Item]:
    """The catalogue that the files leave if one is imported after the other."""
    for rows in files:
        numbered = [(line, list(row)) for line, row in enumerate(rows, 2)]
        before = model.read_serially(COLUMNS, numbered, before).catalogue
    return before


def step_by_step(files: list[list[Row]], ways: list[Way], order: int) -> list[ImportJob]:
    """Import the files chunk by chunk in a random order; the jobs with their receipts."""
    imports = [make_job(in_csv(rows)) for rows in files]
    for job, way in zip(imports, ways, strict=False):
        open_without_messages(job, lanes=way.lanes)
    ends = {job.pk: way.cancelled_after for job, way in zip(imports, ways, strict=False)}
    choose, steps = random.Random(order).choice, 0
    with ExitStack() as opened:
        lanes = ImportLane.objects.select_related("job").filter(job__in=imports).order_by("pk")
        runs = [opened.enter_context(open_lane(lane)) for lane in lanes]
        while runs:
            for job in imports:
                if ends[job.pk] == steps and any(run.lane.job_id == job.pk for run in runs):
                    jobs.cancel(job)
                    runs = [run for run in runs if run.lane.job_id != job.pk]
            if runs and not (run := choose(runs)).advance():
                runs.remove(run)
            steps += 1
    for job in ImportJob.objects.filter(status=ImportJob.Status.CANCELLED).order_by("?"):
        event("an import is retried")
        retry_without_messages(job)
        for lane in ImportLane.objects.select_related("job").filter(job=job, finished=False):
            with open_lane(lane) as run:
                while run.advance():
                    pass
    return [with_progress(job) for job in imports]


def assert_they_add_up(imports: list[ImportJob], products_before: int) -> None:
    for job in imports:
        assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
        assert job.total_rows == sum(getattr(job, name) for name in ImportLane.COUNTS)
        sets = ChangeSet.objects.filter(import_number=job.pk)
        assert sum(sets.values_list("created", flat=True)) == job.created_rows
    assert sum(job.created_rows for job in imports) == Product.objects.count() - products_before


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("writer", WRITERS)
@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    before=ROWS,
    files=st.lists(ROWS, min_size=2, max_size=3),
    ways=st.tuples(WAYS, WAYS, WAYS),
    chunk_rows=st.sampled_from([1, 2, 5]),
    order=st.integers(0, 10_000),
)
def test_in_any_order_they_give_what_the_order_of_upload_gives(
    writer: str, before: list[Row], files: list[list[Row]], ways: tuple[Way, ...], *, chunk_rows: int, order: int
) -> None:
    ImportJob.objects.all().delete()
    Product.objects.all().delete()
    there = in_upload_order([before], {})
    for item in there.values():
        Product.objects.create(sku=item.sku, name=item.name)
    with override_settings(IMPORT_CHUNK_ROWS=chunk_rows, IMPORT_WRITER=writer):
        imports = step_by_step(files, list(ways), order)
    assert catalogue() == in_upload_order(files, there)
    assert_they_add_up(imports, len(there))
    if any(job.superseded_rows for job in imports):
        event("some rows are superseded")
    if Product.objects.exclude(checked_import=None).exists():
        event("some products were as they should be")


def shuffled_files(skus: int, seed: int) -> list[list[Row]]:
    """Three files with most SKUs in common, and many of the values: in one order, in another, and in the reverse."""
    randomly = random.Random(seed)
    names = ["Chair", "Sofa", "Table"]
    files = [
        [(f"S-{number:05}", randomly.choice(names), "") for number in range(start, start + skus)]
        for start in (0, skus // 10, skus // 5)
    ]
    randomly.shuffle(files[1])
    files[2].reverse()
    return files


@on_postgresql
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("seed", range(3))
def test_at_the_same_time_nothing_is_lost_counted_twice_or_deadlocked(writer: str, seed: int) -> None:
    files = shuffled_files(1500, seed)
    before = in_upload_order([files[0][::3]], {})
    Product.objects.bulk_create(
        Product(sku=item.sku, sku_normalized=sku, name=item.name) for sku, item in before.items()
    )
    imports = [make_job(in_csv(rows)) for rows in files]
    with override_settings(IMPORT_CHUNK_ROWS=60, IMPORT_WRITER=writer):
        for job in imports:
            open_without_messages(job, lanes=2)
        lanes = list(ImportLane.objects.select_related("job").filter(job__in=imports))
        # A deadlock would be raised.
        assert in_threads(*[lambda lane=lane: take_to_its_end(lane) for lane in lanes]) == []
    imports = [with_progress(job) for job in imports]
    assert catalogue() == in_upload_order(files, before)
    assert_they_add_up(imports, len(before))
    assert imports[0].superseded_rows + imports[1].superseded_rows > 0
    assert_history_gives_the_catalogue(before)


def take_to_its_end(lane: ImportLane) -> None:
    with open_lane(lane) as run:
        while run.advance():
            pass


def assert_history_gives_the_catalogue(before: dict[str, model.Item]) -> None:
    """Replayed in the order of the commits, the records lead there, each from where the one before has left it."""
    names: dict[str, Any] = {sku: item.name for sku, item in before.items()}
    for number in ChangeSet.objects.order_by("number").values_list("pk", flat=True):
        for record in chain.from_iterable(blocks_of(number)):
            sku = record.sku.casefold()
            if record.kind == "changed":
                assert names[sku] == record.before.get("name", names[sku])
            else:
                assert sku not in names
            names[sku] = record.after.get("name", names.get(sku))
    assert names == dict(Product.objects.values_list("sku_normalized", "name"))


@on_postgresql
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("writer", WRITERS)
def test_two_clusters_of_workers_bring_in_what_was_uploaded_last(writer: str) -> None:
    files = shuffled_files(6000, seed=7)
    clusters = [WorkerCluster(IMPORT_LANES="2", IMPORT_CHUNK_ROWS="200", IMPORT_WRITER=writer) for _ in range(2)]
    imports = [make_job(in_csv(rows), queue=True) for rows in files]
    try:
        for cluster in clusters:
            cluster.start()
        wait_until(lambda: not ImportJob.objects.filter(status__in=("queued", "running")).exists(), seconds=120)
    finally:
        for cluster in clusters:
            cluster.stop()
    log = "".join(cluster.log() for cluster in clusters)
    imports = [with_progress(job) for job in imports]
    assert catalogue() == in_upload_order(files, {})
    assert_they_add_up(imports, 0)
    assert_history_gives_the_catalogue({})
    assert "deadlock" not in log
