"""The disk is full, or nearly: uploads are a 507 with a sentence, imports fail and can be retried, nothing is left."""

from __future__ import annotations

import errno
import gzip
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings as product_settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.db.transaction import TransactionManagementError
from django.test import Client
from moto.server import ThreadedMotoServer
from pytest_django import Settings
from rest_framework.test import APIClient

from imports import drafts, jobs, tasks
from imports.files import local_copies, space
from imports.files.incoming import IncomingFile, delete_abandoned_uploads
from imports.files.upload_handler import receive
from imports.models import Draft, ImportJob, ImportLane
from imports.writing.bulk_create import BulkCreateWriter
from tests.cluster import product_environment, wait_until
from tests.imports.factories import make_job, open_without_messages, retry_without_messages, run_import, upload
from tests.imports.s3server import put_uploads_on_s3, stored_keys
from tests.products.factories import client_of, make_user

Status = ImportJob.Status
CSV = "sku,name\nA1,Chair\n"
UPLOADS = "/api/uploads/?filename=a.csv"
PAGE = "/admin/imports/importjob/upload/"
MEGABYTE = 1024**2
TOO_MUCH = b"sku,name\n" + b"A1,Chair\n" * (3 * MEGABYTE // 9)

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(anna: User) -> APIClient:
    return client_of(anna)


@pytest.fixture
def page(anna: User, client: Client) -> Client:
    client.force_login(anna)
    return client


@pytest.fixture
def small_disk(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """An upload folder on a file system of its own, of two megabytes, all of which may be used."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"A file system can be mounted by root only: {mounted.stderr.decode().strip()}")
    put_uploads_into(folder, settings)
    settings.DISK_RESERVE_BYTES = 0
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def short_files(settings: Settings, tmp_path: Path, transactional_db: None) -> Iterator[Path]:
    """Files of this process end at two megabytes: as a full disk does, that shows only in mid-write."""
    if connection.vendor == "sqlite":
        size = max(path.stat().st_size for path in Path(connection.settings_dict["NAME"]).parent.glob("*.sqlite3*"))
    else:
        size = 0
    put_uploads_into(tmp_path, settings)
    settings.DISK_RESERVE_BYTES = 0
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max(size + MEGABYTE, 2 * MEGABYTE), limits[1]))
    yield tmp_path
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def put_uploads_into(folder: Path, settings: Settings) -> None:
    settings.UPLOAD_FOLDER = folder
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
    settings.STORAGES = {**settings.STORAGES, "default": storage}


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Let the disk have `size` bytes free."""
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=size))


def send_every_way(api: APIClient, page: Client, content: bytes) -> list[Any]:
    """The responses to an upload by the API, as a body and as a form, and by the page, with its script and without."""
    return [
        api.post(UPLOADS, content, content_type="text/csv"),
        api.post(UPLOADS, {"file": SimpleUploadedFile("a.csv", content)}, format="multipart"),
        page.post(PAGE, {"file": SimpleUploadedFile("a.csv", content)}, headers={"Accept": "application/json"}),
        page.post(PAGE, {"file": SimpleUploadedFile("a.csv", content)}, headers={"Accept": "text/html"}),
    ]


def assert_all_say_that_the_disk_is_full(responses: list[Any]) -> None:
    assert [response.status_code for response in responses] == [507] * 4
    body, form, script, html = responses
    assert body.json() == form.json() == {"detail": space.TOO_LITTLE}
    assert script.json() == {"error": space.TOO_LITTLE}
    assert "text/html" in html["Content-Type"]
    assert "too little free disk space" in html.content.decode()
    assert not ImportJob.objects.exists()
    assert not Draft.objects.exists()


def test_an_upload_that_would_use_up_the_reserve_is_refused(
    api: APIClient, page: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, upload_folder: Path
) -> None:
    settings.DISK_RESERVE_BYTES = 100 * MEGABYTE
    free(monkeypatch, 102 * MEGABYTE)

    assert_all_say_that_the_disk_is_full(send_every_way(api, page, TOO_MUCH))

    assert not files_in(upload_folder)
    assert api.post(UPLOADS, TOO_MUCH[:MEGABYTE], content_type="text/csv").status_code == 202


def test_it_is_refused_before_its_body_is_read(
    api: APIClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, settings.DISK_RESERVE_BYTES)

    class Unread:
        def read(self, *_: object) -> bytes:
            raise AssertionError("The body was read.")

        readline = read

    unread: dict[str, Any] = {"wsgi.input": Unread()}
    assert api.post(UPLOADS, b"x", content_type="text/csv", **unread).status_code == 507
    assert api.post(UPLOADS, b"x", content_type="multipart/form-data; boundary=x", **unread).status_code == 507


def test_while_others_fill_the_disk_an_upload_stops_at_the_reserve(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, upload_folder: Path
) -> None:
    def blocks() -> Iterator[bytes]:
        yield b"sku,name\n"
        free(monkeypatch, settings.DISK_RESERVE_BYTES)
        yield b"A1,Chair\n"

    with pytest.raises(space.DiskFullError):
        receive(blocks(), "a.csv")

    assert not files_in(upload_folder)


