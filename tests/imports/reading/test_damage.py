"""A damaged row costs itself only: none is read somehow, none is swallowed, every other one goes in.

The file of 83 rows is damaged in some ten thousand ways, of which every eleventh is tried here.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imports.reading.csvfile import Position, Record, RecordReader
from imports.reading.dialect import Dialect
from tests.imports.reading.damages import HEADER, Damaged, damages, product_rows

# Every damage is tried by `EVERY = 1`, which takes some minutes.
EVERY = 11
PRODUCTS = product_rows()


def read(text: str, dialect: Dialect | None = None, width: int = len(HEADER)) -> list[Record]:
    dialect = dialect or Dialect()
    stream = io.BytesIO(text.encode())
    return list(RecordReader(stream, encoding="utf-8", dialect=dialect, start=Position(0, 1), width=width))


def accepted(records: list[Record], width: int = len(HEADER)) -> list[list[str]]:
    """The rows that go in: those that can be read and have the right number of fields."""
    return [record.fields for record in records if not record.damage and len(record.fields) == width]


def check(damaged: Damaged, rows: list[list[str]], records: list[Record], delimiter: str = "") -> int:
    """Check that no row is wrong and none uncounted; returns how many undamaged rows are missing.

    If the `delimiter` is told, a part of a damaged row of several lines may be a row where it has as many delimiters.
    """
    width = len(rows[0])
    found = accepted(records, width)
    counts = Counter(map(tuple, found))
    expected = Counter(map(tuple, rows))
    wrong = list(counts - expected - Counter([tuple(damaged.literal)]))
    if delimiter and has_lines_like_a_row(rows[damaged.row], delimiter):
        wrong = [row for row in wrong if letters(row) not in letters(rows[damaged.row])]
    assert not wrong, f"{damaged.what}, row {damaged.row + 1}: read as {wrong}"
    assert len(records) >= len(rows), f"{damaged.what}, row {damaged.row + 1}: {len(records)} rows are counted"
    undamaged = Counter(tuple(row) for number, row in enumerate(rows) if number != damaged.row)
    return (undamaged - counts).total()


def has_lines_like_a_row(row: Sequence[str], delimiter: str) -> bool:
    """Whether some lines of a row of several, not all of them, have as many delimiters as a row."""
    lines = delimiter.join(row).splitlines()
    return any("".join(part).count(delimiter) >= len(row) - 1 for part in (lines[1:], lines[:-1]))


def letters(row: Sequence[str]) -> str:
    """Its letters and digits."""
    return "".join(filter(str.isalnum, "".join(row)))


ON_ONE_LINE = [[" ".join(value.split()) for value in row] for row in PRODUCTS]
SINGLE, ESCAPED, SPACED = Dialect(";", quote="'"), Dialect(escape="\\"), Dialect(skip_initial_space=True)


@pytest.mark.parametrize(
    ("dialect", "line_end", "always"),
    [
        pytest.param(Dialect(), "\n", False, id="commas"),
        pytest.param(Dialect(";"), "\r\n", False, id="semicolons"),
        pytest.param(Dialect("\t"), "\n", False, id="tabs"),
        pytest.param(Dialect(), "\n", True, id="everything quoted"),
        pytest.param(Dialect(trailing=1), "\n", False, id="a delimiter at the end"),
        pytest.param(Dialect(";", trailing=2), "\n", False, id="two delimiters at the end"),
        pytest.param(SINGLE, "\n", False, id="single quotation marks"),
        pytest.param(SINGLE, "\n", True, id="everything in single quotation marks"),
        pytest.param(ESCAPED, "\n", False, id="escaped"),
        pytest.param(ESCAPED, "\r\n", True, id="everything quoted, and escaped"),
        pytest.param(SPACED, "\n", False, id="a space behind each comma"),
        pytest.param(SPACED, "\n", True, id="everything quoted behind a space"),
    ],
)
def test_no_damage_of_one_row_makes_another_row_wrong_or_uncounted(
    dialect: Dialect, line_end: str, always: bool
) -> None:
    # Where a space is behind every comma, words with commas in a line of their own cannot be told from a row.
    products = ON_ONE_LINE if dialect.skip_initial_space else PRODUCTS
    tried = missing = 0
    for damaged in islice(damages(products, dialect, line_end, always=always), 0, None, EVERY):
        missing += check(damaged, products, read(damaged.text, dialect))
        tried += 1
    assert tried > 300
    assert missing < 0.001 * tried * len(PRODUCTS)


def outcomes(text: str, width: int = 3) -> list[tuple[int, str | list[str]]]:
    """Each row with its line: its fields, or what is wrong with it."""
    return [(record.line, record.damage.code if record.damage else record.fields) for record in read(text, width=width)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            'A-1,"Deluxe lamp,10\nA-2,Fan,20\nA-3,Monitor 19",30\n',
            [(1, "quoting"), (2, ["A-2", "Fan", "20"]), (3, ["A-3", 'Monitor 19"', "30"])],
            id="a mark that opens, and one for inches",
        ),
        pytest.param(
            'A-1,Lamp,"10\nA-2,Fan,20\n', [(1, "quoting"), (2, ["A-2", "Fan", "20"])], id="a mark in the last column"
        ),
        pytest.param(
            'A-1,"Lamp" big,10\nA-2,Fan,20\n', [(1, "quoting"), (2, ["A-2", "Fan", "20"])], id="text behind the end"
        ),
        pytest.param(
            'A-1,"Lamp\nbig, red, blue\nround"x,10\nA-2,Fan,20\n',
            [(1, "quoting"), (2, "quoting"), (3, ['round"x', "10"]), (4, ["A-2", "Fan", "20"])],
            id="a field of several lines, one of which looks like a row",
        ),
        pytest.param(
            'A-1,Lamp\nbig, red, blue\nround",10\nA-2,Fan,20\n',
            [(1, "quoting"), (2, "quoting"), (3, "quoting"), (4, ["A-2", "Fan", "20"])],
            id="a field of several lines that no mark opens",
        ),
        pytest.param(
            'A-1,Lamp,big\nround"\nA-2,Fan,20\n',
            [(1, "quoting"), (2, "quoting"), (3, ["A-2", "Fan", "20"])],
            id="the same in the last column, where the first line looks like a row",
        ),
        pytest.param(
            'A-1,"Lamp\n, x,"9"\nA-2,Fan,20\n',
            [(1, "quoting"), (2, "quoting"), (3, ["A-2", "Fan", "20"])],
            id="a line that begins with a comma and a space, as words go on",
        ),
        pytest.param(
            'A-1,"Lamp\nbig,,10\n",10\nA-2,Fan,20\n',
            [(1, ["A-1", "Lamp\nbig,,10\n", "10"]), (4, ["A-2", "Fan", "20"])],
            id="a sound field of several lines with delimiters",
        ),
    ],
)
def test_what_becomes_of_each_line(text: str, expected: list[tuple[int, str | list[str]]]) -> None:
    assert outcomes(text) == expected


def test_the_damage_says_where_it_is() -> None:
    (record,) = read('A-1,Lamp,"big" and round,10,true\n')
    assert record.damage
    assert (record.damage.position, record.damage.text) == (2, '"big" and round,10,true')


def test_a_mark_does_not_swallow_hundreds_of_rows() -> None:
    rows = "".join(f"A-{number},Fan,20\n" for number in range(3000))
    records = read(f'A-x,"Lamp,10\n{rows}A-y,Screen 19",30\n', width=3)
    assert len(records) == 3002
    assert [record.line for record in records if record.damage] == [1]


# Any well-formed file of short fields, and any of the damages

# Rows within a text are told by what looks like one: once a mark is lost, a text may be read as such.
WORD = st.text(st.sampled_from("abcü"), min_size=1, max_size=4)
TEXT = st.lists(st.one_of(WORD, st.sampled_from([' "so" ', "\n", "\r\n", "; ", ", "])), min_size=1, max_size=6).map(
    lambda parts: "x" + "".join(parts) + "x"
)
ROWS = st.lists(st.tuples(WORD, st.one_of(WORD, TEXT), TEXT, st.sampled_from(["", "9.50", "12"])), max_size=8)


@settings(max_examples=150, deadline=None)
@given(ROWS, st.booleans(), st.sampled_from([",", ";"]), st.data())
def test_no_damage_of_any_file_makes_a_row_wrong_or_uncounted(
    found: list[tuple[str, ...]], always: bool, delimiter: str, data: st.DataObject
) -> None:
    rows = [[f"S-{number}{row[0]}", *row[1:]] for number, row in enumerate([*found, ("a", "b", "c", "1")])]
    everything = list(damages(rows, Dialect(delimiter), "\n", always=always))
    damaged = data.draw(st.sampled_from(everything))
    check(damaged, rows, read(damaged.text, Dialect(delimiter), width=len(rows[0])), delimiter)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.booleans(), st.data())
def test_reading_a_damaged_file_can_resume_behind_any_record(
    found: list[tuple[str, ...]], always: bool, data: st.DataObject
) -> None:
    rows = [[f"S-{number}{row[0]}", *row[1:]] for number, row in enumerate([*found, ("a", "b", "c", "1")])]
    damaged = data.draw(st.sampled_from(list(damages(rows, Dialect(), "\n", always=always))))
    stream = io.BytesIO(damaged.text.encode())

    def reader(start: Position) -> RecordReader:
        return RecordReader(stream, encoding="utf-8", dialect=Dialect(), start=start, width=4)

    everything = list(reader(Position(0, 1)))
    first = reader(Position(0, 1))
    while batch := first.read(1):
        rest = [record for record in everything if record.line > batch.lines[-1]]
        assert list(reader(first.position)) == rest
