"""What one import did, by its number."""

from __future__ import annotations

import pytest

from products.history import told
from products.history.models import PLACES, ChangeBlock, ChangeSet
from products.history.recording import Origin, close, keep, open_set
from products.history.records import BLOCK_ROWS, Block, Changes

pytestmark = pytest.mark.django_db

FIELDS = ("sku", "name")


def kept(opened: ChangeSet, names: list[str], lines: list[int], previous: list[int] | None = None) -> ChangeSet:
    """Keep in a set that these products got new names."""
    before, after = [(name, "old") for name in names], [(name, "new") for name in names]
    keep(opened, Changes(FIELDS, before, after, previous=previous or [0] * len(names), lines=lines))
    close(opened)
    return opened


def skus(page: told.Page) -> list[str]:
    return [record.sku for record in page.records]


def test_a_set_that_was_begun_early_and_committed_late_is_not_skipped() -> None:
    early = open_set(Origin(import_number=7))
    kept(open_set(Origin(import_number=7)), ["A", "B"], [2, 3])
    first = told.page(7, limit=1)

    kept(early, ["C"], [4])

    second = told.page(7, cursor=first.next_cursor, limit=5)
    assert skus(first) + skus(second) == ["A", "B", "C"]
    assert second.next_cursor == 0


def test_other_imports_and_edits_are_not_told_of() -> None:
    kept(open_set(Origin(import_number=7)), ["A"], [2])
    kept(open_set(Origin(import_number=8)), ["B"], [2])
    kept(open_set(Origin(user_name="anna")), ["C"], [])
    kept(open_set(Origin(import_number=7)), ["D"], [3])

    assert skus(told.page(7, limit=10)) == ["A", "D"]
    assert skus(told.page(9, limit=10)) == []


def test_a_page_may_begin_in_any_block() -> None:
    names = [f"S{n}" for n in range(2 * BLOCK_ROWS + 5)]
    opened = kept(open_set(Origin(import_number=7)), names, list(range(2, 2 + len(names))))

    for place in (BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS + 4):
        cursor = (opened.number or 0) * PLACES + place
        assert skus(told.page(7, cursor=cursor, limit=3)) == names[place + 1 : place + 4]


def test_the_line_of_a_record_is_that_of_the_newest_one_with_a_line() -> None:
    written = kept(open_set(Origin(import_number=7)), ["A", "B"], [12, 17])
    address = written.first_address + 1
    edited = kept(open_set(Origin(user_name="anna")), ["B"], [], previous=[address])
    again = kept(open_set(Origin(user_name="anna")), ["B"], [], previous=[edited.first_address])
    new = kept(open_set(Origin(user_name="anna")), ["C"], [])
    asked = [address, again.first_address, new.first_address]

    assert told.Lines().find(asked) == {address: 17, again.first_address: 17, new.first_address: 0}
    ChangeBlock.objects.filter(pk=written.first_address).delete()
    assert told.Lines().find(asked)[again.first_address] == 0


def test_lines_are_found_however_few_blocks_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "LINES_KEPT", 2)
    sets = [kept(open_set(Origin(import_number=7)), [f"S{n}"], [n]) for n in range(1, 8)]
    lines = told.Lines()

    for asked in (sets[:3], sets[2:5], sets):
        found = lines.find(each.first_address for each in asked)
        assert list(found.values()) == [each.first_line for each in asked]


def test_values_of_a_block_are_told_by_the_column() -> None:
    before = [None, ("B", "old"), ("C", "same"), None]
    after = [("A", "first"), ("B", "new"), ("c", "same"), ("D", "")]
    changes = Changes(
        FIELDS, before, after, previous=[0, 0, 0, 0], lines=[2, 3, 4, 5], constants={"is_active": True, "price": None}
    )
    opened = open_set(Origin(import_number=7))
    keep(opened, changes)
    close(opened)
    block = Block(opened.first_address, bytes(ChangeBlock.objects.get().data))

    assert list(block.briefly()) == [(2, "A", "created"), (3, "B", "changed"), (4, "c", "changed"), (5, "D", "created")]
    assert block.places_of("created") == [0, 3]
    assert [block.created(name) for name in ("sku", "name", "is_active", "price", "description")] == [
        ["A", "D"],
        ["first", ""],
        ["1", "1"],
        ["", ""],
        ["", ""],
    ]
    assert block.changed("name") == ([1], ["old"], ["new"])
    assert block.changed("sku") == ([2], ["C"], ["c"])
    assert block.changed("price") == ([], [], [])
