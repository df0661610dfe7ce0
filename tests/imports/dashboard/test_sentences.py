"""Sentences that depend on numbers: one row and several, the whole file and its beginning."""

import pytest

from imports.dashboard.receipt import counted
from imports.dashboard.sentences import column_list, rows, rows_title, verdict
from imports.preview import FaultGroup, Preview, Row


@pytest.mark.parametrize(
    ("checked", "rejected", "whole", "text"),
    [
        (0, 0, True, "The file has no rows"),
        (1, 0, True, "The row can be read"),
        (2000, 0, True, "All 2,000 rows can be read"),
        (1000, 0, False, "The first 1,000 rows can all be read"),
        (1, 1, True, "1 of 1 row would be rejected"),
        (1000, 3, False, "3 of the first 1,000 rows would be rejected"),
    ],
)
def test_the_verdict_on_a_file(checked: int, rejected: int, whole: bool, text: str) -> None:
    faults = [FaultGroup("missing", rejected)] if rejected else []
    assert verdict(Preview(rows_checked=checked, whole_file=whole, faults=faults)) == text


def test_the_title_says_whether_all_rows_are_shown() -> None:
    shown = [Row(2, ["A"]), Row(3, ["B"])]
    assert rows_title(Preview(rows=shown, rows_checked=2, whole_file=True)) == "The rows, as they will be read"
    assert rows_title(Preview(rows=shown, rows_checked=9)) == "The first 2 rows, as they will be read"
    assert rows_title(Preview(rows=shown[:1], rows_checked=9)) == "The first 1 row, as it will be read"


def test_one_and_several() -> None:
    assert [rows(number) for number in (0, 1, 2, 2000)] == ["0 rows", "1 row", "2 rows", "2,000 rows"]
    assert [counted("duplicate", number) for number in (0, 1, 2)] == ["duplicates", "duplicate", "duplicates"]
    assert counted("rejected", 2) == "rejected"


def test_a_file_with_very_many_columns_shows_the_first() -> None:
    columns = column_list([f"c{number}" for number in range(100_000)])
    assert (len(columns.names), columns.more) == (20, 99_980)
