"""Rows that kill the workers of a real cluster: each is found and rejected, and all others go in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imports.models import ImportJob
from products.models import Product
from tests.cluster import WorkerCluster, wait_until
from tests.imports.factories import make_job, with_progress
from tests.imports.short_import import WRITERS

pytestmark = pytest.mark.slow

ROWS = 2_000
DEADLY = (7, 1_234)
CHUNK_ROWS = 200


@pytest.fixture(params=WRITERS)
def deadly_cluster(transactional_db: None, request: pytest.FixtureRequest) -> Iterator[WorkerCluster]:
    cluster = WorkerCluster(
        "run_workers",
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
    wait_until(lambda: ImportJob.objects.get(pk=job.pk).is_over, 180)
    job = with_progress(job)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    assert (job.total_rows, job.created_rows, job.rejected_rows) == (ROWS, ROWS - len(DEADLY), len(DEADLY))
    assert list(job.rejected.values_list("line", "code")) == [(number + 2, "worker_died") for number in DEADLY]
    assert all("died at this row, 3 times" in row.faults[0]["reason"] for row in job.rejected.all())
    assert Product.objects.count() == ROWS - len(DEADLY)
    assert not Product.objects.filter(name="DEADLY").exists()
    # 200 rows are halved 8 times.
    deaths = deadly_cluster.log().count("DEADLY: killing")
    assert 0 < deaths <= len(DEADLY) * 12
