"""Uploaded files: from the network to storage in blocks, hashed on the way, never held in memory."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.utils import timezone

from imports.files import local_copies
from imports.reading.errors import FileRefusedError

# What a request may hold besides the file: form fields, boundaries, part headers.
FORM_OVERHEAD_BYTES = 1024 * 1024
FILENAME_MAX_LENGTH = 255


class HashingUploadHandler(TemporaryFileUploadHandler):
    """Streams every uploaded file to the upload folder, with its SHA-256 as `sha256`, and stops at the size limit."""

    chunk_size = 256 * 1024

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],  # noqa: N803  # the name that Django calls it by
        content_length: int,
        boundary: str | bytes | None,
        encoding: str | None = None,
    ) -> None:
        """Refuse a body that says of itself that it is too large, before a byte of it is read."""
        if content_length > settings.UPLOAD_MAX_BYTES + FORM_OVERHEAD_BYTES:
            raise too_large()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._hash = hashlib.sha256()
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._size += len(raw_data)
        if self._size > settings.UPLOAD_MAX_BYTES:
            self.file.close()
            raise too_large()
        self._hash.update(raw_data)
        super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        file = super().file_complete(file_size)
        file.sha256 = self._hash.hexdigest()  # type: ignore[union-attr]
        return file


def too_large() -> RequestDataTooBig:
    """The error for a file beyond the limit."""
    limit = settings.UPLOAD_MAX_BYTES // 1024**2
    return RequestDataTooBig(
        f"The file is larger than {limit} MB, the limit (UPLOAD_MAX_MB). Send it compressed (.gz)."
    )


def receive(blocks: Iterable[bytes], filename: str) -> UploadedFile:
    """A file from another source than a request, through the same steps. Raises RequestDataTooBig."""
    handler = HashingUploadHandler()
    handler.new_file("file", filename, "text/csv", None)
    size = 0
    for block in blocks:
        handler.receive_data_chunk(block, size)
        size += len(block)
    file = handler.file_complete(size)
    assert file is not None  # noqa: S101  # only handlers that are not the last return None
    return file


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in storage: the name it had, the name it has there, its size in bytes, its SHA-256 in hexadecimal."""

    filename: str
    stored_as: str
    size: int
    sha256: str


def keep(file: UploadedFile) -> StoredFile:
    """Put an uploaded file into storage; in a folder of this machine that is a rename.

    Its name there has nothing of what the sender wrote but the ending. Raises FileRefusedError for an empty file.
    """
    filename = PurePath((file.name or "upload.csv").replace("\0", "")).name[-FILENAME_MAX_LENGTH:] or "upload.csv"
    if not file.size:
        file.close()
        raise FileRefusedError(f"The file '{filename}' is empty.")
    stored_as = default_storage.save(_storage_name(PurePath(filename).suffix), file)
    file.close()
    return StoredFile(filename, stored_as, file.size, file.sha256)  # type: ignore[attr-defined]


def new_content_name() -> str:
    """A name in storage for the rewriting of a file as UTF-8."""
    return _storage_name(".utf8")


def _storage_name(suffix: str) -> str:
    safe_suffix = suffix if suffix[1:].isalnum() and len(suffix) <= 10 else ""
    return f"{timezone.now():%Y/%m/%d}/{uuid4().hex}{safe_suffix.lower()}"


def open_stored(name: str, still_alive: Callable[[], None] = lambda: None) -> BinaryIO:
    """The stored file `name`, for reading and seeking: itself, or a copy if the storage is not of this machine.

    `still_alive` is called now and then while that takes long.
    """
    try:
        path = default_storage.path(name)
    except NotImplementedError:
        return local_copies.open_copy(name, still_alive)
    return Path(path).open("rb")


def close_stored(name: str) -> None:
    """Say that the stored file `name` is not needed any more for now: its copy on this machine goes."""
    local_copies.delete_copy(name)


def delete_stored(name: str) -> None:
    """Remove the stored file `name`; none, or one that is gone already, is no error."""
    if name:
        default_storage.delete(name)
        local_copies.delete_copy(name)


def delete_abandoned_uploads() -> None:
    """Delete what uploads have left that were begun more than a day ago: their web server was killed."""
    a_day_ago = time.time() - 24 * 3600
    for path in settings.FILE_UPLOAD_TEMP_DIR.iterdir():
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < a_day_ago:
                path.unlink()
