"""Storage on S3 and what speaks its protocol, for uploaded files: written and read as a stream, in constant memory.

Needs requirements-s3.txt. Credentials, region and endpoint come from boto's own environment variables.
"""

from __future__ import annotations

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage

# In threads, ten parts of a file would be in memory at a time; one after the other it is one, of eight megabytes.
ONE_PART_AT_A_TIME = TransferConfig(use_threads=False)


class StreamedS3Storage(S3Storage):
    """The library's storage, whose files it would first download whole when they are opened, into memory."""

    def __init__(self, **options: object) -> None:
        super().__init__(transfer_config=ONE_PART_AT_A_TIME, **options)

    def _open(self, name: str, mode: str = "rb") -> File:
        if mode != "rb":
            raise ValueError("Files on S3 are opened for reading here, and written by `save`.")
        try:
            response = self.bucket.Object(self._normalize_name(name)).get()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                raise FileNotFoundError(name) from error
            raise
        return File(response["Body"], name)
