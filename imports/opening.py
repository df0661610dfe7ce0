"""Opening a file: from what was sent to text that the reader takes, and to its header and columns.

What the reader cannot take as it is, is rewritten once as CSV in UTF-8: archives, workbooks, UTF-16, and the exports of
systems whose rows mean other than what they say. Whole, for a job that imports the file; or only its beginning, in
memory, for somebody who wants to see how it will be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import SEEK_END, BytesIO
from itertools import islice
from typing import BinaryIO, Protocol

from django.conf import settings
from django.core.files.storage import default_storage

from imports.files.incoming import IncomingFile
from imports.files.storage import delete_stored, new_content_name, open_stored
from imports.models import ImportJob, SentFile
from imports.options import HIGHEST_HEADER_LINE, NO_HEADER
from imports.reading import dialects, encodings, header, spaced
from imports.reading.columns import ColumnsFound, choose
from imports.reading.corrections import ADDED_COLUMNS, is_correction
from imports.reading.csvfile import MAX_RECORD_BYTES, Position, Record, RecordReader
from imports.reading.dialect import Dialect
from imports.reading.encodings import Detection
from imports.reading.errors import FileRefusedError
from imports.reading.formats.recognize import Recognized, format_named, recognize_among
from imports.reading.formats.rewrite import DELIMITER as REWRITTEN_DELIMITER
from imports.reading.formats.rewrite import Rewriter, needs_rewriting
from imports.reading.header import HEADER_AMONG
from imports.reading.numbers import NumberStyle, detect_number_style, with_asked
from imports.reading.proposals import rows_looked_at
from imports.reading.questions import HEADER_QUESTION, Question
from imports.reading.suspicions.content import SAMPLE_RECORDS, Content
from imports.reading.suspicions.damaged_skus import NO_DAMAGE, DamagedSkus
from imports.reading.suspicions.ending import TAIL_BYTES
from imports.reading.texts import shown
from imports.reading.workbooks import MAX_SHEET_ROWS, check_is_table, open_workbook, sheet_as_csv
from imports.reading.wrapped import unwrapped_blocks
from imports.suspicions import warnings_of

# How much larger than the upload limit a compressed file may become.
MAX_UNPACKED_RATIO = 10
# Enough for a thousand rows of 8 KB, and for eight of the longest that are read.
BEGINNING_BYTES = 8 * 1024 * 1024
# By so many records it is decided whether each row ends with a delimiter.
SAMPLE_RECORDS_OF_WIDTH = 500


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
    dialect: Dialect = field(default_factory=Dialect)
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
    # The lines of the header: one, or two with a second row of names or units; none if the file has no header.
    header_lines: list[int] = field(default_factory=list)
    # The line taken for the header may be a product: nothing tells that it is a header, and nobody has said so.
    looks_like_data: bool = False
    format: str = ""
    columns: dict[str, int] = field(default_factory=dict)
    # How the prices of the file are written, and what the words of its status column mean.
    numbers: NumberStyle = field(default_factory=NumberStyle)
    words: dict[str, bool] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    # The SKUs whose rows are rejected, since a spreadsheet has made one of several.
    damaged: DamagedSkus = NO_DAMAGE
    content_stored_as: str = ""
    content_size: int = 0

    def question(self, chosen: ColumnsFound) -> Question | None:
        """What must be said before the file can be imported, if anything: no product is lost in silence."""
        if self.format:
            return None
        return HEADER_QUESTION if self.looks_like_data else chosen.open_question


class QuestionOpenError(FileRefusedError):
    """Only the sender can say which column is which, or whether there is a header.

    `opened` and `chosen` are what was found all the same.
    """

    def __init__(self, question: Question, opened: Opened, chosen: ColumnsFound) -> None:
        super().__init__(question.sentence)
        self.question = question
        self.opened = opened
        self.chosen = chosen


# A record as the rewriting of a known format takes it: its line, its fields, why it cannot be read.
_Written = tuple[int, list[str], str]


class Place(Protocol):
    """Where the rewritings of a file are kept."""

    def take(self, stream: BinaryIO) -> BinaryIO:
        """The file itself, as far as it is wanted."""

    def keep(self, blocks: Iterator[bytes]) -> BinaryIO:
        """`blocks`, the rewriting of what was kept or taken before."""

    def wanted(self, records: Iterator[_Written]) -> Iterator[_Written]:
        """Those of the `records` behind the header that are to be rewritten."""


def open_file(job: ImportJob, still_alive: Callable[[], None]) -> Opened:
    """Detect how the job's file is to be read. `still_alive` is called now and then while that takes long.

    Raises FileRefusedError, with a sentence for the sender, if the file cannot be imported; QuestionOpenError if it is
    only not clear which column is which.
    """
    place = _Stored(job.stored_as, still_alive)
    try:
        with open_stored(job.stored_as, still_alive) as stream:
            opened = _opened(_text(stream, job, place), job, place)
            records = [] if opened.format else list(_first_records(opened, rows_looked_at(len(opened.header))))
            chosen = choose(opened.header, job.options.mapping, records)
            opened = decide(opened, job, chosen)
            _check_answered(opened, chosen)
            size = opened.text.stream.seek(0, SEEK_END)
        place.close()
    except BaseException:
        place.discard()
        raise
    return replace(opened, content_stored_as=place.name, content_size=size)


def _check_answered(opened: Opened, chosen: ColumnsFound) -> None:
    if question := opened.question(chosen):
        raise QuestionOpenError(question, opened, chosen)


def decide(opened: Opened, file: SentFile, chosen: ColumnsFound, beginning: Beginning | None = None) -> Opened:
    """`opened` with its columns, those of a known format or else the `chosen` ones, and what their values decide.

    And what they make suspicious. If `opened` is only the `beginning` of the file, as far as that goes.
    """
    known = format_named(opened.format)
    columns = opened.columns or chosen.columns
    words = {**(known.active if known else {}), **file.options.words}
    asked = () if known else chosen.questions
    warnings = [*opened.warnings, *(question.sentence for question in asked if not question.must_be_answered)]
    opened = replace(opened, columns=columns, words=words, warnings=warnings)
    content = _content(opened, beginning)
    sample = content.sample()
    is_corrected = is_correction(opened.header)
    if file.follows and is_corrected:
        # A few corrected rows do not show how the whole file was written.
        numbers = NumberStyle.from_json(file.follows.numbers)
    else:
        numbers = detect_number_style(sample.values("price"), known.decimal if known else "")
    opened = replace(opened, numbers=with_asked(numbers, file.options.numbers))
    if "sku" not in columns:
        return opened
    known_damage, least = NO_DAMAGE, 2
    if is_corrected:
        # Of rejected rows that come back, the others with the same damaged SKU may have been corrected.
        known_damage = DamagedSkus.from_json(file.follows.damaged_skus) if file.follows else NO_DAMAGE
        least = 2 if file.follows else 1
    damaged, told = content.damaged_skus(sample, known_damage, least=least)
    suspicions = [*told, *warnings_of(sample, opened.numbers, words), *content.ending()]
    return replace(opened, damaged=damaged, warnings=[*warnings, *suspicions])


def _content(opened: Opened, beginning: Beginning | None) -> Content:
    text = opened.text
    return Content(
        text.stream,
        text.encoding,
        text.dialect,
        opened.data,
        opened.header,
        opened.columns,
        has_marks=text.has_marks,
        is_sheet=bool(text.sheet),
        is_cut=bool(beginning and beginning.cut),
        tail=beginning.tail if beginning else b"",
    )


def _first_records(opened: Opened, count: int) -> Iterator[list[str]]:
    """The fields of the first `count` records, without the damaged ones."""
    records = _narrow_records(opened.text, opened.data, count, len(opened.header))
    return (record.fields for record in records if record.fields and not record.damage)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a file as text, in memory.

    `cut` says that the file continues after it, `is_rewritten` that it is not the file's own bytes: then it may have
    taken long to make. `tail` is the end of a file that is cut, unless it is rewritten.
    """

    text: Text
    cut: bool
    is_rewritten: bool
    tail: bytes = b""


