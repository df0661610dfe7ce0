"""Rows that hold no product."""

import pytest

from imports.reading.nodata import is_separator_row, is_total_row


@pytest.mark.parametrize(
    "fields",
    [
        ["------", "------", "------"],
        ["---", "", "-"],
        ["======", "==="],
        ["***"],
        ["+----+", "----+"],
        [":---", ":---:"],
        ["–––", "———", "───"],
        [" --- ", "---"],
    ],
)
def test_a_ruled_line(fields: list[str]) -> None:
    assert is_separator_row(fields)


@pytest.mark.parametrize(
    "fields",
    [["-", "-", "-"], ["", ""], [" "], ["A-1", "---", "---"], ["---", "Lamp", ""], ["--", "--"], ["---", "5.00"], []],
)
def test_no_ruled_line(fields: list[str]) -> None:
    assert not is_separator_row(fields)


@pytest.mark.parametrize(
    "fields",
    [
        ["TOTAL", "", "1,234.50", ""],
        ["", "Total:", "€ 1.234,50", "83"],
        ["Summe", "", "1 234,50 €"],
        ["Grand total", "", ""],
        ["83", "total général", ""],
    ],
)
def test_a_line_of_totals(fields: list[str]) -> None:
    assert is_total_row(fields)


@pytest.mark.parametrize(
    "fields",
    [
        ["TOTAL", "Floor polish", "9.90"],
        ["A-1", "Total", "9.90"],
        ["Total", "", "9.90", "true"],
        ["", "", "5"],
        ["Totals-1", ""],
    ],
)
def test_a_product_that_is_no_line_of_totals(fields: list[str]) -> None:
    assert not is_total_row(fields)
