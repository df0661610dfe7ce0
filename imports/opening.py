"""Opening a file: its encoding, delimiter and header, and its rewriting where it cannot be read as it is.

Whole, for a job that imports it; or only its beginning, for somebody who wants to see how it will be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import SEEK_END, BytesIO
from typing import BinaryIO

from django.conf import settings
from django.core.files.storage import default_storage

from imports.files.incoming import IncomingFile
from imports.files.storage import delete_stored, new_content_name, open_stored
from imports.models import ImportJob, SentFile
from imports.reading import columns, encodings, header
from imports.reading.csvfile import MAX_RECORD_BYTES, Position, RecordReader
from imports.reading.encodings import Detection
from imports.reading.errors import FileRefusedError
from imports.reading.texts import storable

# How much larger than the upload limit a compressed file may become.
MAX_UNPACKED_RATIO = 10
# Enough for a thousand rows of 8 KB, and for eight of the longest that are read.
BEGINNING_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Opened:
    """What was found in a file, and what reading it takes: the content's place, and where its first row begins."""

    content_stored_as: str
    content_size: int
    encoding: str
    delimiter: str
    header: list[str]
    columns: dict[str, int]
    data: Position


def open_file(job: ImportJob, still_alive: Callable[[], None]) -> Opened:
    """Detect how the job's file is to be read. `still_alive` is called now and then while that takes long.

    Raises FileRefusedError, with a sentence for the sender, if the file cannot be imported.
    """
    kept: list[str] = []
    try:
        name = job.stored_as
        with open_stored(name, still_alive) as stream:
            unpacked = encodings.decompressed(stream)
            if unpacked is not None:
                kept.append(name := _keep(encodings.unpacked_blocks(unpacked), still_alive))
        with open_stored(name, still_alive) as stream:
            detected, start = _encoding(stream, job.asked_encoding)
            encoding = detected.encoding
            if encodings.is_ascii_compatible(encoding):
                return _look_into(stream, job, name, encoding, start)
            stream.seek(start)
            kept.append(name := _keep(encodings.utf8_blocks(stream, encoding), still_alive))
        for unpacked_name in kept[:-1]:
            delete_stored(unpacked_name)
        with open_stored(name, still_alive) as stream:
            opened = _look_into(stream, job, name, "utf-8", 0)
        return replace(opened, encoding=encoding)
    except BaseException:
        for name in kept:
            delete_stored(name)
        raise


def _encoding(stream: BinaryIO, asked: str) -> tuple[Detection, int]:
    """The encoding of `stream`, and the length of the byte order mark that it begins with."""
    mark_length, marked = encodings.byte_order_mark(stream.read(4))
    if asked:
        wanted = encodings.canonical_name(asked)
        if marked.startswith(wanted):
            return Detection(marked), mark_length
        if wanted in ("utf-16", "utf-32"):
            # These names leave the byte order to the mark.
            raise FileRefusedError(
                f"The file has no byte order mark of {wanted}. Choose '{wanted}-le' or '{wanted}-be', "
                "or no encoding, to have it detected."
            )
        # Behind a mark that the text is UTF-8, it may have been encoded twice.
        return Detection(wanted), mark_length if wanted == encodings.TWICE_UTF8 else 0
    if marked:
        return Detection(marked), mark_length
    stream.seek(0)
    return encodings.detect_encoding(stream), 0


class _Rewriting(IncomingFile):
    """A file on its way into storage. Where that is not a rename it is read, which may take long as well."""

    def __init__(self, still_alive: Callable[[], None]) -> None:
        super().__init__("content", "text/csv")
        self._still_alive = still_alive

    def read(self, size: int = -1) -> bytes:
        self._still_alive()
        return self.file.read(size)  # type: ignore[union-attr]


