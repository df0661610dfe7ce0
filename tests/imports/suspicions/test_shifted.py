"""Rows whose values stand one column over."""

import pytest

from tests.imports.suspicions.told import table, told, told_once

pytestmark = pytest.mark.django_db

HEADER = "sku,name,description,price,is_active"
GOOD = [[f"A-{number}", f"Lamp {number}", "A good lamp", f"{number}.90", "true"] for number in range(8)]


def test_values_too_far_to_the_right() -> None:
    rows = [*GOOD, ["A-8", "Lamp", "10 W", "Good lamp", "8.90"], ["A-9", "Lamp", "12 W", "Good lamp", "9.90"]]

    sentence = told_once(table(rows, HEADER))

    assert sentence.startswith("Values seem to stand one column too far to the right: lines 10 and 11.")


def test_values_too_far_to_the_left() -> None:
    rows = [*GOOD, ["A-8", "A lamp", "8.90", "true", ""]]

    assert "one column too far to the left: line 10." in told_once(table(rows, HEADER))


def test_a_price_in_the_column_of_names() -> None:
    rows = [*GOOD, ["A 8", "8.90", "", "", ""], ["Good lamp", "9.90", "true", "", ""]]

    assert told(table(rows, HEADER)) == []

    without = [[f"A-{number}", f"Lamp {number}", f"{number}.90"] for number in range(8)]
    assert "to the left: line 10." in told_once(table([*without, ["Good lamp", "8.90", ""]]))


def test_a_whole_file() -> None:
    rows = [[f"A-{number}", f"Lamp {number}", f"{number}.90", ""] for number in range(8)]

    sentence = told_once(table(rows, "id,sku,name,price"))

    assert "to the left: lines 2, 3, 4 and 5 more." in sentence


@pytest.mark.parametrize(
    "row",
    [
        ["A-8", "2666", "A novel", "8.90", "true"],
        ["A-8", "1984", "1984", "", "true"],
        ["A-8", "", "", "", ""],
        ["A-8", "", "x", "x", "x"],
        ["A-8", "Lamp", "12", "call us", "true"],
        ["A-8", "Lamp", "", "", "false"],
        ["A-8", "8.90", "8.90", "8.90", "true"],
    ],
)
def test_a_row_that_is_only_unusual_is_none(row: list[str]) -> None:
    assert told(table([*GOOD, row], HEADER)) == []
