"""Columns that are no field, kept with the product on request: nothing that a supplier sent is lost."""

from __future__ import annotations

import csv
import io
import json
import string
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from imports.models import ImportJob
from imports.preview import preview
from imports.writing import copy
from products.export import csv_blocks
from products.extra import MAX_LENGTH, MAX_TEXTS
from products.models import Product
from tests.imports.factories import make_job, run_import
from tests.imports.short_import import WRITERS
from tests.products.factories import make_product

pytestmark = pytest.mark.django_db

FILE = "sku,name,Brand,EAN\nA,Lamp,Acme,4006381333931\nB,Chair,,\n"


@pytest.fixture(params=WRITERS, autouse=True)
def writer(request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the writers, in chunks of five rows."""
    settings.IMPORT_WRITER = request.param
    settings.IMPORT_CHUNK_ROWS = 5
    # A commit empties this table, but within the transaction of a test there is none.
    monkeypatch.setattr(copy, "CREATE_STAGING", f"{copy.CREATE_STAGING}; DELETE FROM imports_staging")


def extras() -> dict[str, dict[str, str]]:
    return dict(Product.objects.values_list("sku", "extra"))


def receipt(job: ImportJob) -> tuple[int, ...]:
    """Created, updated, unchanged, duplicate, rejected."""
    assert job.status == "completed", job.failure_reason
    return (job.created_rows, job.updated_rows, job.unchanged_rows, job.duplicate_rows, job.rejected_rows)


def written(rows: list[list[str]]) -> str:
    """The rows as a CSV file."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def test_ignored_columns_are_kept_as_raw_text_if_asked() -> None:
    job = run_import("sku;name;price;Brand; Size \nA;Lamp;1,50; Acme ;007\nB;Chair;2,00;;\n", extra=True)

    assert receipt(job) == (2, 0, 0, 0, 0)
    assert extras() == {"A": {"Brand": " Acme ", "Size": "007"}, "B": {}}


def test_without_the_request_extra_is_neither_read_nor_written() -> None:
    make_product("A", name="Lamp", extra={"Brand": "Old"})

    with CaptureQueriesContext(connection) as queries:
        job = run_import(FILE)

    assert receipt(job) == (1, 0, 1, 0, 0)
    assert extras() == {"A": {"Brand": "Old"}, "B": {}}
    asked = " ".join(str(query["sql"]) for query in queries if "products_product" in query["sql"])
    assert '"extra"' not in asked


def test_the_same_extra_again_is_unchanged_whatever_the_order_of_the_columns() -> None:
    run_import(FILE, extra=True)

    job = run_import("sku,name,EAN,Brand\nA,Lamp,4006381333931,Acme\nB,Chair,,\n", extra=True)

    assert receipt(job) == (0, 0, 2, 0, 0)


def test_a_file_speaks_for_its_own_columns_only_and_an_empty_cell_removes() -> None:
    make_product("A", name="Lamp", extra={"Brand": "Old", "Colour": "red", "EAN": "1"})

    job = run_import("sku,Brand,EAN\nA,New, \n", extra=True)

    assert receipt(job) == (0, 1, 0, 0, 0)
    assert extras() == {"A": {"Brand": "New", "Colour": "red"}}


def test_a_file_without_other_columns_leaves_extra_as_it_is() -> None:
    make_product("A", name="Lamp", extra={"Brand": "Old"})

    job = run_import("sku,name\nA,Desk lamp\n", extra=True)

    assert receipt(job) == (0, 1, 0, 0, 0)
    assert extras() == {"A": {"Brand": "Old"}}


def test_nameless_columns_are_named_by_their_number_and_names_that_recur_are_told_apart() -> None:
    run_import("sku,name,Image,,Image,Image (2),Image\nA,Lamp,1,2,3,4,5\n", extra=True)

    assert extras() == {"A": {"Image": "1", "column 4": "2", "Image (3)": "3", "Image (2)": "4", "Image (4)": "5"}}


@pytest.mark.parametrize("second", ["a,Lamp,Other,\n", "a,Lamp,,1\n", "a,Lamp,,\n"])
@pytest.mark.parametrize("between", [0, 7])
def test_the_later_of_two_rows_wins_within_a_chunk_and_behind_it(second: str, between: int) -> None:
    make_product("A", name="Lamp", extra={"Colour": "red"})
    others = "".join(f"X-{n},Other,,\n" for n in range(between))

    job = run_import(f"sku,name,Brand,EAN\nA,Lamp,Acme,\n{others}{second}", extra=True)

    assert receipt(job) == (between, 1, 0, 1, 0)
    brand, ean = second.strip().split(",")[2:]
    texts = {"Brand": brand, "EAN": ean, "Colour": "red"}
    assert extras()["a"] == {name: text for name, text in texts.items() if text}


def test_a_dry_run_counts_what_a_run_does_and_writes_nothing() -> None:
    make_product("A", name="Lamp", extra={"Brand": "Acme", "Colour": "red"})
    file = "sku,name,Brand\nA,Lamp,Acme\nB,Chair,Acme\nA,Lamp,Other\nB,Chair,Acme\nA,Lamp,\n"
    before = extras()

    dry = run_import(file, extra=True, dry_run=True)

    assert extras() == before
    assert receipt(dry) == receipt(run_import(file, extra=True))
    assert extras() == {"A": {"Colour": "red"}, "B": {"Brand": "Acme"}}


def test_what_no_database_takes_is_written_out_and_costs_no_row() -> None:
    job = run_import(
        b"sku,name,Note\nA,Lamp,x\0y\nB,Chair,x\xffy\nC,\xc3\xa9t\xc3\xa9,\xe9\n", extra=True, encoding="utf-8"
    )

    assert receipt(job) == (3, 0, 0, 0, 0)
    assert extras() == {"A": {"Note": "x\\x00y"}, "B": {"Note": "x\\xffy"}, "C": {"Note": "\\xe9"}}


def test_a_row_with_too_large_an_extra_is_rejected_and_only_that() -> None:
    file = f"sku,name,Note\nA,Lamp,{'x' * (MAX_LENGTH - 4)}\nB,Chair,{'x' * (MAX_LENGTH - 3)}\nC,Desk,x\n"
    job = run_import(file, extra=True)

    assert receipt(job) == (2, 0, 0, 0, 1)
    row = job.rejected.get()
    assert (row.line, row.code) == (3, "extra_too_large")
    assert row.faults[0]["reason"] == "Extra has 65,537 characters with the names of its columns; the limit is 65,536."
    # And the preview says so.
    (group,) = preview(make_job(file, extra=True)).faults
    assert (group.code, group.count) == ("extra_too_large", 1)
    assert not preview(make_job(file)).faults


def test_a_row_with_too_many_texts_is_rejected() -> None:
    header = ["sku", "name", *(f"c{n}" for n in range(MAX_TEXTS + 1))]
    rows = [["A", "Lamp", *["x"] * MAX_TEXTS, ""], ["B", "Lamp", *["x"] * MAX_TEXTS, "x"]]

    job = run_import(written([header, *rows]), extra=True)

    assert receipt(job) == (1, 0, 0, 0, 1)
    assert job.rejected.get().faults[0]["reason"] == "Extra has 1,001 texts; the limit is 1,000."


@pytest.mark.parametrize("dry_run", [True, False])
def test_files_one_after_the_other_reach_no_further_than_one(dry_run: bool) -> None:
    make_product("A", name="Lamp", extra={"One": "x" * 40_000})

    job = run_import(f"sku,name,Two\nA,Lamp,{'y' * 40_000}\nB,Chair,y\n", extra=True, dry_run=dry_run)

    assert receipt(job) == (1, 0, 0, 0, 1)
    assert job.rejected.get().code == "extra_too_large"


def test_the_columns_that_a_file_of_rejected_rows_has_more_are_no_extra() -> None:
    added = "import_line,import_column,import_value,import_reason"
    run_import(f"sku,name,Brand,{added}\nA,Lamp,Acme,7,name,,is empty\n", extra=True)

    assert extras() == {"A": {"Brand": "Acme"}}


def test_a_row_that_is_rejected_changes_no_extra() -> None:
    make_product("A", name="Lamp", extra={"Brand": "Acme"})

    job = run_import("sku,price,Brand\nA,cheap,Other\nNEW,1,Other\n", extra=True)

    assert receipt(job) == (0, 0, 0, 0, 2)
    assert extras() == {"A": {"Brand": "Acme"}}


def test_of_a_known_format_the_columns_are_kept_as_the_format_reads_them() -> None:
    header = "Handle,Title,Body (HTML),Vendor,Variant SKU,Variant Price,Published,Option1 Name,Option1 Value"
    job = run_import(f"{header}\nlamp,Lamp,,Acme,L-1,10.00,true,Size,S\nlamp,,,,L-2,12.00,,,M\n", extra=True)

    assert job.format
    assert receipt(job) == (2, 0, 0, 0, 0)
    assert extras()["L-1"]["Vendor"] == "Acme"
    assert extras()["L-1"]["Handle"] == extras()["L-2"]["Handle"] == "lamp"


names = st.text(st.sampled_from(string.ascii_letters + "0123456789 .:_-'äß"), min_size=1, max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
stored = st.dictionaries(names.filter(str.strip), texts.filter(lambda text: not text.isspace()), max_size=5)


@pytest.mark.slow
@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(stored, min_size=1, max_size=7))
def test_whatever_the_texts_they_come_back_as_they_were_and_again_by_an_export(rows: list[dict[str, str]]) -> None:
    Product.objects.all().delete()
    # Told by the mapping which columns are fields, so that no other is taken for one; and how fields are quoted, which
    # such texts leave open.
    columns = sorted({f"x{name}x" for extra in rows for name in extra})
    expected = {f"S-{n}": {f"x{name}x": text for name, text in extra.items()} for n, extra in enumerate(rows)}
    file = written(
        [["sku", "name", *columns]]
        + [[sku, "Lamp", *(extra.get(column, "") for column in columns)] for sku, extra in expected.items()]
    )
    fields: dict[str, Any] = {"sku": "sku", "name": "name", "price": "", "description": "", "is_active": ""}

    said: dict[str, Any] = {"extra": True, "mapping": fields, "delimiter": ",", "encoding": "utf-8", "quote": '"'}
    assert receipt(run_import(file, **said)) == (
        len(rows),
        0,
        0,
        0,
        0,
    )
    assert extras() == expected
    assert receipt(run_import(file, **said))[2] == len(rows)

    exported = "".join(csv_blocks(Product.objects.all()))
    assert receipt(run_import(exported, extra=True))[2] == len(rows)
    Product.objects.all().delete()
    run_import(exported, extra=True)
    assert extras() == expected


def test_an_export_is_read_back_with_its_extra_if_that_is_asked() -> None:
    make_product("A", name="Lamp", extra={"Brand": "Acme", "1": " x ", "Größe: S": 'a "b"\nc'})
    make_product("B", name="Chair")
    before = extras()
    exported = "".join(csv_blocks(Product.objects.all()))

    assert exported.startswith("sku,name,description,price,is_active,extra\r\n")
    assert receipt(run_import(exported)) == (0, 0, 2, 0, 0)
    assert receipt(run_import(exported, extra=True)) == (0, 0, 2, 0, 0)
    Product.objects.all().delete()
    assert receipt(run_import(exported, extra=True)) == (2, 0, 0, 0, 0)
    assert extras() == before


@pytest.mark.parametrize(
    "cell", ["red", "[1]", '{"a": 1}', '{"a": ""}', '{"": "a"}', "{", '{"a": "\\u0000"}', "[" * 9999]
)
def test_what_is_no_extra_in_an_export_is_rejected(cell: str) -> None:
    header = ["sku", "name", "description", "price", "is_active", "extra"]
    job = run_import(
        written([header, ["A", "Lamp", "", "1.00", "true", cell], ["B", "Lamp", "", "1.00", "true", ""]]), extra=True
    )

    assert receipt(job) == (1, 0, 0, 0, 1)
    assert job.rejected.get().code == "not_extra"


def test_a_suppliers_own_column_of_that_name_is_a_column_like_others() -> None:
    run_import('sku,name,extra\nA,Lamp,red\nB,Chair,"{""a"": ""b""}"\n', extra=True)

    assert extras() == {"A": {"extra": "red"}, "B": {"extra": json.dumps({"a": "b"})}}


def test_two_chunks_of_duplicates_of_an_export_give_what_one_does(settings: Settings) -> None:
    header = ["sku", "name", "description", "price", "is_active", "extra"]
    texts_of = [{"a": "1"}, {"b": "2"}, {"a": "3", "c": "4"}]
    rows = [["A", "Lamp", "", "", "true", json.dumps(extra)] for extra in texts_of]
    for chunk in (1, 5):
        settings.IMPORT_CHUNK_ROWS = chunk
        Product.objects.all().delete()
        assert receipt(run_import(written([header, *rows]), extra=True)) == (1, 0, 0, 2, 0)
        assert extras() == {"A": {"a": "3", "b": "2", "c": "4"}}
