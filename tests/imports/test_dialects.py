"""Files in unusual dialects are read as they are meant, and their senders are told; nothing is guessed in silence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from imports.models import ImportJob
from imports.preview import preview
from imports.rejected import csv_blocks
from products.models import Product
from tests.imports.factories import make_job, run_import

pytestmark = pytest.mark.django_db

SINGLE = "Fields are quoted with single quotation marks."
ESCAPED = 'A quotation mark within a field is written with a backslash: \\"'
SPACED = "Spaces behind a delimiter are no part of the field."
TRAILING = "Each row ends with a delimiter; the empty fields behind the last column are ignored."
HEADER_ENDS = "The header ends with a delimiter, which the rows do not have; it is ignored."
WRAPPED = "Some rows are quoted as a whole; they are read without these quotation marks."

LAMP = ("A-1", "Lamp, big", Decimal("10.00"))
FAN = ("A-2", "Fan", Decimal("20.50"))


def products() -> list[tuple[Any, ...]]:
    return list(Product.objects.order_by("sku").values_list("sku", "name", "price"))


@pytest.mark.parametrize(
    ("content", "warnings"),
    [
        pytest.param("sku,name,price\nA-1,'Lamp, big',10\nA-2,'Fan',20.50\n'A-3','C','1'\n", [SINGLE], id="single"),
        pytest.param("'sku','name','price'\n'A-1','Lamp, big','10'\n'A-2','Fan','20.50'\n", [SINGLE], id="all single"),
        pytest.param('sku,name,price\nA-1, "Lamp, big", 10\nA-2, "Fan", 20.50\n', [SPACED], id="a space behind commas"),
        pytest.param('sku, name, price\nA-1, "Lamp, big",10\nA-2, "Fan",20.50\n', [SPACED], id="before quotes only"),
        pytest.param('sku,name,price\nA-1,"Lamp, big",10,\nA-2,Fan,20.50,\n', [TRAILING], id="a delimiter behind rows"),
        pytest.param(
            'sku,name,price\nA-1,"Lamp, big",10,,,\nA-2,Fan,20.50,,,\n', [TRAILING], id="delimiters behind rows"
        ),
        pytest.param(
            'sku,name,price,\nA-1,"Lamp, big",10\nA-2,Fan,20.50\n', [HEADER_ENDS], id="a delimiter behind the header"
        ),
        pytest.param('sku,name,price,\nA-1,"Lamp, big",10,\nA-2,Fan,20.50,\n', [], id="behind header and rows"),
        pytest.param('sep=;\nsku;name;price\nA-1;"Lamp, big";10\nA-2;Fan;20.50\n', [], id="sep"),
        pytest.param('"sep=;"\r\nsku;name;price\r\nA-1;Lamp, big;10\r\nA-2;Fan;20.50\r\n', [], id="sep in quotes"),
        pytest.param(
            '"sku;name;price"\n"A-1;Lamp, big;10"\n"A-2;""Fan"";20.50"\n', [WRAPPED], id="whole lines in quotes"
        ),
        pytest.param('sku;name;price\n"A-1;""Lamp, big"";10"\nA-2;Fan;20.50\n', [WRAPPED], id="a whole line in quotes"),
        pytest.param(
            '"sku,name,price"\r\n"A-1,""Lamp, big"",10"\r\n"A-2,Fan,20.50"\r\n', [WRAPPED], id="commas in whole lines"
        ),
        pytest.param('"sku;name;price"\nA-1;Lamp, big;10\nA-2;Fan;20.50\n', [WRAPPED], id="the header as a whole"),
        pytest.param('“sku”,“name”,“price”\nA-1,"Lamp, big",10\nA-2,Fan,20.50\n', [], id="curly quotes in the header"),
        pytest.param("'sku','name','price'\nA-1,\"Lamp, big\",10\nA-2,Fan,20.50\n", [], id="single ones in the header"),
        pytest.param(
            '\ufeff\ufeff"sku","name",price\nA-1,"Lamp, big",10\nA-2,Fan,20.50\n', [], id="two marks of UTF-8"
        ),
        pytest.param('"\ufeffsku",name,price\nA-1,"Lamp, big",10\nA-2,Fan,20.50\n', [], id="a mark within quotes"),
        pytest.param(
            'sep=,\n\ufeffsku,name,price\nA-1,"Lamp, big",10\nA-2,Fan,20.50\n', [], id="a mark in the second line"
        ),
    ],
)
def test_an_unusual_file_is_read_as_it_is_meant(content: str, warnings: list[str]) -> None:
    draft = preview(make_job(content))
    assert (draft.warnings, draft.rows_rejected) == (warnings, 0)

    job = run_import(content)

    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    assert [fault for row in job.rejected.all() for fault in row.faults] == []
    assert [product for product in products() if product[0] != "A-3"] == [LAMP, FAN]
    assert job.warnings == warnings
    assert job.header[:3] == ["sku", "name", "price"]


def test_escaped_quotation_marks_are_those_of_the_text() -> None:
    job = run_import(
        'sku,name,description,price\nA-1,"He said \\"hi\\" loud","C:\\\\lamps\\\\",10\n'
        'A-2,"Fan, 19\\"","two\nlines",20.50\n'
    )
    assert (job.warnings, job.rejected_rows) == ([ESCAPED], 0)
    assert list(Product.objects.order_by("sku").values_list("name", "description", "price")) == [
        ('He said "hi" loud', "C:\\lamps\\", Decimal(10)),
        ('Fan, 19"', "two\nlines", Decimal("20.50")),
    ]


def test_one_row_is_enough_to_tell_the_escape_by() -> None:
    job = run_import('sku,name\nA-1,"He said \\"hi\\" loud"\n')
    assert (job.warnings, Product.objects.get().name) == ([ESCAPED], 'He said "hi" loud')


def test_columns_by_spaces_are_read_only_on_request() -> None:
    content = "sku   name         price\nA-1   'Lamp, big'  10\n\nA-2\tFan          20.50  \n"
    assert run_import(content, delimiter=" ", quote="'").rejected_rows == 0
    assert products() == [LAMP, FAN]
    assert run_import("sku name price\nA-1 Lamp 10\n").status == ImportJob.Status.FAILED


def test_what_somebody_says_wins_and_is_not_said_again() -> None:
    job = run_import("sku,name,price\nA-1,'Lamp, big',10\nA-2,Fan,20.50\n", quote="'")
    assert (job.rejected_rows, job.warnings, products()) == (0, [], [LAMP, FAN])
    job = run_import("'sku','name'\n'A-8','Lamp'\n'A-9','Fan'\n", quote='"')
    assert set(products()) > {("'A-8'", "'Lamp'", None), ("'A-9'", "'Fan'", None)}
    job = run_import('sku,name\nB-1,"5\\" lamp"\n', escape="\\")
    assert (job.warnings, Product.objects.get(sku="B-1").name) == ([], '5" lamp')


@pytest.mark.parametrize(
    ("content", "rejected"),
    [
        pytest.param(
            "sku,name,price\nA-1,Lamp,10,\nA-2,Fan,20.50,new\nA-3,Bed,5,\n", [3], id="a surplus field with text"
        ),
        pytest.param("sku,name,price\nA-1,Lamp,10,\nA-2Fan,20.50,\nA-3,Bed,5,\n", [3], id="a delimiter too few"),
        pytest.param("sku,name,price\nA-1,Lamp,10,\nA-2,F,an,20.50,\nA-3,Bed,5,\n", [3], id="a delimiter too many"),
        pytest.param("sku,name,price\nA-1,Lamp,10\nA-2,F,an,\nA-3,Bed,5\nA-4,Cot,6\n", [3], id="in one row only"),
        pytest.param('sku,name,price\nA-1,Lamp,10\nA-2,"F\\"an",2\nA-3,Bed,5\n', [3], id="a backslash in one row only"),
        pytest.param("sku,name,price\nA-1,'Lamp, big',10\nA-2,Fan,2\nA-3,Bed,5\n", [2], id="single marks in one row"),
        pytest.param('"sku;name;price"\n"A-1;Lamp;1"\n"A-2;F;an;2"\n"A-3;Bed;5"\n', [3], id="too wide as a whole"),
        pytest.param('"sku;name;price"\n"A-1;Lamp;1"\n"A-2;Fan;2\n"A-3;Bed;5"\n', [3], id="a whole line not closed"),
    ],
)
def test_what_is_no_dialect_is_rejected(content: str, rejected: list[int]) -> None:
    job = run_import(content)
    assert [row.line for row in job.rejected.all()] == rejected
    assert job.created_rows == content.count("\n") - 1 - len(rejected)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("sku,name\nA-1,'00123\nA-2,'=SUM\nA-3,'n' Bolts\n", id="apostrophes that begin a field"),
        pytest.param('sku,name\nA-1,"C:\\"\nA-2,"D:\\"\nA-3,"E:\\, F:\\"\n', id="backslashes at the end"),
        pytest.param('sku,name\nA-1,"Lamp, ""big"""\nA-2,"Fan, ""red"""\n', id="commas and spaces in texts"),
        pytest.param('sku,name\nA-1,"ab"\nA-2,"a, b, c"\n', id="words with commas"),
    ],
)
def test_usual_files_stay_usual(content: str) -> None:
    assert preview(make_job(content)).warnings == []
    assert run_import(content).rejected_rows == 0


def test_rejected_rows_of_an_unusual_file_come_back_in_the_usual_dialect() -> None:
    job = run_import("'sku','name','price'\n'A-1','Lamp, ''big''','much'\n'A-2','Fan','5'\n", quote="'")
    text = "".join(csv_blocks(job))
    assert run_import(text, quote="'").rejected_rows == 1
    assert run_import(text.replace("much", "10", 1), quote="'").rejected_rows == 0
    assert Product.objects.get(sku="A-1").name == "Lamp, 'big'"
