"""Workbooks: what their cells hold comes out as their sender meant it, and what is no workbook is named."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from imports.reading.errors import FileRefusedError
from imports.reading.marks import ERROR_MARK, LINE_BREAK
from imports.reading.sheets import xls
from imports.reading.sheets.cells import MAX_COLUMNS
from imports.reading.workbooks import address_of, check_is_table, open_workbook, sheet_as_csv

FILES = Path(__file__).parent / "files"
LIMIT = 10 * 1024 * 1024


def read(content: bytes, sheet: str = "") -> list[str]:
    workbook = open_workbook(io.BytesIO(content), LIMIT)
    assert workbook is not None
    return b"".join(sheet_as_csv(workbook, sheet or workbook.sheets[0])).decode().split("\n")[:-1]


def xlsx(*rows: Sequence[object]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Products")
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def rezipped(content: bytes, changes: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A workbook of which some parts are others, or new."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", method) as new:
        for name, part in ({name: old.read(name) for name in old.namelist()} | changes).items():
            new.writestr(name, part)
    return file.getvalue()


@pytest.mark.parametrize("suffix", ["xlsx", "xls"])
def test_cells_come_out_as_they_were_meant(suffix: str) -> None:
    lines = read((FILES / f"products.{suffix}").read_bytes())
    assert lines[:5] == [
        "sku,name,price,is_active,since",
        f"00123,Chair{LINE_BREAK}blue,19.99,true,2026-03-01",
        "00124,Größe,0.3,false",
        "",
        f"4006381333931,Lamp,{ERROR_MARK}#DIV/0!",
    ]


def test_an_ods_sheet_is_read_too() -> None:
    lines = read((FILES / "products.ods").read_bytes())
    assert lines[1] == f"00123,Chair{LINE_BREAK}blue,19.99,true"
    assert lines[4] == "4006381333931,Lamp,#DIV/0!"


def test_a_formula_is_the_value_that_was_last_computed() -> None:
    assert read((FILES / "products.xlsx").read_bytes())[5] == "A-6,Desk 00123,39.98"


def test_any_sheet_can_be_chosen() -> None:
    content = (FILES / "products.xlsx").read_bytes()
    workbook = open_workbook(io.BytesIO(content), LIMIT)
    assert workbook is not None
    assert workbook.sheets == ["Products", "Notes"]
    assert read(content, "Notes") == ["nothing"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("00123", "00123"),
        (" spaces ", " spaces "),
        ("=text", "=text"),
        (12.0, "12"),
        (0.1 + 0.2, "0.3"),
        (1e20, "100000000000000000000"),
        (1.5e-7, "0.00000015"),
        (123456789012345, "123456789012345"),
        (True, "true"),
        (datetime(2026, 3, 1, 14, 30), "2026-03-01 14:30:00"),  # noqa: DTZ001 - a cell has no time zone
        (None, ""),
    ],
)
def test_a_value_is_written_as_a_csv_file_would_have_it(value: object, text: str) -> None:
    book = openpyxl.Workbook()
    cell = book.active["A1"]
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
    book.active["B1"] = "end"
    file = io.BytesIO()
    book.save(file)
    assert read(file.getvalue()) == [f"{text},end"]


def test_each_row_of_the_sheet_is_one_line_whatever_its_cells_hold() -> None:
    lines = read(xlsx(["sku", "name"], ["A", "one\ntwo\r\nthree"], [None, None], ["B"]))
    assert lines == ["sku,name", f"A,one{LINE_BREAK}two{LINE_BREAK}three", "", "B"]


def test_what_is_no_workbook_is_left_to_others() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("products.csv", "sku\n")
    for content in (b"", b"sku,name\n", archive.getvalue(), b"PK\x03\x04 damaged"):
        assert open_workbook(io.BytesIO(content), LIMIT) is None


@pytest.mark.parametrize(
    "content", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]
)
def test_a_damaged_xls_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(FileRefusedError, match="workbook cannot be read"):
        open_workbook(io.BytesIO(content), LIMIT)


def test_a_damaged_sheet_is_refused_with_a_sentence() -> None:
    content = rezipped(xlsx(["sku"], ["A"]), {"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row><c"})
    with pytest.raises(FileRefusedError, match="workbook cannot be read"):
        read(content)


def test_a_workbook_that_would_fill_the_disk_is_refused_before_it_is_unpacked() -> None:
    content = rezipped(xlsx(["sku"]), {"xl/worksheets/sheet1.xml": b" " * (LIMIT + 1)})
    assert len(content) < LIMIT / 100
    with pytest.raises(FileRefusedError, match="larger than 10 MB when unpacked"):
        open_workbook(io.BytesIO(content), LIMIT)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_cannot_be_bounded_is_refused(method: int) -> None:
    with pytest.raises(FileRefusedError, match="no spreadsheet program uses"):
        open_workbook(io.BytesIO(rezipped(xlsx(["sku"]), {}, method)), LIMIT)


@pytest.mark.slow
def test_entities_that_multiply_are_refused_in_little_time_and_memory() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "lol">{entities}]><worksheet>&e11;</worksheet>'
    content = rezipped(xlsx(["sku"]), {"xl/worksheets/sheet1.xml": bomb.encode()})
    tracemalloc.start()
    started = time.process_time()
    try:
        with pytest.raises(FileRefusedError):
            read(content)
        assert tracemalloc.get_traced_memory()[1] < 100 * 1024**2
    finally:
        tracemalloc.stop()
    assert time.process_time() - started < 5


def test_cells_that_are_repeated_a_million_times_are_refused_before_they_are_written_out() -> None:
    content = (FILES / "products.ods").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        table = archive.read("content.xml").decode()
    bomb = table.replace("<table:table-row>", '<table:table-row table:number-rows-repeated="1048576">', 1)
    started = time.process_time()
    with pytest.raises(FileRefusedError, match="more than 3,000,000 cells"):
        read(rezipped(content, {"content.xml": bomb.encode()}))
    assert time.process_time() - started < 5


def test_blank_rows_that_fill_a_sheet_to_its_end_are_none() -> None:
    content = (FILES / "products.ods").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        table = archive.read("content.xml").decode()
    blank = '<table:table-row table:number-rows-repeated="1048571"><table:table-cell/></table:table-row></table:table>'
    assert len(read(rezipped(content, {"content.xml": table.replace("</table:table>", blank).encode()}))) == 5


def test_an_xls_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xls, "MAX_BYTES", 5000)
    with pytest.raises(FileRefusedError, match=r"Save it as \.xlsx"):
        read((FILES / "products.xls").read_bytes())


def test_a_sheet_that_is_wider_than_any_table_of_products_is_refused() -> None:
    with pytest.raises(FileRefusedError, match="more than 5,000 columns"):
        read(xlsx([*[None] * MAX_COLUMNS, "far out"]))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows() -> None:
    content = xlsx(["sku", "price"], *[[number, number / 100] for number in range(20_000)])
    tracemalloc.start()
    try:
        workbook = open_workbook(io.BytesIO(content), LIMIT)
        assert workbook is not None
        assert sum(map(len, sheet_as_csv(workbook, "Products"))) > 200_000
        assert tracemalloc.get_traced_memory()[1] < 5 * 1024**2
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("column", "row", "address"), [(0, 1, "A1"), (1, 17, "B17"), (25, 2, "Z2"), (26, 3, "AA3"), (16383, 9, "XFD9")]
)
def test_a_cell_has_the_address_that_spreadsheets_give_it(column: int, row: int, address: str) -> None:
    assert address_of(column, row) == address


@pytest.mark.parametrize(
    ("beginning", "said"),
    [
        (b"<html><body><table>", "web page"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE HTML>", "web page"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n", "picture"),
        (b'<?xml version="1.0"?><Workbook>', "XML"),
        (b"{\\rtf1", "text document"),
        (b"7z\xbc\xaf\x27\x1c", "archive"),
    ],
)
def test_a_file_that_is_no_table_is_named_for_what_it_is(beginning: bytes, said: str) -> None:
    with pytest.raises(FileRefusedError, match=said):
        check_is_table(beginning)


@pytest.mark.parametrize("beginning", [b"", b"sku,name\n", b'"sku";"name"', b"\xff\xfes\0k\0", b"<sku>,name\n"])
def test_a_table_is_not_taken_for_something_else(beginning: bytes) -> None:
    check_is_table(beginning)


def test_the_libraries_are_loaded_only_when_a_workbook_is_read() -> None:
    code = "import sys, imports.reading.workbooks; print({'openpyxl', 'xlrd', 'python_calamine'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("Two_x000D__x000a_lines", f"Two{LINE_BREAK}lines"),
        ("A_x0007_1", "A\x071"),
        # The marks of rewritten files are no part of a text.
        ("A_x001F_1", "A\x1a1"),
        ("A_x005F_x0007_1", "A_x0007_1"),
        ("max_x0041_", "max_x0041_"),
    ],
)
def test_control_characters_in_xlsx_are_what_they_stand_for(written: str, read_as: str) -> None:
    assert read(xlsx([written])) == [read_as]


def with_shared_texts(texts: str, cells: str) -> bytes:
    """A workbook whose sheet has a row of cells which say the numbers of these texts."""
    namespace = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    row = "".join(f'<c t="s"><v>{number}</v></c>' for number in cells.split())
    with zipfile.ZipFile(io.BytesIO(xlsx(["x"]))) as archive:
        types = archive.read("[Content_Types].xml")
    part = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    if part.encode() not in types:
        override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{part}"/></Types>'
        types = types.replace(b"</Types>", override.encode())
    sheet = f"<worksheet {namespace}><sheetData><row>{row}</row></sheetData></worksheet>"
    changes = {
        "[Content_Types].xml": types,
        "xl/sharedStrings.xml": f"<sst {namespace}>{texts}</sst>".encode(),
        "xl/worksheets/sheet1.xml": sheet.encode(),
    }
    return rezipped(xlsx(["x"]), changes)


def test_texts_that_sheets_share_are_found_by_their_number() -> None:
    texts = (
        "<si><t>Größe</t></si><si><t/></si><si><r><t>Desk </t></r><r><rPr><b/></rPr><t>red</t></r></si>"
        "<si><t>雪</t><rPh sb='0' eb='1'><t>yuki</t></rPh></si><si><t>a_x005F_x0007_</t></si><si/><si><t>last</t></si>"
    )
    assert read(with_shared_texts(texts, "6 0 1 2 3 4 5 0")) == ["last,Größe,,Desk red,雪,a_x0007_,,Größe"]


@pytest.mark.parametrize("number", ["1", "-1", "99", "x"])
def test_a_text_that_is_not_there_is_a_damaged_workbook(number: str) -> None:
    with pytest.raises(FileRefusedError, match="The workbook cannot be read"):
        read(with_shared_texts("<si><t>only</t></si>", number))


def test_a_damaged_table_of_texts_is_a_damaged_workbook() -> None:
    with pytest.raises(FileRefusedError, match="The workbook cannot be read"):
        read(with_shared_texts("<si><t>only</si>", "0"))
