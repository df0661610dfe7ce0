"""Copies on this machine of files in a storage elsewhere, so that each is fetched once and not for every slice.

All processes of a machine share them, in a folder of the upload folder. A copy that has not been opened for a while is
deleted when the next one is made, and by the hourly clean-up; if it is needed after all, it is fetched again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files.storage import default_storage

from imports.files import space

BLOCK_BYTES = 1024 * 1024
# A lane opens its file every ten seconds. Longer than other imports keep it waiting in the queue, usually.
IDLE_SECONDS = 15 * 60
# How often a process looks whether another has fetched the file that it waits for.
LOOK_SECONDS = 0.2


def open_copy(name: str, still_alive: Callable[[], None]) -> BinaryIO:
    """The copy of the stored file `name`, for reading and seeking; `still_alive` is called while that takes long."""
    path = _path(name)
    try:
        copy: BinaryIO = path.open("rb")
    except FileNotFoundError:
        delete_idle_copies()
        copy = _fetched(name, path, still_alive)
    # The time of the last opening.
    os.utime(copy.fileno())
    return copy


def delete_copy(name: str) -> None:
    """Delete the copy of the stored file `name`, if there is one. Whoever has it open can still read it."""
    _path(name).unlink(missing_ok=True)


def delete_idle_copies() -> None:
    """Delete the copies that have not been opened for `IDLE_SECONDS`, and what killed processes have left of others."""
    before = time.time() - IDLE_SECONDS
    for path in _folder().glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


def _folder() -> Path:
    folder: Path = settings.UPLOAD_FOLDER / "copies"
    return folder


def _path(name: str) -> Path:
    return _folder() / hashlib.sha256(name.encode()).hexdigest()


def _fetched(name: str, path: Path, still_alive: Callable[[], None]) -> BinaryIO:
    """The copy at `path`, made here, or by another process, for which this one then waits.

    The unfinished copy is its own lock: the kernel releases it when its process dies, and the renaming removes it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("ab") as target:
        while not _locked(target):
            still_alive()
            time.sleep(LOOK_SECONDS)
        if path.exists():
            unfinished.unlink(missing_ok=True)
            return path.open("rb")
        target.truncate(0)
        try:
            with space.full_disk_refused(), default_storage.open(name, "rb") as source:
                for block in source.chunks(BLOCK_BYTES):
                    space.check(len(block))
                    target.write(block)
                    still_alive()
                target.flush()
        except space.DiskFullError:
            # Not deleted: another process may be waiting for its lock.
            target.truncate(0)
            raise
        unfinished.rename(path)
        return path.open("rb")


def _locked(file: BinaryIO) -> bool:
    """Whether the lock of `file` could be taken; it is held until the file is closed."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
