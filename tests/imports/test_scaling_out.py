"""Several machines import one file: clusters with folders of their own, one PostgreSQL, and the file in a bucket."""

import io
from collections.abc import Iterator

import pytest
from django.db import connection
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from imports.commandline.generator import Recipe, write_products
from imports.models import ImportJob, ImportLane
from products.models import Product
from tests.cluster import WorkerCluster, wait_until
from tests.imports.factories import make_job, run_import, with_progress
from tests.imports.s3server import put_uploads_on_s3, stored_keys
from tests.settings import FOLDER

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# A cluster of two workers has four messages in its hands at most, so there is something left for the other.
LANES = 8


@pytest.fixture
def s3(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite is of one machine.")
    server = put_uploads_on_s3(settings, monkeypatch)
    yield server
    server.stop()


@pytest.fixture
def machines(s3: ThreadedMotoServer) -> Iterator[list[WorkerCluster]]:
    """Two clusters of two workers that share nothing but the database and the bucket."""
    clusters = [
        WorkerCluster(UPLOAD_FOLDER=str(FOLDER / name), IMPORT_LANES=str(LANES), IMPORT_CHUNK_ROWS="1000")
        for name in ("machine-1", "machine-2")
    ]
    try:
        for cluster in clusters:
            cluster.start()
        yield clusters
    finally:
        for cluster in clusters:
            cluster.stop()
            print(cluster.log())


def make_content() -> str:
    """A file with new products, duplicates in other letter case and faulty rows."""
    stream = io.StringIO(newline="")
    write_products(Recipe(rows=40_000, seed=1, duplicates=0.05, bad=0.02), stream)
    return stream.getvalue()


def catalogue() -> list[tuple[object, ...]]:
    columns = ("sku_normalized", "sku", "name", "description", "price", "is_active")
    return list(Product.objects.order_by("sku_normalized").values_list(*columns))


def receipt(job: ImportJob) -> list[int]:
    return [getattr(job, name) for name in ("total_rows", *ImportLane.COUNTS)]


def test_two_machines_make_of_a_file_what_a_serial_import_makes(machines: list[WorkerCluster]) -> None:
    content = make_content()
    serial = run_import(content)
    expected = catalogue()
    Product.objects.all().delete()

    job = make_job(content, queue=True)
    wait_until(lambda: ImportJob.objects.get(pk=job.pk).is_over)

    job = with_progress(job)
    assert (job.status, job.lane_count) == (ImportJob.Status.COMPLETED, LANES)
    assert receipt(job) == receipt(serial)
    assert catalogue() == expected
    task = f"processing advance import {job.pk} 'imports.tasks.advance_lane'"
    slices = [cluster.log().count(task) for cluster in machines]
    assert min(slices) > 0, f"lanes moved by each machine: {slices}"
    assert any(job.stored_as in key for key in stored_keys())