def read_excerpt(file: SentFile) -> Excerpt:
    """The first `BEGINNING_BYTES` of a file. Depends on the file and on those of its options that `text_options` gives.

    What shows the encoding may come later in the file than that; until there, the text is ASCII, and the same
    in any encoding. Raises FileRefusedError, with a sentence for the sender, if the file cannot be read.
    """
    place = _InMemory()
    with open_stored(file.stored_as) as stream:
        text = _text(stream, file, place)
    return Excerpt(text, place.cut, place.has_rewritten, place.tail)


def text_options(file: SentFile) -> dict[str, str]:
    """What was asked for that decides what the text of a file is."""
    return {"sheet": file.options.sheet, "encoding": file.options.encoding}


@dataclass(frozen=True, slots=True)
class Beginning:
    """The beginning of a file, opened as the whole would be; `cut` says that the file continues after it.

    Then `tail` is its end, where the file is read as it is.
    """

    opened: Opened
    cut: bool
    tail: bytes = b""


def open_beginning(file: SentFile, excerpt: Excerpt) -> Beginning:
    """Open the `excerpt` of a file, in memory, as the whole would be opened. Its columns are not judged.

    Raises FileRefusedError, with a sentence for the sender, if the file cannot be read.
    """
    place = _InMemory(cut=excerpt.cut)
    opened = _opened(excerpt.text, file, place)
    return Beginning(opened, place.cut, b"" if place.has_rewritten else excerpt.tail)


