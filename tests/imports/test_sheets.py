"""Workbooks of several sheets: the one with the products is imported, and nothing is left out without a word."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from imports.models import ImportJob
from imports.preview import preview
from imports.reading.sheets.cells import MAX_COLUMNS
from imports.reading.workbooks import open_workbook
from products.models import Product
from tests.imports.factories import make_job, run_import
from tests.imports.reading.test_workbooks import rezipped

FILES = Path(__file__).parent / "reading" / "files"
AMAZON = Path(__file__).parent / "reading" / "formats" / "samples" / "amazon.tsv"
Rows = Sequence[Sequence[object]]
LAMPS: Rows = [["sku", "name", "price"], ["L-1", "Lamp", 9.9]]
CHAIRS: Rows = [["Artikelnummer", "Bezeichnung", "Preis"], ["C-1", "Stuhl", 19.9]]
COVER: Rows = [["Acme Supplies"], ["Price list of November"]]
HELP: Rows = [["Field", "Description"], ["sku", "the number of the product"], ["name", "what it is called"]]

pytestmark = pytest.mark.django_db


def workbook(sheets: dict[str, Rows], hidden: Sequence[str] = ()) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        sheet.sheet_state = "hidden" if title in hidden else "visible"
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def changed(content: bytes, part: str, old: str, new: str) -> bytes:
    """A workbook in one of whose parts there is something else."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read(part).decode()
    assert old in text
    return rezipped(content, {part: text.replace(old, new).encode()})


def imported(content: bytes, **options: str) -> ImportJob:
    return run_import(content, filename="products.xlsx", **options)


def skus() -> set[str]:
    return set(Product.objects.values_list("sku", flat=True))


def test_behind_a_cover_and_a_help_sheet_the_products_are_found() -> None:
    job = imported(workbook({"Cover": COVER, "Help": HELP, "Products": CHAIRS}))

    assert (job.status, job.sheet, skus()) == ("completed", "Products", {"C-1"})
    assert job.warnings == ["The sheet 'Products' is imported, not the first one, 'Cover', which has no products."]


def test_so_is_an_export_of_a_known_system() -> None:
    template = [line.split("\t") for line in AMAZON.read_text(encoding="utf-8").splitlines()]
    job = imported(workbook({"Instructions": HELP, "Images": [], "Template": template}))

    assert (job.status, job.sheet, job.format) == ("completed", "Template", "Amazon product file")
    assert len(skus()) == 6


def test_of_two_sheets_with_products_the_second_is_told_of() -> None:
    job = imported(workbook({"Lamps": LAMPS, "Chairs": CHAIRS, "Help": HELP}))

    assert (job.sheet, skus()) == ("Lamps", {"L-1"})
    assert job.warnings == [
        "Only the sheet 'Lamps' is imported. 'Chairs' has products, too: import it by choosing that sheet."
    ]


def test_where_several_may_be_meant_none_is_imported() -> None:
    job = imported(workbook({"Cover": COVER, "Lamps": LAMPS, "Chairs": CHAIRS}))

    assert (job.status, skus()) == ("failed", set())
    assert job.warnings == [
        "The first sheet, 'Cover', was read. Products seem to be in 'Lamps' and 'Chairs': choose one of them."
    ]


def test_of_many_sheets_the_first_are_named() -> None:
    job = imported(workbook({"Cover": COVER, **{f"Shop {number}": LAMPS for number in range(30)}}))

    assert "'Shop 3', 'Shop 4' and 14 more: choose one of them." in job.warnings[0]


def test_a_hidden_sheet_is_neither_imported_nor_told_of() -> None:
    job = imported(workbook({"Lists": CHAIRS, "Lamps": LAMPS, "Old": CHAIRS}, hidden=["Lists", "Old"]))

    assert (job.sheet, job.warnings, skus()) == ("Lamps", [], {"L-1"})


def test_a_hidden_sheet_is_imported_if_it_is_asked_for_or_the_only_one_there_is() -> None:
    imported(workbook({"Lists": CHAIRS, "Lamps": LAMPS}, hidden=["Lists"]), sheet="Lists")
    assert skus() == {"C-1"}
    # A spreadsheet program shows one sheet at least; others that write workbooks do not.
    imported(changed(workbook({"Lamps": LAMPS}), "xl/workbook.xml", 'state="visible"', 'state="veryHidden"'))
    assert skus() == {"C-1", "L-1"}


def test_a_sheet_that_is_asked_for_is_imported_without_a_word() -> None:
    job = imported(workbook({"Lamps": LAMPS, "Chairs": CHAIRS}), sheet="Chairs")

    assert (job.warnings, skus()) == ([], {"C-1"})


def test_notes_and_empty_sheets_beside_the_products_are_nothing_to_tell_of() -> None:
    job = imported(workbook({"Lamps": LAMPS, "Notes": COVER, "Sheet2": [], "Sheet3": [[None]]}))

    assert (job.warnings, skus()) == ([], {"L-1"})


def test_a_sheet_that_cannot_be_imported_does_no_harm_beside_the_products() -> None:
    job = imported(workbook({"Lamps": LAMPS, "Wide": [["sku", "name"], [*"x" * (MAX_COLUMNS + 1)]]}))

    assert (job.status, job.warnings, skus()) == ("completed", [], {"L-1"})


def test_the_preview_reads_the_sheet_that_the_import_will() -> None:
    for sheets in ({"Cover": COVER, "Products": CHAIRS}, {"Lamps": LAMPS, "Chairs": CHAIRS}):
        job = make_job(workbook(sheets), filename="products.xlsx")
        found = preview(job)
        imported_as = imported(workbook(sheets))

        assert (found.sheet, found.warnings) == (imported_as.sheet, imported_as.warnings)


def test_hidden_sheets_of_the_other_kinds_are_known() -> None:
    xls = (FILES / "products.xls").read_bytes()
    # A BOUNDSHEET record: its number and length, where the sheet begins, its state, its kind, its name.
    at = re.search(rb"\x85\0..(....)\0\0\x08\0Products", xls, re.DOTALL)
    assert at
    xls = xls[: at.end(1)] + struct.pack("B", 1) + xls[at.end(1) + 1 :]
    hidden = (
        '<office:automatic-styles><style:style xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
        'style:name="gone" style:family="table"><style:table-properties table:display="false"/></style:style>'
        "</office:automatic-styles>"
    )
    ods = changed((FILES / "products.ods").read_bytes(), "content.xml", "<office:automatic-styles/>", hidden)
    ods = changed(ods, "content.xml", 'table:name="Products"', 'table:name="Products" table:style-name="gone"')

    for each in (xls, ods):
        opened = open_workbook(io.BytesIO(each), 10**7)
        assert opened
        assert opened.hidden == {"Products"}
