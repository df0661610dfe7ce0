"""Faults of disks: full when a file arrives, when it is opened, and under SQLite; a file that is gone.

The full disks are in memory.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import connection
from django.test import override_settings

from imports import jobs
from imports.files.space import TOO_LITTLE
from imports.models import ImportJob
from tests.faults.kind import CannotBeDoneError
from tests.faults.loads import begin_one, content_of
from tests.faults.world import World, eventually, kill, wait_for
from tests.settings import FOLDER
from tests.tokens import make_key
from tests.webserver import WebServer

MEGABYTE = 1024**2
# In which an import fails that only people can help: the time to notice a dead worker, and to start another.
PERMANENT_SECONDS = 10.0


@contextmanager
def disk(folder: Path, size: int) -> Iterator[Path]:
    """A file system of `size` bytes in `folder`, and nowhere else."""
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        raise CannotBeDoneError(f"A file system can be mounted by root only: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def enlarge(folder: Path) -> None:
    """Do what an administrator does."""
    subprocess.run(["mount", "-o", "remount,size=1g", folder], check=True)


@contextmanager
def small_upload_folder(world: World) -> Iterator[None]:
    """Uploads are on a disk of two megabytes, all of which may be used."""
    with disk(FOLDER / "small-uploads", 2 * MEGABYTE) as folder:
        storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
        world.variables.update(UPLOAD_FOLDER=str(folder), DISK_RESERVE_MB="0")
        with override_settings(
            UPLOAD_FOLDER=folder, DISK_RESERVE_BYTES=0, STORAGES={**settings.STORAGES, "default": storage}
        ):
            yield


def full_at_upload(world: World) -> float:
    """Files are uploaded that the disk has no room for: each is a 507, and leaves nothing."""
    User.objects.filter(username="uploader").delete()
    key = make_key(User.objects.create_superuser("uploader"))
    web = WebServer(FOLDER, **world.variables, WEB_CONCURRENCY="1")
    try:
        for _ in range(3):
            content = b"sku,name\n" + os.urandom(world.random.randrange(3, 8) * MEGABYTE)
            response = requests.post(
                f"{web.address}/api/uploads/?filename=a.csv",
                content,
                headers={"Authorization": f"Token {key}", "Content-Type": "text/csv"},
                timeout=60,
            )
            assert (response.status_code, response.json()) == (507, {"detail": TOO_LITTLE})
            left = [path for path in settings.UPLOAD_FOLDER.rglob("*") if path.is_file()]
            assert not left, f"A refused upload has left {left}."
    finally:
        web.stop()
    enlarge(settings.UPLOAD_FOLDER)
    return time.monotonic()


def full_at_opening(world: World) -> float:
    """A file has no room to be unpacked; once there is, it is retried."""
    job = begin_one(world, world.rows, packed=gzip.compress(content_of(world.rows, "S")))
    wait_for(lambda: ImportJob.objects.get(pk=job.pk).is_over, 60, "the full disk noticed")
    job.refresh_from_db()
    assert (job.status, job.failure_reason) == (ImportJob.Status.FAILED, TOO_LITTLE)
    enlarge(settings.UPLOAD_FOLDER)
    jobs.retry(job)
    return time.monotonic()


def file_gone(world: World) -> float:
    """A file is gone in mid-import, which fails at once; when it is there again, the import is retried."""
    job = world.expected.imports[0].job
    path = Path(default_storage.path(job.stored_as))
    away = FOLDER / "away"
    path.rename(away)
    # Those who have opened it could go on until their slice ends.
    kill(*world.clusters[0].worker_pids())
    wait_for(lambda: ImportJob.objects.get(pk=job.pk).is_over, PERMANENT_SECONDS, "the missing file noticed")
    job.refresh_from_db()
    assert job.status == ImportJob.Status.FAILED
    assert "file" in job.failure_reason, job.failure_reason
    away.rename(path)
    jobs.retry(job)
    return time.monotonic()


@contextmanager
def small_database_disk(world: World) -> Iterator[None]:
    """The database of SQLite is on a disk with little room for more."""
    before = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    size = Path(before).stat().st_size + world.random.randrange(6, 14) * MEGABYTE
    with disk(FOLDER / "small-database", size) as folder:
        shutil.copy(before, folder / "db.sqlite3")
        connection.settings_dict["NAME"] = str(folder / "db.sqlite3")
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = before


def full_under_sqlite(world: World) -> float:
    """The disk is full in mid-import, for a while; then there is room, and what has failed is retried."""
    job = world.expected.imports[0].job
    folder = Path(connection.settings_dict["NAME"]).parent
    wait_for(lambda: shutil.disk_usage(folder).free < MEGABYTE / 2, 120, "the disk full")
    time.sleep(world.random.uniform(0, 10))
    enlarge(folder)
    room = time.monotonic()
    time.sleep(1)
    job = eventually(lambda: ImportJob.objects.get(pk=job.pk))
    if job.status == ImportJob.Status.FAILED:
        assert job.failure_reason == TOO_LITTLE, job.failure_reason
        jobs.retry(job)
    return room
