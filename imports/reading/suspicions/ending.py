"""The end of a file: whether it was cut in the middle of a row, as by a transfer that broke off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

from imports.reading.csvfile import Position, Record, RecordReader
from imports.reading.dialect import Dialect
from imports.reading.nodata import is_separator_row, is_total_row
from imports.reading.suspicions.sample import examples_text

# The last rows of a file are within so many bytes of its end.
TAIL_BYTES = 128 * 1024


def ending(tail: bytes, *, is_whole: bool, encoding: str, dialect: Dialect, width: int) -> Iterator[str]:
    """A sentence if the last row has no line end and lacks fields, or a closing quotation mark.

    `tail` is the end of a file, or all that follows its header if it `is_whole`; `width` is the number of columns.
    """
    # DOS ended texts with Ctrl-Z, and some transfers fill up blocks.
    text = tail.rstrip(b"\x1a\0")
    if not text or text.endswith((b"\n", b"\r")):
        return
    # A row that the tail begins with may be the rest of one.
    start = 0 if is_whole else max(text.find(b"\n"), text.find(b"\r")) + 1
    reader = RecordReader(BytesIO(text), encoding=encoding, dialect=dialect, start=Position(start, 1), width=width)
    last = None
    for last in reader:  # noqa: B007
        pass
    if last and _is_cut(last, dialect, width):
        yield (
            f"The file seems to be cut off: it ends in the middle of a row, with {examples_text([_end_of(last)])}. "
            "Rows behind it are missing; get the whole file, and import that."
        )


def _is_cut(last: Record, dialect: Dialect, width: int) -> bool:
    fields = last.fields
    if last.damage:
        # With delimiters enough, the quotation mark is the only thing that is wrong; in a text, a space follows them.
        return len(re.findall(f"{re.escape(dialect.delimiter)}(?! )", fields[0])) < width - 1
    if len(fields) >= width or is_total_row(fields) or is_separator_row(fields):
        return False
    # A remark at the end, such as "500 rows exported".
    return len(fields) > 1 or " " not in fields[0].strip()


def _end_of(last: Record) -> str:
    text = " ".join(last.fields)[-30:]
    return text.strip()
