"""Where rewritings of a file are kept: in storage, for a job; their beginnings in memory, for a preview."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import SEEK_END, BytesIO
from itertools import islice
from typing import BinaryIO, Protocol

from django.conf import settings
from django.core.files.storage import default_storage

from imports.files import space
from imports.files.incoming import IncomingFile
from imports.files.storage import delete_stored, new_content_name, open_stored
from imports.files.unavailable import unavailable_refused
from imports.reading import encodings
from imports.reading.errors import FileRefusedError
from imports.reading.suspicions.content import SAMPLE_RECORDS
from imports.reading.suspicions.ending import TAIL_BYTES

# How much larger than the upload limit a compressed file may become.
MAX_UNPACKED_RATIO = 10
# Enough for a thousand rows of 8 KB, and for eight of the longest that are read.
BEGINNING_BYTES = 8 * 1024 * 1024

# A record as the rewriting of a known format takes it: its line, its fields, why it cannot be read.
Written = tuple[int, list[str], str]


class Place(Protocol):
    """Where the rewritings of a file are kept."""

    def take(self, stream: BinaryIO) -> BinaryIO:
        """The file itself, as far as it is wanted."""

    def keep(self, blocks: Iterator[bytes]) -> BinaryIO:
        """`blocks`, the rewriting of what was kept or taken before."""

    def wanted(self, records: Iterator[Written]) -> Iterator[Written]:
        """Those of the `records` behind the header that are to be rewritten."""


def size_limit() -> int:
    """How many bytes a file may have when it is unpacked."""
    return settings.UPLOAD_MAX_BYTES * MAX_UNPACKED_RATIO


class _Rewriting(IncomingFile):
    """A file on its way into storage. Where that is not a rename it is read, which may take long as well."""

    def __init__(self, still_alive: Callable[[], None]) -> None:
        super().__init__("content", "text/csv")
        self._still_alive = still_alive

    def read(self, size: int = -1) -> bytes:
        self._still_alive()
        return self.file.read(size)  # type: ignore[union-attr]


class Stored:
    """Keeps rewritings in storage, one at a time. `name` is where the last one is.

    Each name is told to `note` before there is anything: a process that is killed leaves no file that nobody knows of.
    """

    def __init__(self, name: str, still_alive: Callable[[], None], note: Callable[[str], None]) -> None:
        self.name = self._original = name
        self._still_alive = still_alive
        self._note = note
        self._stream: BinaryIO | None = None

    def take(self, stream: BinaryIO) -> BinaryIO:
        """See Place."""
        return stream

    def keep(self, blocks: Iterator[bytes]) -> BinaryIO:
        """See Place. Raises FileRefusedError if `blocks` grow too large."""
        self._store(blocks)
        self._stream = open_stored(self.name, self._still_alive)
        return self._stream

    def wanted(self, records: Iterator[Written]) -> Iterator[Written]:
        """See Place."""
        return records

    def _store(self, blocks: Iterator[bytes]) -> None:
        limit = size_limit()
        with unavailable_refused(), space.full_disk_refused(), _Rewriting(self._still_alive) as file:
            for block in blocks:
                space.check(len(block))
                file.write(block)
                if file.tell() > limit:
                    raise FileRefusedError(f"The file is larger than {limit // 1024**2:,} MB when unpacked.")
                self._still_alive()
            file.size = file.tell()
            file.seek(0)
            # What `blocks` were made of.
            self.discard()
            name = new_content_name()
            self._note(name)
            self.name = default_storage.save(name, file)

    def close(self) -> None:
        """Close the last rewriting."""
        if self._stream:
            self._stream.close()
            self._stream = None

    def discard(self) -> None:
        """Delete the last rewriting."""
        self.close()
        if self.name != self._original:
            delete_stored(self.name)
            self.name = self._original
            self._note("")


class InMemory:
    """Keeps the beginnings of rewritings in memory."""

    def __init__(self, *, cut: bool = False) -> None:
        self.cut = cut
        self.has_rewritten = False
        # The end of the file, if it goes on behind what is kept, and was not rewritten.
        self.tail = b""

    def take(self, stream: BinaryIO) -> BinaryIO:
        """See Place."""
        taken = self._first(encodings.unpacked_blocks(stream))
        if self.cut:
            stream.seek(-TAIL_BYTES, SEEK_END)
            self.tail = stream.read()
        return taken

    def keep(self, blocks: Iterator[bytes]) -> BinaryIO:
        """See Place."""
        self.has_rewritten, self.tail = True, b""
        return self._first(blocks)

    def wanted(self, records: Iterator[Written]) -> Iterator[Written]:
        """See Place: as many as anybody looks at."""
        yield from islice(records, SAMPLE_RECORDS)
        self.cut = self.cut or next(records, None) is not None

    def _first(self, blocks: Iterator[bytes]) -> BinaryIO:
        content, is_cut = _first_bytes(blocks)
        self.cut = self.cut or is_cut
        return BytesIO(content)


def _first_bytes(blocks: Iterator[bytes]) -> tuple[bytes, bool]:
    """The first `BEGINNING_BYTES` of `blocks`, up to a line end, and whether there are more."""
    content = bytearray()
    for block in blocks:
        content += block
        if len(content) > BEGINNING_BYTES:
            end = content.rfind(b"\n", 0, BEGINNING_BYTES) + 1
            return bytes(content[: end or BEGINNING_BYTES]), True
    return bytes(content), False