def test_a_disk_that_is_full_all_the_same_is_a_507_and_leaves_nothing(
    small_disk: Path, api: APIClient, page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if the space had been taken in this moment: nothing is known before the write fails.
    monkeypatch.setattr(space, "check", lambda _=0: None)

    assert_all_say_that_the_disk_is_full(send_every_way(api, page, TOO_MUCH))

    assert not files_in(small_disk)
    assert api.post(UPLOADS, CSV.encode(), content_type="text/csv").status_code == 202


@pytest.mark.django_db(transaction=True)
def test_so_is_a_write_that_fails_in_mid_file(short_files: Path, api: APIClient, page: Client) -> None:
    # The limit is above the database, which other tests may have made large.
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    content = TOO_MUCH * (limit // len(TOO_MUCH) + 1)

    assert_all_say_that_the_disk_is_full(send_every_way(api, page, content))

    assert not files_in(short_files)


def test_a_full_database_is_a_507_and_leaves_nothing(
    api: APIClient, page: Client, monkeypatch: pytest.MonkeyPatch, upload_folder: Path
) -> None:
    cause = sqlite3.OperationalError("database or disk is full")
    cause.sqlite_errorcode = sqlite3.SQLITE_FULL

    def fail(**_: object) -> None:
        raise OperationalError("database or disk is full") from cause

    monkeypatch.setattr(ImportJob.objects, "create", fail)
    monkeypatch.setattr(Draft.objects, "create", fail)

    assert_all_say_that_the_disk_is_full(send_every_way(api, page, CSV.encode()))

    assert not files_in(upload_folder)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's disk is not this one.")
@pytest.mark.django_db(transaction=True)
def test_so_is_one_that_really_is_full(api: APIClient, upload_folder: Path) -> None:
    with connection.cursor() as cursor:
        # Pages that other tests have freed would take what comes.
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA page_count")
        [pages] = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        try:
            responses = [api.post(UPLOADS, CSV.encode(), content_type="text/csv") for _ in range(200)]
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    statuses = {response.status_code for response in responses}
    assert statuses == {202, 507}
    assert len(files_in(upload_folder)) == ImportJob.objects.count()


def test_a_file_that_has_no_room_to_be_unpacked_fails_with_a_sentence_and_is_retried(
    small_disk: Path, anna: User, page: Client
) -> None:
    job = make_job(gzip.compress(TOO_MUCH), filename="a.csv.gz", user=anna)
    before = files_in(small_disk)

    open_without_messages(job)

    job.refresh_from_db()
    assert (job.status, job.failure_reason) == (Status.FAILED, space.TOO_LITTLE)
    assert files_in(small_disk) == before
    shown = page.get(f"/admin/imports/importjob/{job.pk}/change/").content.decode()
    assert "too little free disk space" in shown
    assert "Once the cause is fixed, retry it" in shown

    subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
    retry_without_messages(job)
    open_without_messages(job)
    job.refresh_from_db()
    assert job.status == Status.RUNNING


def test_unpacking_stops_at_the_reserve(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, upload_folder: Path
) -> None:
    job = make_job(gzip.compress(TOO_MUCH), filename="a.csv.gz")
    before = files_in(upload_folder)
    free(monkeypatch, settings.DISK_RESERVE_BYTES)

    open_without_messages(job)

    job.refresh_from_db()
    assert (job.status, job.failure_reason) == (Status.FAILED, space.TOO_LITTLE)
    assert files_in(upload_folder) == before


def test_a_preview_without_room_for_its_excerpt_is_shown_all_the_same(
    anna: User, page: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = drafts.create(upload(gzip.compress(CSV.encode()), "a.csv.gz"), anna)
    free(monkeypatch, settings.DISK_RESERVE_BYTES)

    response = page.get(f"{PAGE}{draft.pk}/")

    assert response.status_code == 200
    assert "Chair" in response.content.decode()


@pytest.mark.any_database  # the error is one of SQLite
def test_a_chunk_on_a_full_disk_fails_the_job_and_the_retry_resumes(monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(CSV)
    open_without_messages(job)
    lane = ImportLane.objects.get()
    cause = sqlite3.OperationalError("database or disk is full")
    cause.sqlite_errorcode = sqlite3.SQLITE_FULL

    def fail(*_: object) -> None:
        raise OperationalError("database or disk is full") from cause

    with monkeypatch.context() as full:
        full.setattr(BulkCreateWriter, "write", fail)
        with pytest.raises(OperationalError):
            tasks.advance_lane(lane.pk)

    job.refresh_from_db()
    assert (job.status, job.failure_reason) == (Status.FAILED, space.TOO_LITTLE)
    jobs.retry(job)
    tasks.advance_lane(lane.pk)
    job.refresh_from_db()
    assert job.status == Status.COMPLETED


def test_a_copy_from_a_bucket_without_room_fails_the_job_and_takes_no_space(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server: ThreadedMotoServer = put_uploads_on_s3(settings, monkeypatch)
    try:
        settings.UPLOAD_FOLDER = tmp_path
        job = make_job(TOO_MUCH)
        kept = stored_keys()
        real = space.check
        checked: list[int] = []

        def fill_up(size: int = 0) -> None:
            checked.append(size)
            if len(checked) > 2:
                raise space.DiskFullError
            real(size)

        with monkeypatch.context() as filling:
            filling.setattr(space, "check", fill_up)
            open_without_messages(job)

        job.refresh_from_db()
        assert (job.status, job.failure_reason) == (Status.FAILED, space.TOO_LITTLE)
        assert sum(path.stat().st_size for path in files_in(tmp_path)) == 0
        assert stored_keys() == kept
        retry_without_messages(job)
        open_without_messages(job)
        job.refresh_from_db()
        assert job.status == Status.RUNNING
        local_copies.delete_copy(job.stored_as)
    finally:
        server.stop()


def test_a_workbook_of_rejected_rows_without_room_is_a_507(
    api: APIClient, settings: Settings, monkeypatch: pytest.MonkeyPatch, upload_folder: Path
) -> None:
    job = run_import("sku,name,price\nA1,Chair,cheap\n")
    before = files_in(upload_folder)
    free(monkeypatch, settings.DISK_RESERVE_BYTES - 1)

    response = api.get(f"/api/jobs/{job.pk}/rejected.xlsx")

    assert (response.status_code, response.json()) == (507, {"detail": space.TOO_LITTLE})
    assert files_in(upload_folder) == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_what_the_system_says_of_a_full_disk_is_known(number: int) -> None:
    with pytest.raises(space.DiskFullError), space.full_disk_refused():
        raise OSError(number, os.strerror(number))


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(PermissionError), space.full_disk_refused():
        raise PermissionError(errno.EACCES, "Permission denied")


WRITES_FOR_EVER = """
import sys, time, django
django.setup()
from imports.files.incoming import IncomingFile
file = IncomingFile("a.csv", "text/csv")
file.write(b"sku,name")
file.flush()
print(file.temporary_file_path(), flush=True)
time.sleep(60)
"""


def test_what_a_killed_process_was_receiving_is_deleted_at_once_and_what_others_receive_is_not(
    upload_folder: Path,
) -> None:
    mine = IncomingFile("mine.csv", "text/csv")
    mine_at = Path(mine.temporary_file_path())
    # However long nothing has come: its sender may be slow.
    long_ago = time.time() - 10 * 3600
    os.utime(mine_at, (long_ago, long_ago))
    other = subprocess.Popen(
        [sys.executable, "-c", WRITES_FOR_EVER],
        cwd=product_settings.BASE_DIR,
        env=product_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout
    others_at = Path(other.stdout.readline().strip())
    delete_abandoned_uploads()
    assert set(files_in(upload_folder / "incoming")) == {mine_at, others_at}

    other.kill()
    other.wait()
    delete_abandoned_uploads()
    assert files_in(upload_folder / "incoming") == [mine_at]
    mine.close()
    assert not files_in(upload_folder / "incoming")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_web_process_that_is_killed_in_mid_upload_leaves_nothing(upload_folder: Path) -> None:
    with socket.socket() as free_port:
        free_port.bind(("127.0.0.1", 0))
        host, port = free_port.getsockname()
    gunicorn = psutil.Popen(
        [sys.executable, "-m", "gunicorn", "acme_importer.wsgi", "--bind", f"{host}:{port}"],
        cwd=product_settings.BASE_DIR,
        env=product_environment(WEB_CONCURRENCY="1"),
    )
    user = make_user("imports.add_importjob", is_staff=True)
    client = Client()
    client.force_login(user)
    token = str(client.get("/api-auth/login/").context["csrf_token"])
    session = client.cookies["sessionid"].value
    head = (
        f"POST /api/uploads?filename=a.csv HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
        f"Cookie: sessionid={session}; csrftoken={client.cookies['csrftoken'].value}\r\nX-CSRFToken: {token}\r\n"
        f"Content-Length: {len(TOO_MUCH)}\r\n\r\n"
    )
    try:
        wait_until(gunicorn.children)
        wait_until(lambda: can_connect(host, port))
        with socket.create_connection((host, port)) as sender:
            sender.sendall(head.encode() + TOO_MUCH[:-1])
            wait_until(lambda: files_in(upload_folder / "incoming"))
            [worker] = gunicorn.children()
            worker.send_signal(signal.SIGKILL)
            # Another one starts in its place.
            wait_until(lambda: not files_in(upload_folder / "incoming"))
    finally:
        gunicorn.terminate()
        with suppress(psutil.TimeoutExpired):
            gunicorn.wait(10)
    assert not files_in(upload_folder)
    assert not ImportJob.objects.exists()


def can_connect(host: str, port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((host, port)) == 0


def test_a_disk_that_was_full_once_is_not_the_cause_of_what_comes_later() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    later = TransactionManagementError("An error occurred in the current transaction.")
    later.__cause__ = full

    assert space.is_full(full)
    assert not space.is_full(later)
