"""Where the header is: found, said by its line, or said not to be there; and no first row is lost in silence."""

from __future__ import annotations

import io

import openpyxl
import pytest

from imports.models import ImportJob
from imports.options import NO_HEADER
from imports.preview import preview
from products.models import Product
from tests.imports.factories import run_import
from tests.imports.test_below_a_table import draft, skus

pytestmark = pytest.mark.django_db

WITHOUT = "A-1,Desk lamp,10.00\nA-2,Fan,20.00\nA-3,Chair,30.00\n"
QUESTION = "The first line looks like a product, not a header. Say that the file has no header, or which line it is."


@pytest.mark.parametrize(
    ("content", "asked", "lines"),
    [
        ("sku,name\nA-1,Lamp\n", None, [1]),
        ("Price list\n\nsku,name\nA-1,Lamp\n", None, [3]),
        ("sku,name,price\n,,EUR\nA-1,Lamp,1\n", None, [1, 2]),
        ("Seller SKU,Item,Your Price\nitem_sku,item_name,standard_price\nA-1,Lamp,5", None, [1, 2]),
        # A header that would not be found, or that another one is taken for.
        ("sku,name\nsku,name\nA-1,Lamp\n", 2, [2]),
        ("sku,name,price\nSKU,Title,Price\n,,EUR\nA-1,Lamp,1\n", 2, [2, 3]),
        ("x\n" * 30 + "\nsku,name\nA-1,Lamp\n", 32, [32]),
        ('"a title\nof two lines",\nsku,name\nA-1,Lamp\n', 3, [3]),
        ("a;b;c\n\nsku,name\nA-1,Lamp\n", 3, [3]),
    ],
)
def test_the_lines_of_the_header_are_kept(content: str, asked: int | None, lines: list[int]) -> None:
    assert preview(draft(content, header_line=asked)).header_lines == lines
    job = run_import(content, header_line=asked)

    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    assert job.header_lines == lines
    assert skus() == ["A-1"]
    assert job.total_rows == 1


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (2, "header_line: no row begins in line 2; it is blank, or a part of another row."),
        (5, "header_line: no row begins in line 5; it is blank, or a part of another row."),
        (7, "header_line: the file has no line 7 that could be the header."),
        (999, "header_line: the file has no line 999 that could be the header."),
    ],
)
def test_a_line_that_cannot_be_the_header_is_refused(line: int, refusal: str) -> None:
    content = 'sku,name\n\nA-1,Lamp\nA-2,"a\nb"\nA-3,Fan\n'

    assert preview(draft(content, header_line=line)).refusal == refusal
    job = run_import(content, header_line=line)
    assert (job.status, job.failure_reason) == (ImportJob.Status.FAILED, refusal)
    assert skus() == []


def test_a_file_without_header_is_mapped_by_the_numbers_of_its_columns() -> None:
    job = run_import(WITHOUT, header_line=NO_HEADER, mapping={"sku": "1", "name": "#2", "price": "3"})

    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    assert (job.header, job.header_lines, job.total_rows) == (["1", "2", "3"], [], 3)
    assert skus() == ["A-1", "A-2", "A-3"]
    assert str(Product.objects.get(sku="A-1").price) == "10.00"


def test_in_a_file_without_header_no_row_is_a_repeated_one() -> None:
    run_import("1,2,3\n1,2,3\n2,Fan,4\n", header_line=NO_HEADER, mapping={"sku": "1", "name": "2", "price": "3"})
    assert skus() == ["1", "2"]


def test_what_the_columns_of_a_file_without_header_may_be_is_proposed_by_their_values() -> None:
    rows = "".join(f"A-{number},Desk lamp {number},{number}.50\n" for number in range(10, 60))
    found = preview(draft(rows, header_line=NO_HEADER))

    assert found.header == ["1", "2", "3"]
    assert found.samples == ["A-10", "Desk lamp 10", "10.50"]
    assert found.refusal.startswith("The file has no header; say with a mapping which column is which field")


def test_one_damaged_row_does_not_decide_how_many_columns_there_are() -> None:
    job = run_import(f"A-0,a,b,c,d\n{WITHOUT}", header_line=NO_HEADER, mapping={"sku": "1", "name": "2"})

    assert skus() == ["A-1", "A-2", "A-3"]
    assert list(job.rejected.values_list("line", "code")) == [(1, "field_count")]


def test_the_first_product_of_a_file_without_header_is_not_lost_in_silence() -> None:
    mapping = {"sku": "#1", "name": "#2"}
    found = preview(draft(WITHOUT, mapping=mapping))
    job = run_import(WITHOUT, mapping=mapping)

    assert found.refusal == QUESTION
    assert (job.status, job.failure_reason) == (ImportJob.Status.FAILED, QUESTION)
    assert skus() == []
    assert preview(draft(WITHOUT)).refusal == QUESTION


def test_a_header_of_values_is_one_when_its_line_is_said() -> None:
    job = run_import("12345,2024 title\nA-1,Lamp\n", header_line=1, mapping={"sku": "12345", "name": "#2"})

    assert (job.status, job.header) == (ImportJob.Status.COMPLETED, ["12345", "2024 title"])
    assert skus() == ["A-1"]


def test_the_line_of_a_header_in_a_workbook_is_its_row() -> None:
    book = openpyxl.Workbook()
    for row in [["sku", "name"], [], ["SKU", "Name", "Price"], ["A-1", "Lamp"], ["A-2", "Fan", 20]]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    job = run_import(stream.getvalue(), filename="p.xlsx", header_line=3)

    assert (job.header_lines, job.header) == ([3], ["SKU", "Name", "Price"])
    assert skus() == ["A-1", "A-2"]


def test_a_sheet_without_header_has_the_columns_of_its_widest_row() -> None:
    book = openpyxl.Workbook()
    for row in [["A-1", "Lamp"], ["A-2", "Fan"], ["A-3", "Desk", 30]]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    job = run_import(stream.getvalue(), header_line=NO_HEADER, mapping={"sku": "1", "name": "2", "price": "3"})

    assert job.header == ["1", "2", "3"]
    assert skus() == ["A-1", "A-2", "A-3"]


def test_a_known_format_is_recognized_in_the_line_that_is_said() -> None:
    header = "Handle,Title,Body (HTML),Option1 Name,Option1 Value,Variant SKU,Variant Price,Status\n"
    content = f"sku,name\n{header}lamp,Lamp,Bright,Title,Default Title,A-1,10.00,active\n"
    job = run_import(content, header_line=2)

    assert job.format.startswith("Shopify")
    assert (job.header_lines, skus()) == ([2], ["A-1"])


@pytest.mark.parametrize("asked", [None, NO_HEADER, 1])
@pytest.mark.parametrize(
    "content", [b",,\n", b'""\n', b'"","",""\n', b";;\n;;\n", b"\0\0\n", b"\x1a", b"\t\t\n\n \n"], ids=repr
)
def test_a_file_in_which_nothing_is_written_is_refused_with_a_sentence(content: bytes, asked: int | None) -> None:
    job = run_import(content, header_line=asked)

    assert job.status == ImportJob.Status.FAILED
    assert "traceback" not in job.failure_reason.lower()
    assert job.failure_reason.endswith(".")
    assert "internal" not in job.failure_reason.lower()
    assert preview(draft(content, header_line=asked)).refusal == job.failure_reason
