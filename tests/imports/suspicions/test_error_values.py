"""`#N/A` and such: told of before, and rejected."""

import io

import openpyxl
import pytest

from tests.imports.suspicions.told import imported, of_skus, rejected, skus, table, told, told_once

pytestmark = pytest.mark.django_db


def test_they_are_told_of_and_none_becomes_a_product() -> None:
    content = of_skus(["#N/A", "A-1", "#NV", "#N/A", "#REF!"])

    sentence = told_once(content)

    assert sentence.startswith(
        "Values are errors of a spreadsheet: '#N/A', '#NV' and '#REF!' (lines 2, 4, 5 and 1 more)."
    )
    assert rejected(imported(content)) == [(line, "error_value") for line in (2, 4, 5, 6)]
    assert skus() == {"A-1"}


def test_names_and_prices_have_them_too() -> None:
    content = table([["A-1", "#REF!", "1.50"], ["A-2", "Lamp", "#DIV/0!"], ["A-3", "Fan", "2.50"]])

    assert "'#REF!' and '#DIV/0!' (lines 2 and 3)" in told_once(content)
    assert rejected(imported(content)) == [(2, "error_value"), (3, "error_value")]
    assert skus() == {"A-3"}


def test_a_number_sign_is_none() -> None:
    assert told(of_skus(["#1", "#A-2", "#N"])) == []


def test_cells_of_a_workbook_are_told_of_as_well() -> None:
    book = openpyxl.Workbook()
    for row in (["sku", "name"], ["A-1", "Lamp"], ["#N/A", "Fan"], ["A-3", "Desk"]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)

    assert "'#N/A' (line 3)" in told_once(file.getvalue())
    assert rejected(imported(file.getvalue())) == [(3, "error_value")]
