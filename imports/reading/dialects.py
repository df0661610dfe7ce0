"""Which dialect a text is in, by a sample of it: what is unusual has to fit all of its rows, and better than the usual.

What is no more than possible is not taken: its rows would be read in some way, instead of being rejected. Some rows in
ten may be damaged, though, whatever the dialect is. Knows nothing of products but how a SKU column is called.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import islice

from imports.reading.csvfile import Position, RecordReader
from imports.reading.dialect import Dialect
from imports.reading.header import DELIMITER_NAMES, find_delimiter
from imports.reading.wrapped import unwrapped

# So much of a text is read in each of the dialects that it may be in, from a little before what suggests one.
TRIED_BYTES = 16 * 1024
BYTES_BEFORE = 2 * 1024
# Of so many rows one may be damaged; and one in any case.
DAMAGED = 10
# What stands in one row only may be its damage.
ENOUGH = 2

_SEPARATOR_LINE = re.compile(r"""["']?sep=(.)["']?\s*""", re.IGNORECASE)


def detect_delimiter(lines: Sequence[str], sku_column: str) -> str:
    """The delimiter of a text that begins with `lines`: the one that Excel's line `sep=;` says, or that its header has.

    `sku_column` is the name that a mapping gives to the SKU column, or empty.
    """
    said = _SEPARATOR_LINE.fullmatch(lines[0])
    if said and said[1] in DELIMITER_NAMES:
        return said[1]
    return find_delimiter([_unquoted(line) for line in lines], sku_column)


def _unquoted(line: str) -> str:
    """`line`, without the quotation marks if it is quoted as a whole."""
    return unwrapped(line.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def has_wrapped_lines(sample: bytes, delimiter: str) -> bool:
    """Whether some rows are quoted as a whole ("a;b;c"), and have as many fields as all others then."""
    lines = sample[:TRIED_BYTES].splitlines(keepends=True)
    plain = [unwrapped(line, delimiter) for line in lines]
    if plain == lines:
        return False
    rows = list(_records(b"".join(plain), "latin-1", Dialect(delimiter)))
    width, count = _usual_width(rows)
    # Read alone, a line that was quoted as a whole has all the columns.
    alone = [
        next(_records(after, "latin-1", Dialect(delimiter)), None)
        for before, after in zip(lines, plain, strict=True)
        if before != after
    ]
    fitting = sum(1 for fields in alone if fields and len(fields) == width)
    # One such row below a header may as well be damaged: others have to show how many columns there are.
    is_shown = max(fitting, count - 1) >= ENOUGH
    return width > 1 and is_shown and _is_all_but_damaged(fitting, len(alone))


def detect_dialect(sample: bytes, encoding: str, delimiter: str, quote: str = "", escape: str = "") -> Dialect:
    """The dialect of a text that begins with `sample`; the `delimiter` is known, and what else somebody has said."""
    dialect = Dialect(delimiter, quote or '"', escape)
    if not quote:
        dialect = _with_single_quotes(sample, encoding, dialect)
    if not escape:
        dialect = _with_escape(sample, encoding, dialect)
    return _with_space(sample, encoding, dialect)


def remarks(dialect: Dialect) -> list[str]:
    """What is unusual in a `dialect`, as sentences for the sender."""
    found = []
    if dialect.quote == "'":
        found.append("Fields are quoted with single quotation marks.")
    if dialect.escape:
        found.append(f"A quotation mark within a field is written with a backslash: {dialect.escape}{dialect.quote}")
    if dialect.skip_initial_space:
        found.append("Spaces behind a delimiter are no part of the field.")
    if dialect.trailing:
        found.append("Each row ends with a delimiter; the empty fields behind the last column are ignored.")
    return found


# More empty fields behind the columns than spreadsheets leave are no style.
MOST_SURPLUS = 1000


def surplus_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """How many empty fields the `rows` have behind the columns of the `header`; negative if it is the header that has.

    Only where they all have so many: one more field may also come of a delimiter too many.
    """
    width, count = _usual_width(rows)
    surplus = width - len(header)
    if surplus > MOST_SURPLUS:
        return 0
    if surplus < 0:
        is_empty = not any(name.strip() for name in header[width:]) and width > 0
        return surplus if is_empty and _is_all_but_damaged(count, len(rows)) else 0
    count = sum(1 for row in rows if len(row) == width and not any(row[len(header) :]))
    return surplus if _is_all_but_damaged(count, len(rows)) else 0


def _with_single_quotes(sample: bytes, encoding: str, dialect: Dialect) -> Dialect:
    delimiter = re.escape(dialect.delimiter.encode())
    # Two marks and nothing else may be a text as well as an empty field.
    begin = re.compile(rb"(?:^|[\r\n]|" + delimiter + rb") *(['\"])(?!\1(?:" + delimiter + rb"|[\r\n]|$))")
    marks = Counter(begin.findall(sample[:TRIED_BYTES]))
    if marks[b"'"] < ENOUGH:
        return dialect
    single = replace(dialect, quote="'")
    # Some of its marks are escaped perhaps.
    quoted = max(single, _with_escape(sample, encoding, single), key=lambda one: _Reading(sample, encoding, one).sound)
    reading, before = _Reading(sample, encoding, quoted), _Reading(sample, encoding, dialect)
    if not reading.is_sound:
        return dialect
    is_better = reading.sound >= before.sound + ENOUGH
    # Where both fit, either marks may be text.
    is_only_mark = marks[b'"'] * DAMAGED <= marks[b"'"]
    is_quoted = is_only_mark and reading.sound >= before.sound and before.has_column_between("'")
    return single if is_better or is_quoted else dialect


def _with_escape(sample: bytes, encoding: str, dialect: Dialect) -> Dialect:
    mark = b"\\" + dialect.quote.encode()
    region = _region(sample, mark)
    if region.count(mark) < ENOUGH:
        return dialect
    escaped = replace(dialect, escape="\\")
    reading = _Reading(region, encoding, escaped)
    is_better = reading.is_sound and reading.sound > _Reading(region, encoding, dialect).sound
    return escaped if is_better else dialect


def _with_space(sample: bytes, encoding: str, dialect: Dialect) -> Dialect:
    """A space behind each delimiter, or at least before quoted fields."""
    begin = dialect.delimiter.encode() + b" "
    start = sample[:TRIED_BYTES]
    if start.count(begin) * 2 < start.count(begin[:1]):
        # Not behind most delimiters. It matters where it is before a quotation mark.
        begin += dialect.quote.encode()
    region = _region(sample, begin)
    if region.count(begin) < ENOUGH:
        return dialect
    spaced = replace(dialect, skip_initial_space=True)
    reading, before = _Reading(region, encoding, spaced), _Reading(region, encoding, dialect)
    if not reading.is_sound or reading.sound < before.sound:
        return dialect
    is_better = reading.sound >= before.sound + ENOUGH
    return spaced if is_better or before.is_spaced or before.has_quotes_behind_space(dialect.quote) else dialect


class _Reading:
    """How a text reads in a dialect: `sound` rows have as many fields as most."""

    def __init__(self, text: bytes, encoding: str, dialect: Dialect) -> None:
        records = list(_all_records(text, encoding, dialect))
        self._rows = [fields for fields in records if fields is not None]
        self._width, self.sound = _usual_width(self._rows)
        self.is_sound = self._width > 1 and _is_all_but_damaged(self.sound, len(records))

    def has_column_between(self, mark: str) -> bool:
        """Whether all values of a column stand between two of `mark`."""
        for column in zip(*(fields for fields in self._rows if len(fields) == self._width), strict=True):
            values = [value.strip() for value in column if value.strip()]
            between = sum(1 for value in values if len(value) > 1 and value[0] == value[-1] == mark)
            if between >= ENOUGH and _is_all_but_damaged(between, len(values)):
                return True
        return False

    @property
    def is_spaced(self) -> bool:
        """Whether a space begins every field but the first ones, and the empty ones."""
        spaced = sum(1 for fields in self._rows if all(field[:1] in ("", " ") for field in fields[1:]))
        return _is_all_but_damaged(spaced, len(self._rows))

    def has_quotes_behind_space(self, quote: str) -> bool:
        """Whether fields begin with a space and a quotation mark."""
        marked = [field for fields in self._rows for field in fields if field[:1] == " "]
        return sum(1 for field in marked if field.lstrip()[:1] == quote) >= ENOUGH


def _is_all_but_damaged(count: int, among: int) -> bool:
    return count > 0 and among - count <= max(1 if among > ENOUGH else 0, among // DAMAGED)


def _usual_width(rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    """The number of fields that most rows have, and how many of them have it."""
    ((width, count),) = Counter(map(len, rows)).most_common(1) or [(0, 0)]
    return width, count


def _region(sample: bytes, mark: bytes) -> bytes:
    """What is around the first `mark`, from the beginning of a line on; nothing if there is none."""
    at = sample.find(mark)
    if at < 0:
        return b""
    begin = max(0, at - BYTES_BEFORE)
    if begin:
        begin = max(sample.find(b"\n", begin, at), sample.rfind(b"\n", 0, begin)) + 1
    return sample[begin : begin + TRIED_BYTES]


def _records(text: bytes, encoding: str, dialect: Dialect) -> Iterator[list[str]]:
    """The records of `text` that can be read."""
    return (fields for fields in _all_records(text, encoding, dialect) if fields is not None)


def _all_records(text: bytes, encoding: str, dialect: Dialect) -> Iterator[list[str] | None]:
    """The records of `text`; None for one that is damaged."""
    reader = RecordReader(BytesIO(text), encoding=encoding, dialect=dialect, start=Position(0, 1))
    for record in islice(reader, TRIED_BYTES):
        yield None if record.damage else record.fields