def _keep(blocks: Iterator[bytes], still_alive: Callable[[], None]) -> str:
    """Store `blocks` as a new file; returns its name in storage. Raises FileRefusedError if they grow too large."""
    limit = settings.UPLOAD_MAX_BYTES * MAX_UNPACKED_RATIO
    with _Rewriting(still_alive) as file:
        for block in blocks:
            file.write(block)
            if file.tell() > limit:
                raise FileRefusedError(f"The file is larger than {limit // 1024**2:,} MB when unpacked.")
            still_alive()
        file.size = file.tell()
        file.seek(0)
        return default_storage.save(new_content_name(), file)


def _look_into(stream: BinaryIO, job: ImportJob, name: str, encoding: str, start: int) -> Opened:
    """Find the delimiter, the header and the columns of the text that begins at `start`."""
    found = _find_header(stream, job, encoding, start)
    return Opened(
        content_stored_as=name,
        content_size=stream.seek(0, SEEK_END),
        encoding=encoding,
        delimiter=found.delimiter,
        header=found.names,
        columns=columns.find_columns(found.names, job.asked_mapping),
        data=found.data,
    )


@dataclass(frozen=True, slots=True)
class _Header:
    """The first record of a file, by which delimiter it was read, and where the data begins behind it."""

    names: list[str]
    delimiter: str
    data: Position


def _find_header(stream: BinaryIO, file: SentFile, encoding: str, start: int) -> _Header:
    """Read the header of the text that begins at `start`; raises FileRefusedError if there is none."""
    stream.seek(start)
    first_line = next((line for line in stream.read(MAX_RECORD_BYTES).splitlines() if line.strip()), b"")
    if not first_line:
        raise FileRefusedError("The file is empty: it does not even have a header.")
    text = first_line.decode(encoding, "surrogateescape")
    delimiter = file.asked_delimiter or header.find_delimiter(text, file.asked_mapping.get("sku", ""))
    reader = RecordReader(stream, encoding=encoding, delimiter=delimiter, start=Position(start, 1))
    record = next(iter(reader), None)
    if record is None or record.fault:
        raise FileRefusedError(f"The header cannot be read: {record.fault if record else 'there is none'}.")
    return _Header([storable(field).strip() for field in record.fields], delimiter, reader.position)


@dataclass(frozen=True, slots=True)
class Beginning:
    """The beginning of a file, as text that the reader takes; `cut` says that the file continues after it."""

    text: BytesIO
    # What is known of the file's own encoding, and the text's.
    detected: Detection
    text_encoding: str
    delimiter: str
    header: list[str]
    data: Position
    cut: bool


def open_beginning(file: SentFile) -> Beginning:
    """Open the first `BEGINNING_BYTES` of a file, in memory, as the whole would be opened. Its columns are not judged.

    What shows the encoding may come later in the file than that; until there, the text is ASCII, and the same
    in any encoding. Raises FileRefusedError, with a sentence for the sender, if the file cannot be read.
    """
    with open_stored(file.stored_as) as stream:
        content, cut = _first_bytes(encodings.unpacked_blocks(encodings.decompressed(stream) or stream))
    detected, start = _encoding(BytesIO(content), file.asked_encoding)
    encoding = detected.encoding
    text, text_encoding = BytesIO(content), encoding
    if not encodings.is_ascii_compatible(encoding):
        text.seek(start)
        text, text_encoding, start = BytesIO(b"".join(encodings.utf8_blocks(text, encoding))), "utf-8", 0
    found = _find_header(text, file, text_encoding, start)
    return Beginning(text, detected, text_encoding, found.delimiter, found.names, found.data, cut)


def _first_bytes(blocks: Iterator[bytes]) -> tuple[bytes, bool]:
    """The first `BEGINNING_BYTES` of `blocks`, up to a line end, and whether there are more."""
    content = bytearray()
    for block in blocks:
        content += block
        if len(content) > BEGINNING_BYTES:
            end = content.rfind(b"\n", 0, BEGINNING_BYTES) + 1
            return bytes(content[: end or BEGINNING_BYTES]), True
    return bytes(content), False
