"""Files that are still being written, in a folder beside those that are kept: keeping one is then a rename."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

ABANDONED_AFTER_SECONDS = 24 * 3600


class IncomingFile(TemporaryUploadedFile):
    """A file that is deleted when it is closed, unless it was moved away before. See `incoming_folder` for where."""

    def __init__(self, name: str, content_type: str | None, charset: str | None = None, extra: Any = None) -> None:
        ending = f".upload{os.path.splitext(name)[1]}"  # noqa: PTH122  # as Django names it
        file = tempfile.NamedTemporaryFile(suffix=ending, dir=incoming_folder())  # noqa: SIM115  # closed with this file
        UploadedFile.__init__(self, file, name, content_type, 0, charset, extra)


def delete_abandoned_uploads() -> None:
    """Delete what is left of uploads that began more than a day ago: their web server was killed."""
    before = time.time() - ABANDONED_AFTER_SECONDS
    for path in _folder().glob("*"):
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < before:
                path.unlink()


def _folder() -> Path:
    folder: Path = settings.UPLOAD_FOLDER / "incoming"
    return folder


def incoming_folder() -> Path:
    """Where temporary files belong: what a killed process leaves there is deleted after a day."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder
