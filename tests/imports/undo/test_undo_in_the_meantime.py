"""What others do to the catalogue between an undo's look at it and its writing is kept, and counted as such."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections
from pytest_django import Settings

from imports.undo.judging import Judge
from products import editing
from products.editing import Editor
from products.models import Product
from tests.imports.factories import run_import
from tests.imports.short_import import WRITERS
from tests.imports.undo.undone import delete, edit, table, told, undo

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer, so nobody comes in between."),
]
Arrange = Callable[[Callable[[], object]], None]


@pytest.fixture(params=WRITERS, autouse=True)
def writer(request: pytest.FixtureRequest, settings: Settings) -> None:
    """With each writer."""
    settings.IMPORT_WRITER = request.param


@pytest.fixture
def after_the_look(monkeypatch: pytest.MonkeyPatch) -> Arrange:
    """Have something done, once, in another session, when the undo has judged and not yet written."""
    verdicts = Judge.verdicts

    def arrange(work: Callable[[], object]) -> None:
        todo = [work]

        def judged(*args: Any) -> Any:
            found = verdicts(*args)
            while todo:
                in_another_session(todo.pop())
            return found

        monkeypatch.setattr(Judge, "verdicts", judged)

    return arrange


def in_another_session(work: Callable[[], object]) -> None:
    def run() -> None:
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def classes(**selected: Any) -> dict[str, int]:
    """Import twice, undo the second; what became of its products."""
    run_import("sku,name,price\nA,Lamp,10\nB,Fan,20\n")
    job = run_import("sku,name,price\nA,Desk lamp,11\nB,Big fan,21\nC,New,1\nD,New,1\n")
    found = told(undo(job, **selected))
    names = ("restored", "deleted", "created_again", "edited_since", "changed_later", "already_so", "gone")
    return {name: found[name] for name in names if found[name]}


def test_an_edit_is_kept(after_the_look: Arrange) -> None:
    after_the_look(lambda: edit("A", price=Decimal(99)))
    assert classes() == {"restored": 2, "deleted": 2}
    assert table()["A"][:3:2] == ("Lamp", Decimal(99))


def test_a_created_product_that_is_edited_is_not_deleted(after_the_look: Arrange) -> None:
    after_the_look(lambda: edit("C", name="Mine"))
    assert classes() == {"restored": 2, "deleted": 1, "edited_since": 1}
    assert set(table()) == {"A", "B", "C"}


def test_a_product_that_is_deleted_is_not_made_again(after_the_look: Arrange) -> None:
    def delete_both() -> None:
        delete("A")
        delete("C")

    after_the_look(delete_both)
    assert classes() == {"restored": 1, "deleted": 1, "already_so": 1, "gone": 1}
    assert set(table()) == {"B"}


def test_a_product_that_is_given_another_sku_keeps_its_values(after_the_look: Arrange) -> None:
    after_the_look(lambda: edit("B", sku="X", sku_normalized="x"))
    assert classes() == {"restored": 1, "deleted": 2, "gone": 1}
    assert table()["X"][:3:2] == ("Big fan", Decimal(21))


def test_a_product_that_is_created_anew_by_somebody_is_theirs(after_the_look: Arrange) -> None:
    def replace() -> None:
        delete("C")
        editing.create(Product(sku="C", name="Theirs"), Editor())

    after_the_look(replace)
    assert classes() == {"restored": 2, "deleted": 1, "edited_since": 1}
    assert table()["C"][0] == "Theirs"


def test_only_the_edited_one_of_many_is_kept_where_only_prices_are_undone(after_the_look: Arrange) -> None:
    after_the_look(lambda: edit("B", price=Decimal(99)))
    assert classes(fields=("price",)) == {"restored": 1, "edited_since": 1}
    assert {sku: row[:3:2] for sku, row in table().items() if sku in "AB"} == {
        "A": ("Desk lamp", Decimal(10)),
        "B": ("Big fan", Decimal(99)),
    }
