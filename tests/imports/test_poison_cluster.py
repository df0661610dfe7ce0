"""Rows that kill the workers of a real cluster: each is found and rejected, and all others go in."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.db import connection

from imports.models import ImportJob
from products.models import Product
from tests.cluster import WorkerCluster, is_running
from tests.imports.factories import make_job, with_progress
from tests.imports.short_import import wake_the_stalled

pytestmark = pytest.mark.slow

ROWS = 2_000
DEADLY = (7, 1_234)
CHUNK_ROWS = 200
WRITERS = ["bulk_create", "copy"] if connection.vendor == "postgresql" else ["bulk_create"]


@pytest.fixture(params=WRITERS)
def deadly_cluster(transactional_db: None, request: pytest.FixtureRequest) -> Iterator[WorkerCluster]:
    cluster = WorkerCluster(
        DJANGO_SETTINGS_MODULE="tests.deadly_settings",
        IMPORT_WRITER=request.param,
        IMPORT_CHUNK_ROWS=str(CHUNK_ROWS),
    )
    cluster.start()
    yield cluster
    cluster.stop()
    print(cluster.log())


def test_rows_that_kill_the_workers_are_rejected_and_all_others_go_in(deadly_cluster: WorkerCluster) -> None:
    names = ["DEADLY" if number in DEADLY else f"Product {number}" for number in range(ROWS)]
    content = "sku,name\n" + "".join(f"S{number},{name}\n" for number, name in enumerate(names))
    job = make_job(content, queue=True)
    deadline = time.monotonic() + 150
    killed: set[int] = set()
    alive: set[int] = set()
    while not ImportJob.objects.get(pk=job.pk).is_over:
        assert time.monotonic() < deadline, with_progress(job)
        alive |= set(deadly_cluster.worker_pids())
        if dead := {pid for pid in alive - killed if not is_running(pid)}:
            # As a supervisor does.
            killed |= dead
            wake_the_stalled()
        time.sleep(0.1)
    job = with_progress(job)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    assert (job.total_rows, job.created_rows, job.rejected_rows) == (ROWS, ROWS - len(DEADLY), len(DEADLY))
    assert list(job.rejected.values_list("line", "code")) == [(number + 2, "worker_died") for number in DEADLY]
    assert all("died at this row, 3 times" in row.faults[0]["reason"] for row in job.rejected.all())
    assert Product.objects.count() == ROWS - len(DEADLY)
    assert not Product.objects.filter(name="DEADLY").exists()
    # 200 rows are halved 8 times.
    assert len(killed) <= len(DEADLY) * 12
