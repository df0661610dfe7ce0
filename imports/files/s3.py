"""Storage on S3 and what speaks its protocol, for uploaded files: written and read as a stream, in constant memory.

Needs requirements-s3.txt. Credentials, region and endpoint come from boto's own environment variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore import exceptions
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from acme_importer.texts import printable
from imports.files.unavailable import FileGoneError, FileUnavailableError
from imports.reading.texts import shown

# In threads, ten parts of a file would be in memory at a time; one after the other it is one, of eight megabytes.
ONE_PART_AT_A_TIME = TransferConfig(use_threads=False)

NOT_FOUND, FORBIDDEN = 404, 403
NO_BUCKET = "NoSuchBucket"
CREDENTIALS = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "TokenRefreshRequired"}
)
# Statuses and codes of what passes by itself, though S3 gives it a status of the client's faults.
PASSING_STATUSES = frozenset({408, 409, 425, 429})
PASSING_CODES = frozenset(
    {"RequestTimeout", "RequestTimeTooSkewed", "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded"}
)
ASK = "Ask the server's administrator to check"
KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
THEN = "then try again."


class StreamedS3Storage(S3Storage):
    """The library's storage, whose files it would first download whole when they are opened, into memory."""

    def __init__(self, **options: object) -> None:
        super().__init__(transfer_config=ONE_PART_AT_A_TIME, **options)

    def _open(self, name: str, mode: str = "rb") -> File:
        if mode != "rb":
            raise ValueError("Files on S3 are opened for reading here, and written by `save`.")
        with permanent_refused(self.bucket_name):
            response = self.bucket.Object(self._normalize_name(name)).get()
        return File(response["Body"], name)

    def _save(self, name: str, content: File) -> str:
        with permanent_refused(self.bucket_name):
            return super()._save(name, content)


@contextmanager
def permanent_refused(bucket: str) -> Iterator[None]:
    """Turn what S3 will say again however often it is asked into FileUnavailableError."""
    try:
        yield
    except (exceptions.BotoCoreError, exceptions.ClientError, S3UploadFailedError) as error:
        response: dict[str, Any] = getattr(_said(error), "response", {})
        code = str(response.get("Error", {}).get("Code", ""))
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status == NOT_FOUND and code != NO_BUCKET:
            raise FileGoneError from error
        if sentence := _of_settings(error, bucket) or _of_response(code, status, bucket):
            raise FileUnavailableError(sentence) from error
        raise


def _said(error: BaseException) -> BaseException:
    """What S3 has said: the transfer of files repeats it only in words."""
    return error.__context__ if isinstance(error, S3UploadFailedError) and error.__context__ else error


def _of_settings(error: BaseException, bucket: str) -> str:
    """What is wrong with the settings and what to do, for people; empty if S3 was asked at all."""
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return f"The server has no credentials for the storage bucket '{bucket}'. {ASK} {KEYS}, {THEN}"
    if isinstance(error, exceptions.ParamValidationError):
        return f"'{bucket}' cannot be the name of a storage bucket. {ASK} UPLOAD_STORAGE, {THEN}"
    return ""


def _of_response(code: str, status: int, bucket: str) -> str:
    """What S3 means and what to do, for people; empty if it may pass by itself."""
    if not 300 <= status < 500 or status in PASSING_STATUSES or code in PASSING_CODES:
        return ""
    if code == NO_BUCKET:
        return f"The storage bucket '{bucket}' does not exist. {ASK} UPLOAD_STORAGE and the bucket, {THEN}"
    if code in CREDENTIALS:
        return f"The credentials for the storage bucket '{bucket}' are not valid ({code}). {ASK} {KEYS}, {THEN}"
    if status == FORBIDDEN:
        return (
            f"The server is not allowed to use the storage bucket '{bucket}'. {ASK} that its credentials may read and "
            f"write there, {THEN}"
        )
    what = shown(printable(code)) or f"status {status}"
    return f"The storage bucket '{bucket}' cannot be used ({what}). {ASK} UPLOAD_STORAGE, region and endpoint, {THEN}"
