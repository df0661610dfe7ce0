"""The change feed, page by page: in the order of the commits, nothing twice, nothing left out unsaid."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from products import editing
from products.editing import Editor
from products.history import feed
from products.history.feed import BEGINNING, BadCursorError, Change, Cursor, CursorExpiredError, ImportChanges
from products.history.models import PLACES, ChangeBlock, ChangeSet
from products.history.recording import Origin, close, keep, open_set
from products.history.records import Changes
from products.models import Product
from products.selection import Selection
from tests.imports.factories import run_import
from tests.memory import peak_of_memory
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db


def many(rows: int, price: int = 1) -> str:
    return "sku,name,price\n" + "".join(f"S{row:04},Lamp,{price}\n" for row in range(rows))


def skus(page: feed.Page) -> list[str]:
    return [entry.record.sku for entry in page.entries if isinstance(entry, Change)]


def all_pages(limit: int, *, fold_imports: bool = False) -> list[feed.Page]:
    pages = [feed.page(BEGINNING, limit, fold_imports=fold_imports)]
    while pages[-1].has_more:
        pages.append(feed.page(pages[-1].next, limit, fold_imports=fold_imports))
    return pages


def prune(change_set: ChangeSet) -> None:
    ChangeBlock.objects.filter(pk__gte=change_set.pk * PLACES, pk__lt=(change_set.pk + 1) * PLACES).delete()
    change_set.delete()


def test_changes_of_every_kind_are_told_with_who_made_them() -> None:
    job = run_import("sku,name,price\nA-1,Lamp,10\n")
    anna = Editor(make_user())
    product = Product.objects.get()
    product.sku, product.price = "B-1", Decimal(12)
    editing.update(product, ["sku", "price"], anna)
    editing.set_active(Selection.all(), anna, active=False)
    editing.delete_many(Selection.all(), Editor())

    entries = feed.page(BEGINNING).entries

    told = []
    for entry in entries:
        assert isinstance(entry, Change)
        record, made = entry.record, entry.change_set
        who = (made.import_number, record.line, made.user_name)
        told.append((made.number, record.kind, entry.previous_sku, record.sku, *who, set(record.fields)))
    everything = {"sku", "name", "description", "price", "is_active", "extra"}
    assert told == [
        (1, "created", None, "A-1", job.pk, 2, "", everything),
        (2, "changed", "A-1", "B-1", None, 0, anna.name, {"sku", "price"}),
        (3, "changed", None, "B-1", None, 0, anna.name, {"is_active"}),
        (4, "deleted", None, "B-1", None, 0, "", everything),
    ]


@pytest.mark.parametrize("limit", [1, 7, 499, 500, 501, 1000])
def test_pages_of_any_length_make_the_same_feed(limit: int) -> None:
    if limit > 7:
        run_import(many(1100))
    else:
        run_import(many(9))
    for _ in range(3):
        editing.set_active(Selection.all(), Editor(), active=not Product.objects.filter(is_active=True).exists())
    editing.delete(Product.objects.get(sku="S0003"), Editor())

    pages = all_pages(limit)

    records = [entry.record for page in pages for entry in page.entries if isinstance(entry, Change)]
    assert len(records) == 4 * (1100 if limit > 7 else 9) + 1
    assert len({record.address for record in records}) == len(records)
    assert [record.address for record in records] == sorted(record.address for record in records)
    assert all(len(page.entries) == limit for page in pages[:-1])
    assert pages[-1].next == feed.now()


def test_it_follows_the_order_of_the_commits_and_not_that_of_the_beginnings() -> None:
    late, early = open_set(Origin()), open_set(Origin())
    for opened, name in ((late, "late"), (early, "early")):
        keep(opened, Changes(("sku",), [None], [(name,)], [0]))
    close(early)
    before = feed.page(BEGINNING)
    close(late)

    after = feed.page(before.next)

    assert (skus(before), skus(after)) == (["early"], ["late"])


def test_what_is_not_committed_is_not_told() -> None:
    opened = open_set(Origin())
    keep(opened, Changes(("sku",), [None], [("A",)], [0]))

    page = feed.page(BEGINNING)

    assert (page.entries, page.next, page.has_more) == ([], BEGINNING, False)


def test_imports_can_be_folded_and_the_rest_is_told_by_product(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 10
    first = run_import(many(25))
    second = run_import(many(25, price=2) + "NEW,Fan,3\n")
    editing.delete(Product.objects.get(sku="S0001"), Editor())
    third = run_import(many(1, price=3))

    folded, *others = [page for page in all_pages(1000, fold_imports=True) if page.entries]

    assert not others
    told = [
        (entry.import_number, entry.created, entry.changed, entry.field_names, entry.first_line, entry.last_line)
        if isinstance(entry, ImportChanges)
        else (entry.record.kind, entry.record.sku)
        for entry in folded.entries
    ]
    assert told == [
        (first.pk, 25, 0, (), 2, 26),
        (second.pk, 1, 25, ("price",), 2, 27),
        ("deleted", "S0001"),
        (third.pk, 0, 1, ("price",), 2, 2),
    ]
    in_pieces = [entry for page in all_pages(1, fold_imports=True) for entry in page.entries]
    sums = {"created": 0, "changed": 0}
    for entry in in_pieces:
        if isinstance(entry, ImportChanges):
            sums["created"] += entry.created
            sums["changed"] += entry.changed
    assert sums == {"created": 26, "changed": 26}


def test_a_folded_import_is_told_as_a_whole_to_who_has_read_a_part_of_it() -> None:
    run_import(many(5))
    part = feed.page(BEGINNING, 2)

    folded = feed.page(part.next, 2, fold_imports=True)

    assert [entry.created for entry in folded.entries if isinstance(entry, ImportChanges)] == [5]
    assert folded.next == feed.now()


@pytest.mark.parametrize("fold_imports", [False, True])
def test_a_page_takes_the_same_few_queries_whatever_is_on_it(fold_imports: bool) -> None:
    run_import(many(1200))
    for row in range(20):
        editing.delete(Product.objects.get(sku=f"S{row:04}"), Editor())

    for after in (BEGINNING, Cursor(0, 700), Cursor(1), feed.now()):
        with CaptureQueriesContext(connection) as queries:
            feed.page(after, fold_imports=fold_imports)
        assert len(queries) <= 4, [query["sql"][:200] for query in queries]


def test_a_page_ends_early_where_values_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "x" * 1000
    run_import("sku,name,description\n" + "".join(f"S{row:04},Lamp,{text}\n" for row in range(600)))
    monkeypatch.setattr(feed, "MOST_CHARACTERS", 100_000)

    by_values = all_pages(1000)
    monkeypatch.undo()
    monkeypatch.setattr(feed, "MOST_BYTES", 1)
    by_blocks = all_pages(1000)

    assert 90 <= len(by_values[0].entries) < 100
    assert [len(page.entries) for page in by_blocks] == [500, 100]
    everything = [f"S{row:04}" for row in range(600)]
    assert [sku for page in by_values for sku in skus(page)] == everything
    assert [sku for page in by_blocks for sku in skus(page)] == everything


@pytest.mark.slow
def test_the_memory_of_a_page_does_not_grow_with_what_was_changed() -> None:
    """A hundred thousand changes, of which the values alone are 40 MB."""
    text = "Lamp " * 80
    opened = open_set(Origin())
    values = [(f"S{row:06}", f"{row} {text}") for row in range(100_000)]
    keep(opened, Changes(("sku", "description"), [None] * len(values), values, [0] * len(values)))
    close(opened)
    del values
    feed.page(BEGINNING)

    with peak_of_memory() as peak:
        page = feed.page(Cursor(0, 50_000))

    assert (len(page.entries), page.has_more) == (1000, True)
    assert peak.megabytes < 8


def test_a_value_longer_than_a_page_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST_CHARACTERS", 3)
    run_import("sku,name,description\nA,Lamp,long\nB,Lamp,long\n")

    assert [skus(page) for page in all_pages(1000)] == [["A"], ["B"]]


def test_what_was_pruned_is_said() -> None:
    for price in range(3):
        run_import(f"sku,name,price\nA,Lamp,{price}\n")
    sets = list(ChangeSet.objects.order_by("number"))
    prune(sets[0])

    with pytest.raises(CursorExpiredError) as caught:
        feed.page(BEGINNING)

    assert caught.value.now == feed.now() == Cursor(3)
    assert len(feed.page(Cursor(1)).entries) == 2


def test_where_all_was_pruned_only_the_newest_cursor_goes_on() -> None:
    run_import(many(3))
    for change_set in ChangeSet.objects.all():
        prune(change_set)

    assert feed.page(feed.now()).entries == []
    for expired in (BEGINNING, Cursor(0, 2)):
        with pytest.raises(CursorExpiredError):
            feed.page(expired)


def test_a_gap_in_what_is_kept_is_not_passed_over() -> None:
    """Numbers are not in the order of time: what was committed later may have begun, and be pruned, earlier."""
    for price in range(4):
        run_import(f"sku,name,price\nA,Lamp,{price}\n")
    prune(ChangeSet.objects.get(number=3))

    page = feed.page(BEGINNING)

    assert (len(page.entries), page.next, page.has_more) == (2, Cursor(2), True)
    with pytest.raises(CursorExpiredError):
        feed.page(page.next)


def test_what_is_pruned_while_a_page_is_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    run_import(many(3))
    read = feed._blocks

    def pruned_first(keys: list[int], newest: int) -> dict[int, bytes]:
        prune(ChangeSet.objects.get())
        return read(keys, newest)

    monkeypatch.setattr(feed, "_blocks", pruned_first)
    with pytest.raises(CursorExpiredError):
        feed.page(BEGINNING)


def test_a_cursor_of_a_later_state_than_this_has_expired() -> None:
    """Of a database that was restored from a backup."""
    run_import(many(1))
    for cursor in (Cursor(2), Cursor(1, 1)):
        with pytest.raises(CursorExpiredError):
            feed.page(cursor)


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.", ".1", "-1.0", "01.0", "1.00", "1.0 ", "1,0", "a.b", "٣.0", "1.0\n", f"{1 << 63}.0", f"1.{PLACES}"],
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadCursorError):
        Cursor.parse(text)


def test_a_place_that_no_set_has_is_refused() -> None:
    run_import(many(3))
    for place in (3, 4):
        with pytest.raises(BadCursorError):
            feed.page(Cursor(0, place))


def test_a_cursor_is_written_as_it_is_read() -> None:
    for cursor in (BEGINNING, Cursor(7, 12), Cursor((1 << 63) - 1, PLACES - 1)):
        assert Cursor.parse(str(cursor)) == cursor
