"""Files with one damage each, read as an import reads them: no row wrong, none uncounted, and hardly one refused.

The file of 83 rows is written with every delimiter, with a preamble, with two header rows, with rows quoted as a whole;
and in each of these files one row is damaged, in some ten thousand ways, of which some two thousand are tried here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from imports.models import Draft
from imports.opening.beginning import open_beginning, read_excerpt
from imports.reading.csvfile import Record, RecordReader
from imports.reading.dialect import Dialect
from imports.reading.errors import FileRefusedError
from tests.imports.reading.damages import HEADER, Damaged, damages, product_rows, raw_line
from tests.imports.reading.test_damage import check

EVERY = 79
PRODUCTS = product_rows()

pytestmark = pytest.mark.slow

PREAMBLES = ["", "Preisliste 2026\n\n", "Export, 25.11.2026\nShop: Nord; Lager: Süd\n"]
SECOND_ROWS = [[], ["Artikelnummer", "Bezeichnung", "Beschreibung", "VK-Preis", "Aktiv"], ["", "", "", "EUR", "0/1"]]


def opened_records(text: str) -> list[Record]:
    """The records behind the header, as an import of the file would read them."""
    name = default_storage.save("damaged.csv", ContentFile(text.encode()))
    draft = Draft(stored_as=name)
    try:
        opened = open_beginning(draft, read_excerpt(draft)).opened
    finally:
        default_storage.delete(name)
    assert opened.header == HEADER
    content, width = opened.text, len(opened.header)
    return list(
        RecordReader(content.stream, encoding=content.encoding, dialect=content.dialect, start=opened.data, width=width)
    )


def check_all(files: Iterator[tuple[Damaged, str]]) -> None:
    """Check each of the damaged texts, which stands behind its head."""
    tried = missing = refused = 0
    for damaged, head in files:
        tried += 1
        try:
            records = opened_records(head + damaged.text)
        except FileRefusedError:
            refused += 1
            continue
        missing += check(damaged, PRODUCTS, records)
    assert tried > 50
    assert refused == 0
    assert missing < 0.01 * tried * len(PRODUCTS)


def some_damages(dialect: Dialect, *, start: int = 0, always: bool = False) -> Iterator[Damaged]:
    return islice(damages(PRODUCTS, dialect, "\n", always=always), start, None, EVERY)


@pytest.mark.parametrize("preamble", PREAMBLES, ids=["no preamble", "a title", "lines with delimiters"])
@pytest.mark.parametrize("second", SECOND_ROWS, ids=["one header row", "two header rows", "units"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_no_damage_makes_a_row_wrong_whatever_is_above_it(
    delimiter: str, second: list[str], preamble: str, upload_folder: Path
) -> None:
    dialect = Dialect(delimiter)
    head = preamble + "".join(raw_line(row, dialect, "\n") for row in (HEADER, second) if row)
    # Each of these files has other damages.
    start = sum(map(ord, head)) % EVERY
    check_all((damaged, head) for damaged in some_damages(dialect, start=start))


@pytest.mark.parametrize(
    ("dialect", "always"),
    [
        pytest.param(Dialect(";", quote="'"), False, id="single quotation marks"),
        pytest.param(Dialect(";", quote="'"), True, id="everything in single quotation marks"),
        pytest.param(Dialect(escape="\\"), False, id="escaped"),
        pytest.param(Dialect(trailing=1), False, id="a delimiter at the end"),
    ],
)
def test_no_damage_makes_a_row_wrong_in_a_dialect_that_was_detected(
    dialect: Dialect, always: bool, upload_folder: Path
) -> None:
    head = raw_line(HEADER, Dialect(dialect.delimiter), "\n")
    check_all((damaged, head) for damaged in some_damages(dialect, always=always))


@pytest.mark.parametrize("every_row", [True, False], ids=["all rows", "some rows"])
def test_no_damage_makes_a_row_wrong_where_rows_are_quoted_as_a_whole(every_row: bool, upload_folder: Path) -> None:
    rows = [[" ".join(value.split()) for value in row] for row in PRODUCTS]
    lines = [f"{line}\n" for line in damages_whole(rows, every_row=every_row)]
    for number in range(0, len(lines), 3):
        line = lines[number].rstrip("\n")
        for at in {0, 1, line.find(";"), len(line) // 2, len(line) - 1}:
            for changed in (line[:at] + '"' + line[at:], line[:at] + line[at + 1 :], line[:at] + ";" + line[at:]):
                text = "".join([*lines[:number], changed + "\n", *lines[number + 1 :]])
                records = opened_records(";".join(HEADER) + "\n" + text)
                wrong = [
                    record.fields
                    for record in records
                    if not record.damage and len(record.fields) == len(HEADER) and record.fields not in rows
                ]
                # One character of a value is another, where no mark tells.
                assert all(fields[0] == rows[number][0] or fields[1:] == rows[number][1:] for fields in wrong)
                assert len(records) == len(rows)


def damages_whole(rows: list[list[str]], *, every_row: bool) -> Iterator[str]:
    """The lines of `rows`, all or every other one of them quoted as a whole."""
    for number, row in enumerate(rows):
        line = ";".join('"' + value.replace('"', '""') + '"' if '"' in value else value for value in row)
        yield '"' + line.replace('"', '""') + '"' if every_row or number % 2 else line


def test_the_rows_are_those_that_pythons_reader_finds_in_the_undamaged_file(upload_folder: Path) -> None:
    text = "".join(raw_line(row, Dialect(";"), "\n") for row in [HEADER, ["A-1", '"a;""b"""', "", "1", "yes"]])
    assert [record.fields for record in opened_records(text)] == list(csv.reader(text.splitlines()[1:], delimiter=";"))
