"""The file that a command imports, taken into the upload folder as an upload is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from acme_importer.texts import printable
from imports.commandline.arguments import UsageError
from imports.commandline.console import Display
from imports.files.upload_handler import receive, too_large

BLOCK_BYTES = 256 * 1024


def take(name: str, display: Display) -> UploadedFile:
    """The file `name`, or standard input for `-`. Raises UsageError or RequestDataTooBig if it cannot be taken."""
    try:
        if name == "-":
            return receive(_blocks(sys.stdin.buffer, 0, display), "standard-input.csv")
        with Path(name).open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > settings.UPLOAD_MAX_BYTES:
                raise too_large()
            return receive(_blocks(stream, size, display), name)
    except OSError as error:
        raise UsageError(f"{printable(str(error.filename or name))}: {error.strerror}") from None


def _blocks(stream: BinaryIO, size: int, display: Display) -> Iterator[bytes]:
    """The bytes of `stream`, shown as they pass; `size` is how many there will be, 0 if that is unknown."""
    stored = 0
    while block := stream.read(BLOCK_BYTES):
        stored += len(block)
        display.storing(stored, size)
        yield block
