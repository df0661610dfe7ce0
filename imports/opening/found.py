"""What is found in a file when it is opened: its text, its header and columns, and how all of it is to be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from imports.reading.columns import ColumnsFound
from imports.reading.csvfile import Position
from imports.reading.dialect import Dialect
from imports.reading.encodings import Detection
from imports.reading.numbers import NumberStyle
from imports.reading.questions import HEADER_QUESTION, Question
from imports.reading.suspicions.damaged_skus import NO_DAMAGE, DamagedSkus


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
    # What to say of the choice of the sheet, if it might surprise.
    sheet_remarks: list[str] = field(default_factory=list)


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
    # It ends in the middle of a row.
    is_cut_off: bool = False
    # The SKUs whose rows are rejected, since a spreadsheet has made one of several.
    damaged: DamagedSkus = NO_DAMAGE
    # What has to be said of columns that are not those of the supplier's files so far.
    drift: Question | None = None
    content_stored_as: str = ""
    content_size: int = 0

    def question(self, chosen: ColumnsFound) -> Question | None:
        """What must be said before the file can be imported, if anything: no product is lost in silence."""
        if self.drift:
            return self.drift
        if self.format:
            return None
        return HEADER_QUESTION if self.looks_like_data else chosen.open_question


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


@dataclass(frozen=True, slots=True)
class Beginning:
    """The beginning of a file, opened as the whole would be; `cut` says that the file continues after it.

    Then `tail` is its end, where the file is read as it is.
    """

    opened: Opened
    cut: bool
    tail: bytes = b""