def size_limit() -> int:
    """How many bytes a file may have when it is unpacked."""
    return settings.UPLOAD_MAX_BYTES * MAX_UNPACKED_RATIO


def _opened(text: Text, file: SentFile, place: Place) -> Opened:
    delimiter, warnings = text.dialect.delimiter, _warnings(text)
    if not text.sheet:
        text, delimiter, warnings = _in_dialect(text, file, place)
    opened, recognized = _look_into(text, file)
    opened = replace(opened, delimiter=delimiter, warnings=[*warnings, *opened.warnings])
    if recognized is None:
        return opened
    opened = replace(opened, format=recognized.format.name, columns=dict(recognized.columns))
    if not needs_rewriting(recognized, opened.header):
        return opened
    rewriter = Rewriter(recognized, opened.header, header_line=opened.data.line - 1, from_workbook=bool(text.sheet))
    rewritten = place.keep(rewriter.blocks(place.wanted(_records(opened))))
    text = replace(
        text, stream=rewritten, encoding="utf-8", start=0, dialect=Dialect(REWRITTEN_DELIMITER), has_marks=True
    )
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
        return Text(kept, "utf-8", 0, Detection("utf-8"), has_marks=True, sheet=sheet, sheets=workbook.sheets)
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


# As many as a spreadsheet can have.
MOST_COLUMNS = 16_384


def _reader(text: Text, start: Position, width: int | None = None) -> RecordReader:
    return RecordReader(text.stream, encoding=text.encoding, dialect=text.dialect, start=start, width=width)


def _narrow_records(text: Text, start: Position, count: int, width: int | None = None) -> Iterator[Record]:
    """The first records from `start` on. Of one too wide to be a header no field is given: that could take minutes."""
    for record in islice(_reader(text, start, width), count):
        yield record if len(record.fields) <= MOST_COLUMNS else record._replace(fields=[])


def _in_dialect(text: Text, file: SentFile, place: Place) -> tuple[Text, str, list[str]]:
    """`text` in its dialect, the delimiter of the file itself, and what to say of it to the sender.

    Rows that are quoted as a whole, and columns by spaces, are rewritten. What the options say wins.
    """
    text.stream.seek(text.start)
    sample = text.stream.read(BEGINNING_BYTES)
    decoded = [line.decode(text.encoding, "surrogateescape") for line in _first_lines(sample, file.options.header_line)]
    if not decoded:
        return text, "", []
    asked = file.options
    if all(name in decoded[0] for name in ADDED_COLUMNS):
        # The file of rejected rows is in the usual dialect, whatever the original was in.
        asked = replace(asked, delimiter=asked.delimiter.strip(" "), quote='"', escape="")
    delimiter = asked.delimiter or dialects.detect_delimiter(decoded, asked.mapping.get("sku", ""))
    text.stream.seek(text.start)
    if delimiter == " ":
        blocks = spaced.tabbed_blocks(text.stream, asked.quote or '"')
        dialect = Dialect(spaced.DELIMITER, asked.quote or '"', asked.escape)
        return replace(text, stream=place.keep(blocks), start=0, dialect=dialect), delimiter, []
    warnings = []
    if not asked.quote and dialects.has_wrapped_lines(sample, delimiter):
        text = replace(text, stream=place.keep(unwrapped_blocks(text.stream, delimiter)), start=0)
        sample = text.stream.read(BEGINNING_BYTES)
        warnings = ["Some rows are quoted as a whole; they are read without these quotation marks."]
    dialect = dialects.detect_dialect(sample, text.encoding, delimiter, asked.quote, asked.escape)
    unasked = replace(
        dialect, quote='"' if asked.quote else dialect.quote, escape="" if asked.escape else dialect.escape
    )
    return replace(text, dialect=dialect), delimiter, [*warnings, *dialects.remarks(unasked)]


def _first_lines(sample: bytes, header_line: int | None) -> list[bytes]:
    """The lines that the header is among; the one that is said to be it, which then tells the delimiter."""
    lines = sample[:MAX_RECORD_BYTES].splitlines()
    among = slice(header_line - 1, header_line) if header_line else slice(HEADER_AMONG)
    return [line for line in lines[among] if line.strip()] or list(filter(bytes.strip, lines))[:1]


def _in_its_width(text: Text, names: list[str], data: Position) -> tuple[Text, list[str], list[str]]:
    """`text` and the header, where delimiters end each row or only the header; and what to say of it to the sender."""
    records = _narrow_records(text, data, SAMPLE_RECORDS_OF_WIDTH)
    surplus = dialects.surplus_of(names, [record.fields for record in records if not record.damage])
    if text.sheet or not surplus:
        return text, names, []
    if surplus < 0:
        return text, names[:surplus], ["The header ends with a delimiter, which the rows do not have; it is ignored."]
    dialect = replace(text.dialect, trailing=surplus)
    return replace(text, dialect=dialect), names, dialects.remarks(Dialect(trailing=surplus))


def _look_into(text: Text, file: SentFile) -> tuple[Opened, Recognized | None]:
    """Find the header of a text, and the known format that it is in, unless a mapping says more.

    Raises FileRefusedError if there is no header.
    """
    text.stream.seek(text.start)
    asked = file.options.header_line
    if not _first_lines(text.stream.read(MAX_RECORD_BYTES), asked):
        raise FileRefusedError("The file is empty: it does not even have a header.")
    start = Position(text.start, 1)
    first = list(_narrow_records(text, start, HEADER_AMONG if asked is None else HIGHEST_HEADER_LINE))
    records = [record.fields for record in first]
    if first and not any(records):
        raise FileRefusedError(f"The file has no header of {MOST_COLUMNS:,} columns or less.")
    chosen = _record_in_line(asked, first) if asked else None
    recognized = None
    if not file.options.mapping and asked != NO_HEADER:
        recognized = recognize_among(records if chosen is None else [records[chosen]])
    if recognized:
        index = recognized[0] if chosen is None else chosen
        found = header.HeaderFound(index, records[index], 1, (index,))
    elif asked == NO_HEADER:
        found = header.without_header(records, is_sheet=bool(text.sheet))
    else:
        found = header.find_header(records, file.options.mapping, chosen)
    # Where nothing speaks for another line, the header is the first one.
    judged = first[found.index if found.score or asked else 0]
    if judged.damage and asked != NO_HEADER:
        raise FileRefusedError(f"The header cannot be read: {judged.damage.reason}.")
    reader = _reader(text, start)
    for _ in range(found.data):
        next(iter(reader))
    names = [header.clean_name(name) for name in found.names]
    text, names, warnings = _in_its_width(text, names, reader.position)
    opened = Opened(
        text,
        text.dialect.delimiter,
        names,
        reader.position,
        header_lines=[first[row].line for row in found.rows],
        looks_like_data=asked is None and found.looks_like_data,
        warnings=warnings,
    )
    return opened, recognized[1] if recognized else None


def _record_in_line(line: int, first: list[Record]) -> int:
    """Which of the `first` records begins in that line. Raises FileRefusedError if none does."""
    for index, record in enumerate(first):
        if record.line == line:
            return index
        if record.line > line:
            raise FileRefusedError(f"header_line: no row begins in line {line}; it is blank, or a part of another row.")
    raise FileRefusedError(f"header_line: the file has no line {line} that could be the header.")


def _records(opened: Opened) -> Iterator[_Written]:
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

    def wanted(self, records: Iterator[_Written]) -> Iterator[_Written]:
        """See Place."""
        return records

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

    def wanted(self, records: Iterator[_Written]) -> Iterator[_Written]:
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
