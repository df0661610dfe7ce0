"""Files that are still being written, in a folder beside those that are kept: keeping one is then a rename.

The process that writes one holds its lock, which the kernel releases when that process dies, however it dies.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

from imports.files.space import is_full

# How the names of files begin that are locked while somebody writes them.
LOCKED = "locked-"
# Others, such as the parts of a workbook, are taken for abandoned when nobody has written for so long.
ABANDONED_AFTER_SECONDS = 3600


class IncomingFile(TemporaryUploadedFile):
    """A file that is deleted when it is closed, unless it was moved away before. See `incoming_folder` for where."""

    def __init__(self, name: str, content_type: str | None, charset: str | None = None, extra: Any = None) -> None:
        ending = f".upload{os.path.splitext(name)[1]}"  # noqa: PTH122  # as Django names it
        UploadedFile.__init__(self, _locked_file(ending), name, content_type, 0, charset, extra)

    def close(self) -> None:
        """Close it. What could not be written to a full disk is not missed: by then the file has been refused."""
        try:
            super().close()
        except OSError as error:
            if not is_full(error):
                raise


def delete_abandoned_uploads() -> None:
    """Delete what killed processes of this machine have left of uploads and of rewritings.

    At once where their lock is free; the few files that are without one when nobody has written for an hour.
    """
    for path in _folder().glob("*"):
        with suppress(FileNotFoundError):
            if path.is_file():
                _delete_if_abandoned(path)


def _locked_file(ending: str) -> Any:
    """A new file in the folder, locked by this process."""
    while True:
        file = tempfile.NamedTemporaryFile(  # noqa: SIM115  # closed with the IncomingFile
            prefix=LOCKED, suffix=ending, dir=incoming_folder()
        )
        # Where the file system has no locks, age decides.
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        # It was taken for abandoned in the moment before it was locked.
        with suppress(FileNotFoundError):
            file.close()


def _delete_if_abandoned(path: Path) -> None:
    with path.open("rb") as file:
        is_abandoned = time.time() - path.stat().st_mtime > ABANDONED_AFTER_SECONDS
        if path.name.startswith(LOCKED):
            try:
                # Held until the file is closed, so that nobody locks it any more before it is deleted.
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                is_abandoned = True
            except BlockingIOError:
                return
            except OSError:
                # This file system has no locks.
                pass
        if is_abandoned:
            path.unlink()


def _folder() -> Path:
    folder: Path = settings.UPLOAD_FOLDER / "incoming"
    return folder


def incoming_folder() -> Path:
    """Where temporary files belong: what a killed process leaves there is deleted."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder
