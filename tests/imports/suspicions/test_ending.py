"""A file that was cut in the middle of a row."""

import pytest

from imports.opening import places
from imports.reading.suspicions import ending
from tests.imports.suspicions.told import imported, rejected, skus, told, told_once

pytestmark = pytest.mark.django_db

WHOLE = 'sku,name,price\nA-1,Lamp,1.50\nA-2,"Fan, ""new""\nand large",2.50\nA-3,Monitor,3.50'


@pytest.mark.parametrize(
    ("cut", "last"),
    [
        ("sku,name,price\nA-1,Lamp,1.50\nA-2,Fan", "A-2 Fan"),
        ("sku,name,price\nA-1,Lamp,1.50\nA-2", "A-2"),
        ('sku,name,price\nA-1,Lamp,1.50\nA-2,"Fan', 'A-2,"Fan'),
        ('sku,name,price\nA-1,Lamp,1.50\nA-2,"Fan, ""new', 'A-2,"Fan, ""new'),
    ],
)
def test_it_is_told_of_with_what_it_ends_with(cut: str, last: str) -> None:
    assert told_once(cut).startswith(
        f"The file seems to be cut off: it ends in the middle of a row, with '{last}'. Rows behind it are missing"
    )
    assert [line for line, _ in rejected(imported(cut))] == [3]
    assert skus() == {"A-1"}


@pytest.mark.parametrize(
    "end",
    ["", "\n", "\r\n", "\x1a", "\n\x1a", "\n\n", "\nTOTAL,,", "\nTotal", "\n3 rows exported", "\n------", ",extra"],
)
def test_another_end_is_none(end: str) -> None:
    assert told(WHOLE + end) == []


def test_a_quotation_mark_too_many_in_the_last_row_is_none() -> None:
    assert told('sku,name,price\nA-1,Lamp,1.50\nA-2,"Fan,2.50') == []


def test_the_end_of_a_large_file_is_seen_in_the_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "BEGINNING_BYTES", 3_000)
    for module in (places, ending):
        monkeypatch.setattr(module, "TAIL_BYTES", 1_000)
    rows = "".join(f"A-{number},Lamp,1.50\n" for number in range(1_000))

    assert told("sku,name,price\n" + rows) == []
    assert "cut off" in told_once("sku,name,price\n" + rows + "A-1000,La")


ROWS = "A-1,Lamp,1.50\nA-2,Fan,2.50\nA-3,Monitor,3.50"


@pytest.mark.parametrize("size", range(1, len(ROWS)))
def test_wherever_a_row_is_cut_that_its_fields_show_it(size: int) -> None:
    last = ROWS[:size].rpartition("\n")[2]

    assert len(told("sku,name,price\n" + ROWS[:size])) == (last != "" and last.count(",") < 2)
