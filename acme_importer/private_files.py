"""The SQLite file is its owner's only: it holds the catalogue, password hashes and tokens."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def create_private(path: Path) -> None:
    """Create the file `path`, empty and readable by its owner only, unless it is there or cannot be created.

    SQLite takes an empty file for a new database, and gives what it writes beside it the same permissions.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
