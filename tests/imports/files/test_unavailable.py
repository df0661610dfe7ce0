"""Files that are gone or not allowed fail the import at once, with what to do; it can be retried when that is done.

What passes by itself is tried again instead.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError, EndpointConnectionError
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from acme_importer.settings import upload_storage
from imports import tasks
from imports.commandline import foreground
from imports.files import s3 as s3_files
from imports.files.storage import close_stored, delete_stored
from imports.files.unavailable import GONE, NOT_ALLOWED
from imports.models import ImportJob, ImportLane
from tests.imports.factories import make_job, open_without_messages, retry_without_messages, with_progress
from tests.imports.s3server import URL, put_uploads_on_s3
from tests.settings import FOLDER

Status = ImportJob.Status
CONTENT = "sku,name\n" + "".join(f"S{number},Product {number}\n" for number in range(20))


@pytest.fixture
def s3(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    server = put_uploads_on_s3(settings, monkeypatch)
    yield server
    check_rights("inf")
    server.stop()


def opened(job: ImportJob) -> ImportJob:
    """The job when a worker has tried to open its file, once."""
    open_without_messages(job)
    return with_progress(job)


def in_mid_import(settings: Settings) -> ImportJob:
    """A job whose first chunk is in the catalogue."""
    settings.IMPORT_CHUNK_ROWS, settings.IMPORT_LANES = 5, 1
    job = make_job(CONTENT)
    open_without_messages(job)
    lane = ImportLane.objects.get(job=job)
    assert lane.claim()
    tasks.run_slice(lane, -1)
    lane.release()
    assert with_progress(job).created_rows == 5
    return job


def advanced_once(job: ImportJob) -> ImportJob:
    """The job when a worker has tried to take its lane further, once."""
    with suppress(Exception):
        tasks.advance_lane(ImportLane.objects.get(job=job).pk)
    return with_progress(job)


def assert_a_retry_is_offered(job: ImportJob) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    page = client.get(reverse("admin:imports_importjob_change", args=[job.pk])).text
    assert ">Retry</button>" in page
    assert "Once the cause is fixed, retry it" in page


def assert_a_retry_completes(job: ImportJob) -> None:
    retry_without_messages(job)
    foreground.run(job, lambda: None)
    job = with_progress(job)
    assert (job.status, job.created_rows, job.total_rows) == (Status.COMPLETED, 20, 20), job.failure_reason


@pytest.mark.django_db(transaction=True)
class TestFolder:
    """The storage that is a folder."""

    def test_a_file_that_is_gone_fails_the_import_at_once(self) -> None:
        job = make_job(CONTENT)
        path = Path(default_storage.path(job.stored_as))
        path.rename(path.with_suffix(".away"))
        job = opened(job)
        assert (job.status, job.failure_reason) == (Status.FAILED, GONE)
        assert_a_retry_is_offered(job)
        path.with_suffix(".away").rename(path)
        assert_a_retry_completes(job)

    def test_so_does_one_that_is_gone_in_mid_import(self, settings: Settings) -> None:
        job = in_mid_import(settings)
        path = Path(default_storage.path(job.stored_as))
        path.rename(path.with_suffix(".away"))
        job = advanced_once(job)
        assert (job.status, job.failure_reason) == (Status.FAILED, GONE)
        path.with_suffix(".away").rename(path)
        assert_a_retry_completes(job)

    def test_so_does_one_that_may_not_be_read(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        job = in_mid_import(settings)
        path = Path(default_storage.path(job.stored_as))
        path.chmod(0)
        with monkeypatch.context() as patched:
            if os.access(path, os.R_OK):
                # The superuser may read everything.
                patched.setattr(Path, "open", lambda *_: _raise(PermissionError(13, "Permission denied")))
            job = advanced_once(job)
        assert (job.status, job.failure_reason) == (Status.FAILED, NOT_ALLOWED)
        path.chmod(0o600)
        assert_a_retry_completes(job)

    def test_a_disk_with_read_errors_is_tried_again(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        job = in_mid_import(settings)
        with monkeypatch.context() as patched:
            patched.setattr(Path, "open", lambda *_: _raise(OSError(5, "Input/output error")))
            job = advanced_once(job)
        assert job.status == Status.RUNNING
        foreground.run(job, lambda: None)
        assert with_progress(job).status == Status.COMPLETED


def _raise(error: Exception) -> Any:
    raise error


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("s3")
class TestBucket:
    """The storage that is a bucket, on a server that speaks S3's protocol."""

    def test_a_file_that_is_gone_fails_the_import_at_once(self) -> None:
        job = make_job(CONTENT)
        delete_stored(job.stored_as)
        job = opened(job)
        assert (job.status, job.failure_reason) == (Status.FAILED, GONE)

    def test_a_bucket_that_is_gone_fails_the_import_in_the_middle_and_a_retry_resumes_it(
        self, settings: Settings
    ) -> None:
        job = in_mid_import(settings)
        client = boto3.client("s3")
        (key,) = (item["Key"] for item in client.list_objects_v2(Bucket="uploads")["Contents"])
        client.delete_object(Bucket="uploads", Key=key)
        client.delete_bucket(Bucket="uploads")
        close_stored(job.stored_as)
        job = advanced_once(job)
        assert job.status == Status.FAILED
        assert job.failure_reason == (
            "The storage bucket 'uploads' does not exist. Ask the server's administrator to check UPLOAD_STORAGE and "
            "the bucket, then try again."
        )
        client.create_bucket(Bucket="uploads")
        client.upload_fileobj(io.BytesIO(CONTENT.encode()), "uploads", key)
        assert_a_retry_completes(job)

    def test_credentials_that_may_not_read_fail_the_import_at_once(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = make_job(CONTENT)
        with_rights_of_nobody(settings, monkeypatch)
        job = opened(job)
        assert job.status == Status.FAILED
        assert job.failure_reason.startswith("The server is not allowed to use the storage bucket 'uploads'. ")
        assert_a_retry_is_offered(job)

    def test_wrong_credentials_fail_the_import_at_once(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = make_job(CONTENT)
        with_rights_of_nobody(settings, monkeypatch, key="AKIAUNKNOWN")
        job = opened(job)
        assert job.status == Status.FAILED
        assert "The credentials for the storage bucket 'uploads' are not valid (InvalidAccessKeyId)." in (
            job.failure_reason
        )

    def test_a_storage_that_is_down_is_tried_again(self, s3: ThreadedMotoServer) -> None:
        job = make_job(CONTENT)
        s3.stop()
        with pytest.raises(EndpointConnectionError):
            open_without_messages(job)
        assert ImportJob.objects.get(pk=job.pk).status == Status.QUEUED

    def test_an_upload_is_refused_with_what_to_do(self) -> None:
        boto3.client("s3").delete_bucket(Bucket="uploads")
        client = Client()
        client.force_login(User.objects.create_superuser("admin"))
        response = client.post("/api/uploads/", CONTENT, content_type="text/csv")
        assert response.status_code == 503
        assert "The storage bucket 'uploads' does not exist." in response.json()["detail"]
        page = client.post(reverse("admin:imports_importjob_upload"), {"file": io.BytesIO(CONTENT.encode())})
        assert page.status_code == 503
        assert "does not exist. Ask the server" in page.content.decode()
        assert not ImportJob.objects.exists()


def with_rights_of_nobody(settings: Settings, monkeypatch: pytest.MonkeyPatch, key: str = "") -> None:
    """Let the server ask who may do what, and go on with the credentials of a user who may do nothing."""
    iam = boto3.client("iam", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"])
    iam.create_user(UserName="nobody")
    made = iam.create_access_key(UserName="nobody")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key or made["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", made["SecretAccessKey"])
    # The storage keeps the credentials that it began with.
    settings.STORAGES = {**settings.STORAGES, "default": upload_storage(URL, FOLDER)}
    check_rights("0")


def check_rights(after: str) -> None:
    """Let the server ask who may do what, after this many requests."""
    url = f"{os.environ['AWS_ENDPOINT_URL_S3']}/moto-api/reset-auth"
    with suppress(requests.ConnectionError):
        requests.post(url, data=after, headers={"content-type": "text/plain"}, timeout=10)


@pytest.mark.parametrize(
    ("code", "status", "is_permanent"),
    [
        ("AccessDenied", 403, True),
        ("SignatureDoesNotMatch", 403, True),
        ("ExpiredToken", 400, True),
        ("PermanentRedirect", 301, True),
        ("AuthorizationHeaderMalformed", 400, True),
        ("RequestTimeout", 400, False),
        ("RequestTimeTooSkewed", 403, False),
        ("SlowDown", 503, False),
        ("TooManyRequests", 429, False),
        ("InternalError", 500, False),
        ("ServiceUnavailable", 503, False),
    ],
)
def test_what_s3_says_is_permanent_or_passes(code: str, status: int, is_permanent: bool) -> None:
    error = ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject")
    with (
        pytest.raises(s3_files.FileUnavailableError if is_permanent else ClientError),
        s3_files.permanent_refused("uploads"),
    ):
        raise error
