"""Bytes to records: whatever the bytes, the reader goes on, knows the line, and can be resumed behind any record."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from imports.reading import csvfile
from imports.reading.csvfile import Position, Record, RecordReader
from imports.reading.dialect import Dialect

START = Position(0, 1)


def open_reader(data: bytes, *, start: Position = START, encoding: str = "utf-8", delimiter: str = ",") -> RecordReader:
    return RecordReader(io.BytesIO(data), encoding=encoding, dialect=Dialect(delimiter), start=start)


def read(data: bytes, *, encoding: str = "utf-8", delimiter: str = ",") -> list[tuple[int, list[str]]]:
    """The records of `data`, each with its line; a refused one as `["REFUSED"]`."""
    records = open_reader(data, encoding=encoding, delimiter=delimiter)
    return [(record.line, ["REFUSED"] if record.damage else record.fields) for record in records]


@contextmanager
def limits(block: int, record: int) -> Iterator[None]:
    """Small blocks and a small limit, so that short data has what large files have."""
    before = csvfile.BLOCK_BYTES, csvfile.MAX_RECORD_BYTES, csv.field_size_limit(record)
    csvfile.BLOCK_BYTES, csvfile.MAX_RECORD_BYTES = block, record
    try:
        yield
    finally:
        csvfile.BLOCK_BYTES, csvfile.MAX_RECORD_BYTES = before[:2]
        csv.field_size_limit(before[2])


@pytest.mark.parametrize(
    ("data", "records"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"a,b", [(1, ["a", "b"])], id="no line end"),
        pytest.param(b"a,b\nc,d\n", [(1, ["a", "b"]), (2, ["c", "d"])], id="LF"),
        pytest.param(b"a,b\r\nc,d\r\n", [(1, ["a", "b"]), (2, ["c", "d"])], id="CRLF"),
        pytest.param(b"a,b\rc,d\r", [(1, ["a", "b"]), (2, ["c", "d"])], id="lone CR"),
        pytest.param(b"a\nb\rc\r\nd", [(1, ["a"]), (2, ["b"]), (3, ["c"]), (4, ["d"])], id="all line ends in one file"),
        pytest.param(b"a\n\n\r\n\rb\n", [(1, ["a"]), (5, ["b"])], id="blank lines"),
        pytest.param(b"a,b\n,\n,\nc,d\n,\n", [(1, ["a", "b"]), (4, ["c", "d"])], id="lines of separators only"),
        pytest.param(b'a,b\n"",""\nc,d\n', [(1, ["a", "b"]), (3, ["c", "d"])], id="a line of empty quotes"),
        pytest.param(b'"a\nb",c\nd,e\n', [(1, ["a\nb", "c"]), (3, ["d", "e"])], id="quoted LF"),
        pytest.param(b'"a\r\nb",c\r\nd,e', [(1, ["a\r\nb", "c"]), (3, ["d", "e"])], id="quoted CRLF"),
        pytest.param(b'"a\rb",c\rd,e', [(1, ["a\rb", "c"]), (3, ["d", "e"])], id="quoted CR"),
        pytest.param(b'"a\n\n\nb"\nc', [(1, ["a\n\n\nb"]), (5, ["c"])], id="quoted blank lines"),
        pytest.param(b'"a,b","c""d"\n', [(1, ["a,b", 'c"d'])], id="quoted delimiter and quote"),
        pytest.param(b'5" pan,b\nc,d\n', [(1, ['5" pan', "b"]), (2, ["c", "d"])], id="a quote in mid-field"),
        pytest.param(b'5",b\nc,d\n', [(1, ['5"', "b"]), (2, ["c", "d"])], id="a quote at a field's end"),
        pytest.param(b'"a" b,c\nd\n', [(1, ["REFUSED"]), (2, ["d"])], id="text behind a closing quote"),
        pytest.param(b'"a"b"c,d\ne\n', [(1, ["REFUSED"]), (2, ["e"])], id="quotes behind a closing quote"),
        pytest.param(b' "a,b"\n', [(1, [' "a', 'b"'])], id="a space before an opening quote"),
        pytest.param(b'a,"b\nc,d\ne,f\n', [(1, ["REFUSED"]), (2, ["c", "d"]), (3, ["e", "f"])], id="never closed"),
        pytest.param(b'a,b\n"', [(1, ["a", "b"]), (2, ["REFUSED"])], id="a lone quote at the end"),
        pytest.param(b'a,b\nc,"', [(1, ["a", "b"]), (2, ["REFUSED"])], id="a field opened at the end"),
        pytest.param(b'a,b\nc,"\n', [(1, ["a", "b"]), (2, ["REFUSED"])], id="a field opened in the last line"),
        pytest.param(
            b'a\n"b\n\n"c\n"d\n',
            [(1, ["a"]), (2, ["REFUSED"]), (4, ["REFUSED"]), (5, ["REFUSED"])],
            id="an odd number of quotes",
        ),
        pytest.param(b"\0,b\n", [(1, ["\0", "b"])], id="NUL"),
        pytest.param(b"\0end of file", [(1, ["\0end of file"])], id="what the reader itself ends with"),
        pytest.param(b"a\xff,b\n\xc3\xa9\n", [(1, ["a\udcff", "b"]), (2, ["é"])], id="undecodable bytes"),
        pytest.param(
            "a\u2028b\x85c\x0bd\x0ce\x1cf\n".encode(), [(1, ["a\u2028b\x85c\x0bd\x0ce\x1cf"])], id="other breaks"
        ),
    ],
)
@pytest.mark.parametrize("block", [1, 2, 3, 256 * 1024])
def test_it_reads(data: bytes, records: list[tuple[int, list[str]]], block: int) -> None:
    with limits(block, 1024 * 1024):
        assert read(data) == records


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_it_reads_every_delimiter(delimiter: str) -> None:
    data = f'a{delimiter}"b{delimiter}c"\n'.encode()
    assert read(data, delimiter=delimiter) == [(1, ["a", f"b{delimiter}c"])]


def test_a_refused_record_says_why_and_shows_its_first_line() -> None:
    refused, after = open_reader(b'a,"b\nc,d\n')
    assert refused == Record(1, ['a,"b'], refused.damage)
    assert refused.damage
    assert "quotation mark" in refused.damage.reason
    assert after == Record(2, ["c", "d"])


def test_of_a_long_refused_line_the_beginning_is_kept() -> None:
    refused, after = open_reader(b"x" * 2_000_000 + b"\ny\n")
    assert refused.fields == ["x" * csvfile.EXCERPT_BYTES]
    assert refused.damage
    assert "longer than 1 MB" in refused.damage.reason
    assert after == Record(2, ["y"])


@pytest.mark.slow
@pytest.mark.parametrize("before", [0, 1, 100_000, 262_143, 262_144, 900_000])
@pytest.mark.parametrize(
    ("record", "is_read"),
    [
        pytest.param(b"x," * 524_287 + b"x\n", True, id="a line of 1 MB"),
        pytest.param(b"x," * 524_288 + b"x\n", False, id="a line of a little more"),
        pytest.param(b'"' + b"x\n" * 500_000 + b'"\n', True, id="many quoted lines below 1 MB"),
        pytest.param(b'"' + b"x\n" * 524_288 + b'"\n', False, id="many quoted lines of a little more"),
        pytest.param(
            b'"' + b"x" * 1_000_000 + b"\n" + b"x" * 40_000 + b'"\n', True, id="a long quoted line below 1 MB"
        ),
        pytest.param(b'"' + b"x" * 1_000_000 + b"\n" + b"x" * 50_000 + b'"\n', False, id="a long quoted line of more"),
    ],
)
def test_whether_a_record_is_too_long_does_not_depend_on_where_it_stands(
    before: int,
    record: bytes,
    is_read: bool,
) -> None:
    """Lanes stop at different places, and must agree which lane a record belongs to."""
    first = next(iter(open_reader(b"\n" * before + record + b"last\n")))
    assert (first.line, first.damage is None) == (before + 1, is_read)


def test_a_batch_tells_whether_it_may_have_bad_characters() -> None:
    batches = [open_reader(data).read(9) for data in (b"a\xc3\xa9\n", b"a\0\n", b"a\xff\n")]
    assert [batch and batch.has_bad_characters for batch in batches] == [False, True, True]


def test_bad_characters_are_those_of_one_block() -> None:
    reader = open_reader(b"a\0\n" + b"b\n" * csvfile.BLOCK_BYTES)
    batches = list(iter(lambda: reader.read(csvfile.BLOCK_BYTES), None))
    assert [batch.has_bad_characters for batch in batches] == [True] + [False] * (len(batches) - 1)
    assert len(batches) > 1


# Any bytes

PIECES = [b"a", b"b,", b",", b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b"\xff", "é".encode(), "雪".encode(), b" "]
ANY_BYTES = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join),
    st.lists(st.sampled_from([b"a", b'"', b"\n", b"\r", b"a" * 9, b",\r\n"]), max_size=30).map(b"".join),
    st.binary(max_size=60),
)
# The limit is a multiple of the block, as it is in the product.
LIMITS = st.sampled_from([(1, 16), (2, 16), (3, 18), (4, 16), (5, 20), (6, 24), (8, 16), (16, 16), (64, 64)])


def read_plainly(data: bytes, limit: int) -> list[tuple[int, list[str]]]:
    """What the reader must find: line by line, the whole file in memory."""
    lines = data.splitlines(keepends=True)
    if lines and len(lines[-1]) <= limit:
        # What fills the file up behind its end.
        lines[-1] = lines[-1].rstrip(b"\x1a\0")
        lines = list(filter(None, lines))
    texts = [line.decode("utf-8", "surrogateescape") for line in lines]
    found, at = [], 0
    while at < len(lines):
        reader = csv.reader(texts[at:], strict=True)
        try:
            fields = next(reader)
        except csv.Error:
            fields = ["REFUSED"]
        size = sum(map(len, lines[at : at + reader.line_num]))
        if fields == ["REFUSED"] or size > limit:
            found.append((at + 1, ["REFUSED"]))
            at += 1
            continue
        if any(fields):
            found.append((at + 1, fields))
        at += reader.line_num
    return found


@hypothesis_settings(max_examples=400)
@given(ANY_BYTES, LIMITS)
def test_any_bytes_give_what_a_plain_reading_gives(data: bytes, sizes: tuple[int, int]) -> None:
    with limits(*sizes):
        assert read(data) == read_plainly(data, limit=sizes[1])


@hypothesis_settings(max_examples=300)
@given(ANY_BYTES, LIMITS, LIMITS)
def test_reading_can_go_on_behind_any_record(data: bytes, sizes: tuple[int, int], sizes_later: tuple[int, int]) -> None:
    block, limit = sizes
    later_block = next(size for size in (sizes_later[0], 1) if limit % size == 0)
    with limits(block, limit):
        reader = open_reader(data)
        records, positions = [], []
        for record in reader:
            records.append(record)
            positions.append(reader.position)
    for number, position in enumerate(positions, 1):
        lines_before = data[: position.offset].splitlines()
        assert position.line == len(lines_before) + 1
        with limits(later_block, limit):
            assert list(open_reader(data, start=position)) == records[number:]


@hypothesis_settings(max_examples=100)
@given(ANY_BYTES, LIMITS)
def test_at_the_end_there_is_nothing_more(data: bytes, sizes: tuple[int, int]) -> None:
    with limits(*sizes):
        reader = open_reader(data)
        list(reader)
        assert reader.position.offset <= len(data)
        assert list(open_reader(data, start=reader.position)) == []


FIELD = st.text(st.sampled_from('ab,;"\n\r é雪\u2028\x85'), max_size=6)


@hypothesis_settings(max_examples=200)
@given(
    st.lists(st.lists(FIELD, min_size=1, max_size=4), max_size=8),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([1, 2, 3, 5, 64]),
)
def test_well_formed_files_read_as_python_reads_them(rows: list[list[str]], line_end: str, block: int) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(rows)
    with limits(block, 1024 * 1024):
        records = read(text.getvalue().encode())
    assert [fields for _, fields in records] == [row for row in rows if any(row)]


MULTI_BYTE = ["utf-8", "big5", "big5hkscs", "cp932", "cp949", "cp950", "euc_jp", "euc_kr", "gb18030", "gbk", "johab"]


@pytest.mark.parametrize("encoding", [*MULTI_BYTE, "shift_jis", "gb2312", "cp1252", "cp1251", "iso8859-1"])
@hypothesis_settings(max_examples=60)
@given(
    st.lists(st.sampled_from([b"\n", b"\r", b'"', b"a", b"\x81", b"\x8e", b"\xa1", b"0", b"\xff", b"|"])).map(b"".join)
)
def test_no_encoding_hides_a_line_end(encoding: str, data: bytes) -> None:
    """A cut character before a line end must not swallow it: offsets and line numbers would no longer be right."""
    with limits(2, 64):
        reader = open_reader(data, encoding=encoding, delimiter="|")
        for record in reader:
            assert reader.position.line == len(data[: reader.position.offset].splitlines()) + 1
            assert record.line < reader.position.line


# Memory: 100 MB without a line end; with line ends, 10 MB take long enough to read

MEASURE = """
    import resource, sys
    from imports.reading.csvfile import Position, RecordReader
    from imports.reading.dialect import Dialect

    def peak_megabytes():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 if sys.platform == "linux" else 1024) / 1024

    before = peak_megabytes()
    with open(sys.argv[1], "rb") as stream:
        lines = [
            (record.line, bool(record.damage))
            for record in RecordReader(stream, encoding="utf-8", dialect=Dialect(), start=Position(0, 1))
            if record.fields[0][:1] in ("a", "z")
        ]
    print(lines, peak_megabytes() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("beginning", "filling", "refused"),
    [
        pytest.param(b"a", b"x" * 1024, True, id="one line"),
        pytest.param(b'a,"', b"x" * 1024, True, id="one line, and a quote never closed"),
        pytest.param(b"a", b"," * 1024, True, id="one line of nothing but commas"),
        pytest.param(b'a,"', b"x" * 1023 + b"\n", True, id="a quote never closed, and lines"),
        pytest.param(b"a\n", b"\n" * 1024, False, id="nothing but blank lines"),
    ],
)
def test_what_does_not_end_takes_no_memory(
    tmp_path: Path,
    beginning: bytes,
    filling: bytes,
    refused: bool,
) -> None:
    path = tmp_path / "long.csv"
    filler = filling * 1024
    with path.open("wb") as file:
        file.write(b"sku,name\n" + beginning)
        for _ in range(100 if b"\n" not in filling else 10):
            file.write(filler)
        file.write(b"\nz,last\n")
    result = subprocess.run(
        [sys.executable, "-c", dedent(MEASURE), str(path)],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    records, megabytes = result.stdout.rsplit(" ", 1)
    assert records.startswith(f"[(2, {refused})")
    assert records.endswith(", False)]")
    assert float(megabytes) < 40
