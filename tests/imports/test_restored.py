"""A backup taken in the middle of an import, with the tools that docs/running-it.md names: restored, it resumes.

Also a stop for a new version in the middle of one.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections

from imports import jobs
from imports.models import ImportJob
from imports.options import Options
from products.models import Product
from tests.cluster import WorkerCluster, product_environment, wait_until
from tests.imports.factories import upload, with_progress

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ROWS = 60_000
CONTENT = "sku,name,price\n" + "".join(f"S-{number},Product {number},{number}.50\n" for number in range(ROWS))
KINDS = ("created", "updated", "unchanged", "duplicate", "rejected", "skipped", "superseded")
COUNTS = " + ".join(f"{kind}_rows" for kind in KINDS)


@contextmanager
def workers(**variables: str) -> Iterator[None]:
    """A supervised cluster, which does small chunks so that an import takes a while, and is soon gone when stopped."""
    cluster = WorkerCluster("run_workers", "--stop-within=0.5", IMPORT_CHUNK_ROWS="200", IMPORT_LANES="1", **variables)
    try:
        cluster.start()
        yield
    finally:
        cluster.stop()


def start_import() -> ImportJob:
    return jobs.create(upload(CONTENT), Options())


def is_in_the_middle(job: ImportJob) -> bool:
    return 0 < with_progress(job).processed_rows < ROWS


def postgres_tool(name: str) -> str:
    """The program, in a version that is not older than the server."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        server = int(cursor.fetchone()[0]) // 10000
    found = [shutil.which(name), *map(str, Path(sys.prefix).glob(f"lib/python*/site-packages/*/pginstall*/bin/{name}"))]
    for path in filter(None, found):
        version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.split()[2].partition(".")[0]) == server:
            return path
    pytest.skip(f"There is no {name} of PostgreSQL {server} here.")


@contextmanager
def backup(folder: Path) -> Iterator[Any]:
    """A function that takes a backup, and one that restores it into a new database and returns its URL."""
    if connection.vendor == "sqlite":
        copy = folder / "copy.sqlite3"

        def take() -> None:
            with (
                closing(sqlite3.connect(connection.settings_dict["NAME"])) as source,
                closing(sqlite3.connect(copy)) as to,
            ):
                source.backup(to)

        yield take, lambda: f"sqlite:///{copy}"
        return

    url = urlsplit(product_environment()["DATABASE_URL"])
    other = url._replace(path=f"{url.path}_restored").geturl()
    name, dump = urlsplit(other).path.strip("/"), str(folder / "importer.dump")

    def restore() -> str:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
        subprocess.run([postgres_tool("pg_restore"), "--exit-on-error", f"--dbname={other}", dump], check=True)
        return other

    try:
        command = [postgres_tool("pg_dump"), "--format=custom", f"--file={dump}", f"--dbname={url.geturl()}"]
        yield lambda: subprocess.run(command, check=True), restore
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def ask(url: str, question: str) -> Any:
    """The first value of the first row, from the database at `url`."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            return database.execute(question).fetchone()[0]
    with psycopg.connect(url) as database:
        row = database.execute(question).fetchone()
        assert row
        return row[0]


def test_an_import_of_a_restored_backup_resumes_where_it_was(tmp_path: Path) -> None:
    with backup(tmp_path) as (take, restore):
        with workers():
            job = start_import()
            wait_until(lambda: is_in_the_middle(job))
            take()
        connections.close_all()
        url = restore()
        done = ask(url, f"SELECT sum({COUNTS}) FROM imports_importlane WHERE job_id = {job.pk}")
        assert 0 < done < ROWS
        assert ask(url, "SELECT count(*) FROM products_product") == done, "A backup is of one moment."

        with workers(DATABASE_URL=url):
            state = f"SELECT status FROM imports_importjob WHERE id = {job.pk}"
            wait_until(lambda: ask(url, state) not in ("queued", "running"), seconds=90)

        assert ask(url, state) == "completed"
        assert ask(url, f"SELECT sum({COUNTS}) FROM imports_importlane WHERE job_id = {job.pk}") == ROWS
        assert ask(url, f"SELECT sum(created_rows) FROM imports_importlane WHERE job_id = {job.pk}") == ROWS
        assert ask(url, "SELECT count(*) FROM products_product") == ROWS


def test_a_new_version_takes_over_in_the_middle_of_an_import() -> None:
    with workers():
        job = start_import()
        wait_until(lambda: is_in_the_middle(job))
    # As `manage.py migrate` of the new version does while the web server runs.
    command = [sys.executable, "manage.py", "migrate", "--noinput"]
    subprocess.run(command, cwd=settings.BASE_DIR, env=product_environment(), check=True, capture_output=True)
    assert is_in_the_middle(job)

    with workers():
        wait_until(lambda: ImportJob.objects.get(pk=job.pk).is_over, seconds=60)

    receipt = with_progress(job)
    assert (receipt.status, receipt.created_rows, Product.objects.count()) == ("completed", ROWS, ROWS)
