"""How an upload gets from the network to this machine: in blocks, hashed on the way, never held in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

from imports.files import space
from imports.files.incoming import IncomingFile

# What a request may hold besides the file: form fields, boundaries, part headers.
FORM_OVERHEAD_BYTES = 1024 * 1024
# Of digits; no disk is that large.
LONGEST_SIZE = 20


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
        """Refuse a body that says of itself that it is too large, for the disk too, before a byte of it is read."""
        if content_length > settings.UPLOAD_MAX_BYTES + FORM_OVERHEAD_BYTES:
            raise too_large()
        space.check(content_length)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        # Not by the class between, which would put the file into the system's temporary folder.
        FileUploadHandler.new_file(self, *args, **kwargs)
        with space.full_disk_refused():
            self.file = IncomingFile(self.file_name or "", self.content_type, self.charset, self.content_type_extra)
        self._hash = hashlib.sha256()
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._size += len(raw_data)
        if self._size > settings.UPLOAD_MAX_BYTES:
            self.file.close()
            raise too_large()
        try:
            # Others write to the disk as well.
            space.check(len(raw_data))
            with space.full_disk_refused():
                super().receive_data_chunk(raw_data, start)
        except space.DiskFullError:
            self.file.close()
            raise
        self._hash.update(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        # Here the end of the file is written.
        with space.full_disk_refused():
            file = super().file_complete(file_size)
        file.sha256 = self._hash.hexdigest()  # type: ignore[union-attr]
        return file


def announced_size(headers: Mapping[str, str]) -> int:
    """How many bytes a request says that it has, by its META; 0 if it does not say."""
    return size_said(str(headers.get("CONTENT_LENGTH", "")))


def size_said(text: str) -> int:
    """The number of bytes that a stranger's text says; 0 if it says none."""
    return int(text) if text.isdecimal() and len(text) < LONGEST_SIZE else 0


def too_large() -> RequestDataTooBig:
    """The error for a file beyond the limit."""
    limit = settings.UPLOAD_MAX_BYTES // 1024**2
    return RequestDataTooBig(
        f"The file is larger than {limit:,} MB, the limit (UPLOAD_MAX_MB). Send it compressed (.gz)."
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
