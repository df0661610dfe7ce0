"""Whether uploads can be stored: in this machine's folder, and in the bucket if there is one."""

from __future__ import annotations

import tempfile
import time

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage

from acme_importer.cluster.readiness import Finding
from imports.files.incoming import incoming_folder

# A bucket is asked for less often: each time costs a little.
BUCKET_SECONDS = 60
BUCKET_NAME = "readiness-check"


class _Bucket:
    """The bucket, and when it last took a file."""

    def __init__(self) -> None:
        self._written = float("-inf")

    def write(self) -> None:
        """Put a file into it, and delete that again, unless that worked a moment ago. Raises what the bucket does."""
        if time.monotonic() - self._written >= BUCKET_SECONDS:
            default_storage.delete(default_storage.save(BUCKET_NAME, ContentFile(b"x")))
            self._written = time.monotonic()


_bucket = _Bucket()


def check_storage() -> Finding:
    """Write to the folder that uploads arrive in, and to the bucket if that is where they are kept."""
    try:
        with tempfile.TemporaryFile(dir=incoming_folder()) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        return Finding(is_ok=False, details={"problem": f"the upload folder cannot be written: {error.strerror}"})
    if not isinstance(default_storage, FileSystemStorage):
        _bucket.write()
    return Finding(is_ok=True)
