"""Free disk space: a reserve that no file is written into, and what a disk that is full all the same raises."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.db.transaction import TransactionManagementError

from imports.reading.errors import FileRefusedError

# The disk, the user's share of it, or the largest file that the system allows.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# How SQLite says it (sqlite.org/rescode.html), and PostgreSQL (appendix A of its manual).
SQLITE_FULL = 13
DISK_FULL = "53100"
TOO_LITTLE = (
    "The server has too little free disk space for this file. Ask its administrator to free some (DISK_RESERVE_MB says "
    "how much has to stay free), then try again."
)


class DiskFullError(FileRefusedError):
    """There is too little free disk space for the file; the text says so, and what to do."""

    def __init__(self) -> None:
        super().__init__(TOO_LITTLE)


def check(size: int = 0) -> None:
    """Raise DiskFullError if less than DISK_RESERVE_MB would stay free beside `size` more bytes.

    On the disk of UPLOAD_FOLDER, where each file arrives and is rewritten, wherever it is kept then.
    """
    if shutil.disk_usage(_existing(settings.UPLOAD_FOLDER)).free - size < settings.DISK_RESERVE_BYTES:
        raise DiskFullError


@contextmanager
def full_disk_refused() -> Iterator[None]:
    """Turn what a full disk raises in here, the database's too, into DiskFullError."""
    try:
        yield
    except (OSError, DatabaseError) as error:
        if is_full(error):
            raise DiskFullError from error
        raise


def is_full(error: BaseException | None) -> bool:
    """Whether `error` says that a disk is full, be it that of the files or that of the database."""
    while error:
        if isinstance(error, DiskFullError):
            return True
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        if getattr(error, "sqlite_errorcode", None) == SQLITE_FULL or getattr(error, "sqlstate", None) == DISK_FULL:
            return True
        # As its cause, Django names the last error that broke a transaction of the connection, which may be a past one.
        error = None if isinstance(error, TransactionManagementError) else error.__cause__
    return False


def _existing(folder: Path) -> Path:
    """The folder, or the one in which it will be made."""
    return folder if folder.exists() or folder == folder.parent else _existing(folder.parent)
