"""Opening a file: from what was sent to text that the reader takes, and to its header and columns.

What the reader cannot take as it is, is rewritten once as CSV in UTF-8: archives, workbooks, UTF-16, and the exports of
systems whose rows mean other than what they say. Whole, for a job that imports the file; or only its beginning, in
memory, for somebody who wants to see how it will be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import SEEK_END, BytesIO
from itertools import islice
from typing import BinaryIO, Protocol

from django.conf import settings
from django.core.files.storage import default_storage

from imports.files.incoming import IncomingFile
from imports.files.storage import delete_stored, new_content_name, open_stored
from imports.models import ImportJob, SentFile
from imports.reading import encodings, header
from imports.reading.columns import ColumnsFound, choose
from imports.reading.corrections import is_correction
from imports.reading.csvfile import MAX_RECORD_BYTES, Position, RecordReader
from imports.reading.dialect import Dialect
from imports.reading.encodings import Detection
from imports.reading.errors import FileRefusedError
from imports.reading.formats.recognize import Recognized, format_named, recognize_among
from imports.reading.formats.rewrite import DELIMITER as REWRITTEN_DELIMITER
from imports.reading.formats.rewrite import Rewriter, needs_rewriting
from imports.reading.header import HEADER_AMONG
from imports.reading.numbers import NumberStyle, detect_number_style
from imports.reading.texts import shown, storable
from imports.reading.workbooks import MAX_SHEET_ROWS, check_is_table, open_workbook, sheet_as_csv

# How much larger than the upload limit a compressed file may become.
MAX_UNPACKED_RATIO = 10
# Enough for a thousand rows of 8 KB, and for eight of the longest that are read.
BEGINNING_BYTES = 8 * 1024 * 1024
# By so many records it is decided how numbers and yes or no are written.
SAMPLE_RECORDS = 10_000


@dataclass(frozen=True, slots=True)
class Text:
    """A file as text that the reader takes: `stream` in `encoding`, from the byte `start` on.

    `detected` is the encoding of the file itself. With `has_marks`, control characters stand for what a CSV field
    cannot say (`imports.reading.marks`). `sheet` is the one of `sheets` that was read of a workbook; else empty.
    """

    stream: BinaryIO
    encoding: str
    start: int
    detected: Detection
    delimiter: str = ""
    has_marks: bool = False
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Opened:
    """What was found in a file: its text, its header, where the first row begins, and how all of it is to be read.

    `columns` has the position in the header of each product field that a known format tells; empty if there is none.
    """

    text: Text
    delimiter: str
    header: list[str]
    data: Position
    format: str = ""
    columns: dict[str, int] = field(default_factory=dict)
    # How the prices of the file are written, and what the words of its status column mean.
    numbers: NumberStyle = field(default_factory=NumberStyle)
    words: dict[str, bool] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    content_stored_as: str = ""
    content_size: int = 0


class Place(Protocol):
    """Where the rewritings of a file are kept."""

    def take(self, stream: BinaryIO) -> BinaryIO:
        """The file itself, as far as it is wanted."""

    def keep(self, blocks: Iterator[bytes]) -> BinaryIO:
        """`blocks`, the rewriting of what was kept or taken before."""


def open_file(job: ImportJob, still_alive: Callable[[], None]) -> Opened:
    """Detect how the job's file is to be read. `still_alive` is called now and then while that takes long.

    Raises FileRefusedError, with a sentence for the sender, if the file cannot be imported.
    """
    place = _Stored(job.stored_as, still_alive)
    try:
        with open_stored(job.stored_as, still_alive) as stream:
            opened = _opened(stream, job, place)
            chosen = choose(opened.header, job.options.mapping)
            if not opened.format:
                chosen.check()
            opened = decide(opened, job, chosen)
            size = opened.text.stream.seek(0, SEEK_END)
        place.close()
    except BaseException:
        place.discard()
        raise
    return replace(opened, content_stored_as=place.name, content_size=size)


def decide(opened: Opened, file: SentFile, chosen: ColumnsFound) -> Opened:
    """`opened` with its columns, those of a known format or else the `chosen` ones, and what their values decide."""
    known = format_named(opened.format)
    columns = opened.columns or chosen.columns
    words = known.active if known else {}
    asked = () if known else chosen.questions
    warnings = [*opened.warnings, *(question.sentence for question in asked if not question.must_be_answered)]
    if file.follows and is_correction(opened.header):
        # A few corrected rows do not show how the whole file was written.
        numbers = NumberStyle.from_json(file.follows.numbers)
    else:
        numbers = detect_number_style(_prices(opened, columns), known.decimal if known else "")
    return replace(opened, columns=columns, numbers=numbers, words=dict(words), warnings=warnings)


def _prices(opened: Opened, columns: Mapping[str, int]) -> list[str]:
    """The texts in the price column of the first records."""
    position = columns.get("price")
    if position is None:
        return []
    records = islice(_reader(opened.text, opened.data, len(opened.header)), SAMPLE_RECORDS)
    return [record.fields[position] for record in records if position < len(record.fields) and not record.damage]


@dataclass(frozen=True, slots=True)
class Beginning:
    """The beginning of a file, opened as the whole would be; `cut` says that the file continues after it."""

    opened: Opened
    cut: bool


def open_beginning(file: SentFile) -> Beginning:
    """Open the first `BEGINNING_BYTES` of a file, in memory, as the whole would be opened. Its columns are not judged.

    What shows the encoding may come later in the file than that; until there, the text is ASCII, and the same
    in any encoding. Raises FileRefusedError, with a sentence for the sender, if the file cannot be read.
    """
    place = _InMemory()
    with open_stored(file.stored_as) as stream:
        return Beginning(_opened(stream, file, place), place.cut)


def size_limit() -> int:
    """How many bytes a file may have when it is unpacked."""
    return settings.UPLOAD_MAX_BYTES * MAX_UNPACKED_RATIO


def _opened(stream: BinaryIO, file: SentFile, place: Place) -> Opened:
    text = _text(stream, file, place)
    opened, recognized = _look_into(text, file)
    if recognized is None:
        return opened
    opened = replace(opened, format=recognized.format.name, columns=dict(recognized.columns))
    if not needs_rewriting(recognized, opened.header):
        return opened
    rewriter = Rewriter(recognized, opened.header, header_line=opened.data.line - 1, from_workbook=bool(text.sheet))
    rewritten = place.keep(rewriter.blocks(_records(opened)))
    text = replace(text, stream=rewritten, encoding="utf-8", start=0, delimiter=REWRITTEN_DELIMITER, has_marks=True)
    reader = _reader(text, Position(0, 1))
    next(iter(reader))
    return replace(opened, text=text, data=reader.position, warnings=[*opened.warnings, *rewriter.warnings])


def _text(stream: BinaryIO, file: SentFile, place: Place) -> Text:
    """The text of a file, whatever it is wrapped in."""
    workbook = open_workbook(stream, size_limit())
    if workbook:
        sheet = file.options.sheet or workbook.sheets[0]
        if sheet not in workbook.sheets:
            names = ", ".join(f"'{shown(name)}'" for name in workbook.sheets)
            raise FileRefusedError(f"sheet: the workbook has no sheet '{shown(sheet)}'. Its sheets are {names}.")
        kept = place.keep(sheet_as_csv(workbook, sheet))
        return Text(kept, "utf-8", 0, Detection("utf-8"), ",", has_marks=True, sheet=sheet, sheets=workbook.sheets)
    unpacked = encodings.decompressed(stream)
    stream = place.take(stream) if unpacked is None else place.keep(encodings.unpacked_blocks(unpacked))
    check_is_table(stream.read(1024))
    stream.seek(0)
    detected, start = _encoding(stream, file.options.encoding)
    if encodings.is_ascii_compatible(detected.encoding):
        return Text(stream, detected.encoding, start, detected)
    stream.seek(start)
    return Text(place.keep(encodings.utf8_blocks(stream, detected.encoding)), "utf-8", 0, detected)


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


# No export has nearly as many columns.
MOST_COLUMNS = 5000


def _reader(text: Text, start: Position, width: int | None = None) -> RecordReader:
    return RecordReader(text.stream, encoding=text.encoding, dialect=Dialect(text.delimiter), start=start, width=width)


def _look_into(text: Text, file: SentFile) -> tuple[Opened, Recognized | None]:
    """Find the delimiter and the header of a text, and the known format that it is in, unless a mapping says more.

    Raises FileRefusedError if there is no header.
    """
    text.stream.seek(text.start)
    lines = [line for line in text.stream.read(MAX_RECORD_BYTES).splitlines()[:HEADER_AMONG] if line.strip()]
    if not lines:
        raise FileRefusedError("The file is empty: it does not even have a header.")
    if not text.delimiter:
        decoded = [line.decode(text.encoding, "surrogateescape") for line in lines]
        delimiter = file.options.delimiter or header.find_delimiter(decoded, file.options.mapping.get("sku", ""))
        text = replace(text, delimiter=delimiter)
    start = Position(text.start, 1)
    first = list(islice(_reader(text, start), HEADER_AMONG))
    # A row too wide to be a header is not looked at: that could take minutes.
    records = [record.fields if len(record.fields) <= MOST_COLUMNS else [] for record in first]
    if not any(records):
        raise FileRefusedError(f"The file has no header of {MOST_COLUMNS:,} columns or less.")
    recognized = None if file.options.mapping else recognize_among(records)
    if recognized:
        index, data = recognized[0], recognized[0] + 1
        damage = first[index].damage
    else:
        found = header.find_header(records, file.options.mapping)
        index, data = found.index, found.data
        # Where nothing speaks for another line, the header is the first one.
        damage = first[index].damage if found.score else first[0].damage
    if damage:
        raise FileRefusedError(f"The header cannot be read: {damage.reason}.")
    reader = _reader(text, start)
    for _ in range(data):
        next(iter(reader))
    names = [storable(name).strip() for name in records[index]]
    opened = Opened(text, text.delimiter, names, reader.position, warnings=_warnings(text))
    return opened, recognized[1] if recognized else None


def _records(opened: Opened) -> Iterator[tuple[int, list[str], str]]:
    """The records behind the header, as the rewriting of a known format takes them."""
    for record in _reader(opened.text, opened.data, len(opened.header)):
        yield record.line, record.fields, record.damage.reason if record.damage else ""


def _warnings(text: Text) -> list[str]:
    """What the sender of a workbook should know of it."""
    if not text.sheet:
        return []
    text.stream.seek(0)
    lines = sum(block.count(b"\n") for block in iter(lambda: text.stream.read(encodings.BLOCK_BYTES), b""))
    if lines < MAX_SHEET_ROWS:
        return []
    return [
        f"The sheet has exactly {MAX_SHEET_ROWS:,} rows, the most that a sheet can have: rows behind them were "
        "probably lost when it was saved. Ask for the rest, or for a CSV file."
    ]


class _Rewriting(IncomingFile):
    """A file on its way into storage. Where that is not a rename it is read, which may take long as well."""

    def __init__(self, still_alive: Callable[[], None]) -> None:
        super().__init__("content", "text/csv")
        self._still_alive = still_alive

    def read(self, size: int = -1) -> bytes:
        self._still_alive()
        return self.file.read(size)  # type: ignore[union-attr]


class _Stored:
    """Keeps rewritings in storage, one at a time. `name` is where the last one is."""

    def __init__(self, name: str, still_alive: Callable[[], None]) -> None:
        self.name = self._original = name
        self._still_alive = still_alive
        self._stream: BinaryIO | None = None

    def take(self, stream: BinaryIO) -> BinaryIO:
        """See Place."""
        return stream

    def keep(self, blocks: Iterator[bytes]) -> BinaryIO:
        """See Place. Raises FileRefusedError if `blocks` grow too large."""
        before, self.name = self.name, self._store(blocks)
        self.close()
        if before != self._original:
            delete_stored(before)
        self._stream = open_stored(self.name, self._still_alive)
        return self._stream

    def _store(self, blocks: Iterator[bytes]) -> str:
        limit = size_limit()
        with _Rewriting(self._still_alive) as file:
            for block in blocks:
                file.write(block)
                if file.tell() > limit:
                    raise FileRefusedError(f"The file is larger than {limit // 1024**2:,} MB when unpacked.")
                self._still_alive()
            file.size = file.tell()
            file.seek(0)
            return default_storage.save(new_content_name(), file)

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


class _InMemory:
    """Keeps the beginnings of rewritings in memory."""

    def __init__(self) -> None:
        self.cut = False

    def take(self, stream: BinaryIO) -> BinaryIO:
        """See Place."""
        return self.keep(encodings.unpacked_blocks(stream))

    def keep(self, blocks: Iterator[bytes]) -> BinaryIO:
        """See Place."""
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
