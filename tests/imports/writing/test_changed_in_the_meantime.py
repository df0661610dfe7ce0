"""What others do to the catalogue between an import's look at it and its writing is not undone or overwritten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections
from pytest_django import Settings

from imports.models import ImportJob
from imports.writing import bulk_create
from imports.writing.plan import Plan
from products import editing
from products.editing import Editor
from products.history import recording
from products.history.models import PLACES
from products.models import Product
from tests.imports.factories import run_import
from tests.imports.short_import import WRITERS

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
    """Have something done, once, in another session, when the import has looked and not yet written."""
    make_plan = bulk_create.make_plan

    def arrange(work: Callable[[], object]) -> None:
        todo = [work]

        def planned(*args: Any, **options: Any) -> Plan:
            plan = make_plan(*args, **options)
            while todo:
                in_another_session(todo.pop())
            return plan

        monkeypatch.setattr(bulk_create, "make_plan", planned)

    return arrange


def in_another_session(work: Callable[[], object]) -> None:
    """Do `work` on a connection of its own, and wait for it."""

    def run() -> None:
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def receipt(job: ImportJob) -> tuple[int, ...]:
    assert job.status == "completed"
    return job.created_rows, job.updated_rows, job.rejected_rows, job.skipped_rows


def products() -> list[tuple[Any, ...]]:
    return list(Product.objects.order_by("sku").values_list("sku", "name", "price", "is_active"))


@pytest.fixture
def chairs() -> None:
    for sku in ("A", "B"):
        Product.objects.create(sku=sku, name="Chair", price=1)


@pytest.mark.usefixtures("chairs")
@pytest.mark.parametrize("content", ["sku,price\nA,2\nB,2\n", "sku,name,price\nA,,2\nB,,2\n"], ids=["no", "empty"])
def test_a_product_that_is_gone_is_rejected_where_it_would_have_no_name(content: str, after_the_look: Arrange) -> None:
    after_the_look(lambda: editing.delete(Product.objects.get(sku="A"), Editor()))
    job = run_import(content)
    assert receipt(job) == (0, 1, 1, 0)
    assert job.rejected.get().code == "new_without_name"
    assert products() == [("B", "Chair", 2, True)]


@pytest.mark.usefixtures("chairs")
def test_update_only_does_not_create_what_has_just_been_deleted(after_the_look: Arrange) -> None:
    after_the_look(lambda: editing.delete(Product.objects.get(sku="A"), Editor()))
    assert receipt(run_import("sku,name,price\nA,Chair,2\nB,Chair,2\n", mode="update_only")) == (0, 1, 0, 1)
    assert products() == [("B", "Chair", 2, True)]


@pytest.mark.usefixtures("chairs")
def test_a_kept_value_is_the_one_that_somebody_has_just_written(after_the_look: Arrange) -> None:
    def edit() -> None:
        product = Product.objects.get(sku="A")
        product.name, product.is_active = "Table", False
        editing.update(product, ["name", "is_active"], Editor())

    after_the_look(edit)
    assert receipt(run_import("sku,name,price,status\nA,,2,\nB,Sofa,2,no\n")) == (0, 2, 0, 0)
    assert products() == [("A", "Table", 2, False), ("B", "Sofa", 2, False)]


def test_create_only_does_not_overwrite_what_has_just_been_created(after_the_look: Arrange) -> None:
    after_the_look(lambda: editing.create(Product(sku="A", name="Theirs"), Editor()))
    assert receipt(run_import("sku,name,price\nA,Ours,2\nB,Ours,2\nC,Ours,2\n", mode="create_only")) == (2, 0, 0, 1)
    assert products() == [("A", "Theirs", None, True), ("B", "Ours", 2, True), ("C", "Ours", 2, True)]


def test_an_empty_status_does_not_activate_what_has_just_been_created(after_the_look: Arrange) -> None:
    after_the_look(lambda: editing.create(Product(sku="A", name="Theirs", is_active=False), Editor()))
    assert receipt(run_import("sku,name,price,status\nA,Ours,2,\nB,Ours,2,\n")) == (1, 1, 0, 0)
    assert products() == [("A", "Ours", 2, False), ("B", "Ours", 2, True)]


def test_a_chunk_taken_for_new_products_only_does_not_overwrite_what_others_create(
    settings: Settings, after_the_look: Arrange
) -> None:
    settings.IMPORT_CHUNK_ROWS = 2
    # Planned is the first chunk; the COPY writer then tries the next ones without a look.
    after_the_look(lambda: editing.create(Product(sku="C", name="Theirs", is_active=False), Editor()))
    content = "sku,name,price,status\nA,Ours,2,yes\nB,Ours,2,yes\nC,Ours,2,yes\nD,Ours,2,yes\n"
    assert receipt(run_import(content, mode="create_only")) == (3, 0, 0, 1)
    assert ("C", "Theirs", None, False) in products()


@pytest.mark.usefixtures("chairs")
def test_what_was_overwritten_is_what_is_on_record(after_the_look: Arrange) -> None:
    """A row that changes a product which somebody has just changed is counted and recorded as what it then does."""

    def edit() -> None:
        product = Product.objects.get(sku="A")
        product.price = 5
        editing.update(product, ["price"], Editor())

    after_the_look(edit)
    run_import("sku,name,price\nA,Chair,2\nB,Chair,1\n")
    newest = Product.objects.get(sku="A").last_change
    record = next(block.at(newest) for block in recording.blocks_of(newest // PLACES))
    assert (record.before, record.after) == ({"price": 5}, {"price": 2})


def test_created_is_exact_where_somebody_else_has_created_it(after_the_look: Arrange) -> None:
    after_the_look(lambda: editing.create(Product(sku="A", name="Theirs"), Editor()))
    assert receipt(run_import("sku,name\nA,Ours\nB,Ours\n")) == (1, 1, 0, 0)
