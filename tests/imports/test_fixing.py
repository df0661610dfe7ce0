"""Rejected rows fixed by hand: their groups, and the file of those that were changed, which is checked then."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage

from imports import applying, fixing
from imports.commandline import foreground
from imports.fixing import Fixes, Group, NothingFixedError
from imports.models import ImportJob, RejectedRow
from imports.reading.corrections import ADDED_COLUMNS
from imports.workbook import make
from products.models import Product
from tests.imports.factories import run_import, with_progress

pytestmark = pytest.mark.django_db

HEADER = "Art. no.,name,price,is_active,Colour\n"
ROWS = (
    "A,Lamp,1,maybe,red\nB,,2,yes,blue\nC,Chair,3,maybe,green\nD,Desk,cheap,perhaps,\nE,Sofa,5,no,grey\nF,Bed,,maybe\n"
)
NOTHING: Mapping[int, Mapping[int, str]] = {}
SKU, NAME, PRICE, ACTIVE = range(4)
MAYBE = Group("not_boolean", "is_active", 2)


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna")


@pytest.fixture
def job() -> ImportJob:
    return run_import(HEADER + ROWS, mapping={"sku": "Art. no."})


def group(job: ImportJob, code: str) -> Group:
    return next(each for each in fixing.groups(job) if each.code == code)


def fixed(job: ImportJob, of: Group, by_line: Mapping[int, Mapping[int, str]] = NOTHING, **for_all: str) -> list[Any]:
    return [(row.line, fields) for row, fields in fixing.fixed_rows(job, of, Fixes(by_line, for_all))]


def table(job: ImportJob) -> list[list[str]]:
    with default_storage.open(job.stored_as) as file:
        return list(csv.reader(io.StringIO(file.read().decode(), newline="")))


def finish(job: ImportJob) -> ImportJob:
    foreground.run(job, lambda: None)
    job = with_progress(job)
    assert job.status == "completed", job.failure_reason
    return job


def test_open_rows_are_grouped_by_what_is_wrong_and_where(job: ImportJob) -> None:
    assert fixing.groups(job) == [
        MAYBE,
        Group("field_count", "", 1),
        Group("new_without_name", "name", 1),
        Group("not_a_price", "price", 1),
    ]


def test_wrong_values_are_counted_the_most_frequent_first() -> None:
    rows = "".join(f"{n},Lamp,1,{'maybe' if n % 3 else 'perhaps'},\n" for n in range(9)) + "x,Lamp,1,12,\n"
    job = run_import(HEADER + rows + f"y,Lamp,1,{'long' * 60},\n", mapping={"sku": "Art. no."})

    assert fixing.wrong_values(job, group(job, "not_boolean")) == [("maybe", 6), ("perhaps", 3), ("12", 1)]


def test_what_is_wrong_in_no_column_of_a_product_has_no_value_for_all(job: ImportJob) -> None:
    assert fixing.wrong_values(job, group(job, "field_count")) == []


def test_one_value_is_for_all_rows_that_have_the_wrong_one(job: ImportJob) -> None:
    assert fixed(job, MAYBE, maybe="inactive") == [
        (2, ["A", "Lamp", "1", "inactive", "red"]),
        (4, ["C", "Chair", "3", "inactive", "green"]),
    ]
    assert fixed(job, MAYBE, maybe="") == [
        (2, ["A", "Lamp", "1", "", "red"]),
        (4, ["C", "Chair", "3", "", "green"]),
    ]
    assert fixed(job, MAYBE, perhaps="inactive", maybe="maybe") == []


def test_what_is_written_in_a_row_counts_before_the_value_for_all(job: ImportJob) -> None:
    by_line = {2: {ACTIVE: "yes", NAME: "Lamp"}, 4: {NAME: "Armchair", ACTIVE: "maybe"}}

    assert fixed(job, MAYBE, by_line, maybe="no") == [
        (2, ["A", "Lamp", "1", "yes", "red"]),
        (4, ["C", "Armchair", "3", "no", "green"]),
    ]


def test_a_row_that_was_sent_as_it_was_shown_is_not_fixed() -> None:
    name = "two\nlines\tand a\u0007bell"
    job = run_import(f'sku,name,price\nA,"{name}",cheap\n'.replace("\n", "\r\n"))
    cheap = group(job, "not_a_price")

    assert fixed(job, cheap, {2: {0: "A", 1: "two\r\nlines\tand abell", 2: "cheap"}}) == []
    assert fixed(job, cheap, {2: {1: "two\nlines", 2: "cheap"}}) == [(2, ["A", "two\nlines", "cheap"])]


def test_a_text_that_is_too_long_for_the_page_is_kept_unless_there_is_another() -> None:
    text = "x" * 2001
    job = run_import(f"sku,name,description,price\nA,Lamp,{text},cheap\n")
    cheap = group(job, "not_a_price")

    assert fixed(job, cheap, {2: {2: "", 3: "1"}}) == [(2, ["A", "Lamp", text, "1"])]
    assert fixed(job, cheap, {2: {2: "short", 3: "1"}}) == [(2, ["A", "Lamp", "short", "1"])]


def test_of_a_row_whose_fields_are_not_those_of_the_columns_all_are_filled_in(job: ImportJob) -> None:
    count = group(job, "field_count")

    assert fixed(job, count, {7: {SKU: "", NAME: ""}}) == []
    assert fixed(job, count, {7: {SKU: "F", NAME: "Bed"}}) == [(7, ["F", "Bed", "", "", ""])]


def test_a_row_that_was_cut_and_rows_of_other_groups_or_imports_are_left_alone(job: ImportJob) -> None:
    other = run_import(HEADER + ROWS, mapping={"sku": "Art. no."})
    RejectedRow.objects.filter(job=job, line=2).update(is_cut=True)

    assert fixed(job, MAYBE, {2: {ACTIVE: "no"}, 3: {NAME: "Vase"}, 99: {NAME: "?"}, 4: {ACTIVE: "no"}}) == [
        (4, ["C", "Chair", "3", "no", "green"])
    ]
    assert [line for line, _ in fixed(other, MAYBE, maybe="no")] == [2, 4]


def test_only_fixed_rows_go_into_the_file_which_is_checked_and_imported(job: ImportJob, anna: User) -> None:
    check = fixing.check(job, MAYBE, Fixes({4: {NAME: "Arm=chair, =new"}}, {"maybe": "inactive"}), anna)

    header, *rows = table(check)
    assert header == ["Art. no.", "name", "price", "is_active", "Colour", *ADDED_COLUMNS]
    assert [row[:7] for row in rows] == [
        ["A", "Lamp", "1", "inactive", "red", "2", "is_active"],
        ["C", "Arm=chair, =new", "3", "inactive", "green", "4", "is_active"],
    ]
    assert (check.dry_run, check.follows, check.created_by, check.filename) == (True, job, anna, "products-fixed.csv")
    assert finish(check).created_rows == 2
    finish(applying.apply(check))
    assert set(Product.objects.filter(is_active=False).values_list("sku", "name")) == {
        ("A", "Lamp"),
        ("C", "Arm=chair, =new"),
        ("E", "Sofa"),
    }
    assert MAYBE.code not in [each.code for each in fixing.groups(job)]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (f"# a list\n#\n{HEADER}{ROWS}", {"header_line": 3, "mapping": {"sku": "Art. no."}}),
        (ROWS, {"header_line": 0, "mapping": dict(zip(("sku", "name", "price", "is_active"), "1234", strict=True))}),
        ((HEADER + ROWS).replace(",", "\t").encode("utf-16"), {"mapping": {"sku": "Art. no."}}),
        ((HEADER + ROWS).replace(",", "|"), {"mapping": {"sku": "Art. no."}, "delimiter": "|"}),
    ],
    ids=["a header further down", "no header", "utf-16", "bars"],
)
def test_the_file_is_read_as_the_first_was(content: str | bytes, options: dict[str, Any], anna: User) -> None:
    job = run_import(content, **options)
    maybe = group(job, "not_boolean")

    check = finish(fixing.check(job, maybe, Fixes({}, {"maybe": "inactive"}), anna))

    assert check.created_rows == 2


def test_rows_of_an_export_of_a_known_system_are_read_as_such(anna: User) -> None:
    header = "Handle,Title,Body (HTML),Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,Published,Image Src"
    rows = "lamp,Lamp,Tall,Acme,Title,Default Title,A,1O.50,true,\nvase,Vase,,Acme,Title,Default Title,B,7.00,true,\n"
    job = run_import(f"{header}\n{rows}")
    assert job.format
    price = group(job, "not_a_price")

    check = finish(fixing.check(job, price, Fixes({}, {"1O.50": "10.50"}), anna))

    assert (check.format, check.created_rows, check.rejected_rows) == (job.format, 1, 0)


def test_rows_of_a_workbook_are_read_from_the_file_of_the_fixed_ones(anna: User) -> None:
    book = make("Sheet", ["sku", "name", "price"], [["A", "=Lamp", "cheap"], ["007", "Two\nlines", "cheap"]])
    job = run_import(book.read(), filename="products.xlsx")
    cheap = group(job, "not_a_price")

    check = finish(fixing.check(job, cheap, Fixes({}, {"cheap": "3"}), anna))
    finish(applying.apply(check))

    assert set(Product.objects.values_list("sku", "name", "price")) == {("A", "=Lamp", 3), ("007", "Two\nlines", 3)}


def test_without_a_change_there_is_nothing_to_check(job: ImportJob, anna: User) -> None:
    with pytest.raises(NothingFixedError):
        fixing.check(job, MAYBE, Fixes({2: {NAME: "Lamp"}}, {"perhaps": "no"}), anna)
    assert ImportJob.objects.count() == 1


@pytest.mark.slow
def test_one_value_for_10000_rows_takes_no_more_memory_than_for_1000(job: ImportJob, anna: User) -> None:
    peaks = []
    for count in (1_000, 10_000):
        row = RejectedRow.objects.get(job=job, line=2)
        RejectedRow.objects.filter(job=job).delete()
        many = (
            RejectedRow(job=job, line=line, code=row.code, faults=row.faults, record=row.record)
            for line in range(2, count + 2)
        )
        RejectedRow.objects.bulk_create(many, batch_size=1000)
        tracemalloc.start()
        check = fixing.check(job, MAYBE, Fixes({}, {"maybe": "no"}), anna)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(table(check)) == count + 1
    assert peaks[1] < peaks[0] + 1_000_000
