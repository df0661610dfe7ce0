"""What is stored of uploads: a file is kept, opened for reading, and deleted, by its name in storage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from imports.files import local_copies, space
from imports.files.unavailable import unavailable_refused
from imports.reading.errors import FileRefusedError

FILENAME_MAX_LENGTH = 255


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in storage: the name it had, the name it has there, its size in bytes, its SHA-256 in hexadecimal."""

    filename: str
    stored_as: str
    size: int
    sha256: str


def keep(file: UploadedFile) -> StoredFile:
    """Put an uploaded file into storage; in a folder of this machine that is a rename.

    Of what the sender wrote, its name there has only the ending. Raises FileRefusedError for an empty file,
    and DiskFullError and FileUnavailableError, which are some too.
    """
    filename = PurePath((file.name or "upload.csv").replace("\0", "")).name[-FILENAME_MAX_LENGTH:] or "upload.csv"
    if not file.size:
        file.close()
        raise FileRefusedError(f"The file '{filename}' is empty.")
    with unavailable_refused(), space.full_disk_refused():
        stored_as = default_storage.save(_storage_name(PurePath(filename).suffix), file)
    file.close()
    return StoredFile(filename, stored_as, file.size, file.sha256)  # type: ignore[attr-defined]


def keep_content(content: bytes) -> str:
    """Put a short rewriting of a file into storage; returns its name there. Raises DiskFullError."""
    space.check(len(content))
    with space.full_disk_refused():
        return default_storage.save(new_content_name(), ContentFile(content))


def new_content_name() -> str:
    """A name in storage for the rewriting of a file as UTF-8."""
    return _storage_name(".utf8")


def _storage_name(suffix: str) -> str:
    safe_suffix = suffix if suffix[1:].isalnum() and len(suffix) <= 10 else ""
    return f"{timezone.now():%Y/%m/%d}/{uuid4().hex}{safe_suffix.lower()}"


def open_stored(name: str, still_alive: Callable[[], None] = lambda: None) -> BinaryIO:
    """The stored file `name`, for reading and seeking: itself, or a copy if the storage is not of this machine.

    `still_alive` is called now and then while that takes long. Raises FileUnavailableError if it is gone or not to be
    read, whenever that is tried.
    """
    with unavailable_refused():
        try:
            path = default_storage.path(name)
        except NotImplementedError:
            return local_copies.open_copy(name, still_alive)
        return Path(path).open("rb")


def close_stored(name: str) -> None:
    """Say that the stored file `name` is not needed for now: its copy on this machine is deleted."""
    local_copies.delete_copy(name)


def delete_stored(name: str) -> None:
    """Remove the stored file `name`; none, or one that is gone already, is no error."""
    if name:
        default_storage.delete(name)
        local_copies.delete_copy(name)
