"""Stored files that cannot be read or written until somebody puts something right: gone, or not allowed.

What passes by itself (a network that is down, a storage that is busy) is not of these, and is tried again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from imports.reading.errors import FileRefusedError

GONE = (
    "The uploaded file is no longer in storage. Upload it again. If this happens again, ask the server's administrator "
    "whether the web server and all workers use the same UPLOAD_FOLDER or UPLOAD_STORAGE."
)
NOT_ALLOWED = (
    "The server is not allowed to read or write its stored files. Ask its administrator to give the user that runs the "
    "workers access to UPLOAD_FOLDER, then try again."
)


class FileUnavailableError(FileRefusedError):
    """A stored file cannot be read or written, and waiting will not help; the text says why, and what to do."""


class FileGoneError(FileUnavailableError, FileNotFoundError):
    """A stored file is no longer there."""

    def __init__(self) -> None:
        super().__init__(GONE)


@contextmanager
def unavailable_refused() -> Iterator[None]:
    """Turn what a folder raises in here for files that are gone or not allowed into FileUnavailableError."""
    try:
        yield
    except FileUnavailableError:
        raise
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise FileGoneError from error
    except PermissionError as error:
        raise FileUnavailableError(NOT_ALLOWED) from error
