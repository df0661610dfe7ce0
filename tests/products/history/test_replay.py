"""Whatever is done to the catalogue: its history, replayed from nothing, gives it, and backwards every state before."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from imports.models import ImportJob
from imports.writing import copy
from products import editing
from products.editing import Editor, SkuTakenError
from products.history.models import ChangeBlock, ChangeSet, Counter, Farewell
from products.models import Product
from products.selection import Selection
from tests.imports.factories import run_import
from tests.imports.short_import import WRITERS
from tests.products.history.replica import Catalogue, Replica, catalogue

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

Step = Callable[[], object]

SKUS = ["A", "a", "B", "b", "C-1", "ß", "SS"]
NAMES = ["Lamp", "Fan", "Lamp\n2", ""]
PRICES = ["", "0", "1", "1.5", "1.50", "cheap"]
CELLS = {
    "name": st.sampled_from(NAMES),
    "description": st.sampled_from(["", "Text", "Téxt"]),
    "price": st.sampled_from(PRICES),
    "is_active": st.sampled_from(["yes", "no", ""]),
    "colour": st.sampled_from(["", "red", "blue"]),
}


@st.composite
def imports(draw: st.DrawFn) -> Step:
    columns = ["sku", "name", *sorted(draw(st.sets(st.sampled_from(sorted(CELLS.keys() - {"name"})))))]
    if len(columns) > 2 and draw(st.integers(0, 3)) == 0:
        columns.remove("name")
    rows = draw(st.lists(st.tuples(st.sampled_from(SKUS), *(CELLS[name] for name in columns[1:])), max_size=9))
    file = io.StringIO(newline="")
    csv.writer(file).writerows([columns, *rows])
    options: dict[str, Any] = {
        "mode": draw(st.sampled_from(["", "", "create_only", "update_only"])),
        "new_products": draw(st.sampled_from(["", "inactive"])),
        "extra": draw(st.booleans()),
        "empty_cells": draw(st.sampled_from([{}, {"price": "keep"}, {"price": "clear"}])),
    }
    return lambda: run_import(file.getvalue(), **options)


@st.composite
def edits(draw: st.DrawFn) -> Step:
    """Of one product, if there is one: some fields, in which it may stay as it is."""
    at = draw(st.integers(0, 5))
    values: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "sku": st.sampled_from(SKUS),
                "name": st.sampled_from(NAMES[:3]),
                "price": st.sampled_from([None, Decimal(1), Decimal("1.50")]),
                "is_active": st.booleans(),
                "extra": st.sampled_from([{}, {"colour": "green"}]),
            },
        )
    )

    def edit() -> None:
        products = list(Product.objects.order_by("pk"))
        if products:
            product = products[at % len(products)]
            for name, value in values.items():
                setattr(product, name, value)
            editing.update(product, list(values), Editor())

    return edit


@st.composite
def others(draw: st.DrawFn) -> Step:
    sku, chosen = draw(st.sampled_from(SKUS)), draw(st.sets(st.integers(0, 5)))
    active = draw(st.booleans())

    def selection() -> Selection:
        ids = list(Product.objects.order_by("pk").values_list("pk", flat=True))
        return Selection.of_ids([pk for place, pk in enumerate(ids) if place in chosen])

    def delete_one() -> None:
        if product := Product.objects.filter(sku=sku).first():
            editing.delete(product, Editor())

    steps: list[Step] = [
        lambda: editing.create(Product(sku=sku, name="Made", price=Decimal(3), is_active=active), Editor()),
        lambda: editing.set_active(selection(), Editor(), active=active),
        lambda: editing.set_active(Selection.all(), Editor(), active=active),
        lambda: editing.delete_many(selection(), Editor()),
        delete_one,
    ]
    return draw(st.sampled_from(steps))


def begin() -> None:
    """With three products, and nothing in the history but how they were made."""
    for table in (Product, ChangeBlock, ChangeSet, Farewell, Counter, ImportJob):
        table.objects.all().delete()
    run_import("sku,name,price\nA,Lamp,1\nB,Fan,2\nC-1,Lamp,\n")


STEPS = st.lists(imports() | edits() | others(), min_size=1, max_size=8)


@pytest.fixture(params=WRITERS, autouse=True)
def writer(request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """With each writer, and chunks so small that a file has several."""
    settings.IMPORT_WRITER = request.param
    settings.IMPORT_CHUNK_ROWS = 3
    # A commit empties this table, but within the transaction of a test there is none.
    monkeypatch.setattr(copy, "CREATE_STAGING", f"{copy.CREATE_STAGING}; DELETE FROM imports_staging")


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS, limit=st.sampled_from([1, 2, 5, 1000]))
@example(
    steps=[
        lambda: run_import("sku,name,price\nA,Lamp,1\nB,Lamp,1\na,Lamp,2\nC-1,Fan,2\nA,Lamp,1\n"),
        lambda: editing.delete_many(Selection.all(), Editor()),
        lambda: run_import("sku,name,colour\nB,Lamp,red\nA,Lamp,\nb,Lamp,blue\nB,,\n", extra=True),
    ],
    limit=2,
)
def test_the_history_gives_every_state_forwards_and_backwards(steps: list[Step], limit: int) -> None:
    states: list[Catalogue] = [{}]
    replica, marks = Replica(), [0]

    for step in (begin, *steps):
        with suppress(SkuTakenError):
            step()
        states.append(catalogue())
        assert replica.catch_up(limit) == states[-1]
        marks.append(len(replica.changes))

    assert Replica().catch_up() == states[-1]
    for mark, state in zip(reversed(marks), reversed(states), strict=True):
        while len(replica.changes) > mark:
            replica.undo_last()
        assert replica.products == state
