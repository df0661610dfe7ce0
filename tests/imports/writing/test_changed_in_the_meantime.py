"""A product that is deleted while a file without names is about to change it is not created again without a name."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, connections
from pytest_django import Settings

from imports.writing import bulk_create
from imports.writing.plan import Plan
from products.models import Product
from tests.imports.factories import run_import
from tests.imports.short_import import WRITERS

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer, so nobody deletes in between."),
]


def in_another_session(work: Any) -> None:
    """Do `work` on a connection of its own, and wait for it."""

    def run() -> None:
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@pytest.mark.parametrize("writer", WRITERS)
def test_a_product_that_is_gone_is_rejected_and_the_others_are_changed(
    writer: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IMPORT_WRITER = writer
    for sku in ("A", "B"):
        Product.objects.create(sku=sku, name="Chair", price=1)
    make_plan = bulk_create.make_plan

    def deleting_after_the_look(*args: Any, **options: Any) -> Plan:
        plan = make_plan(*args, **options)
        in_another_session(Product.objects.filter(sku="A").delete)
        return plan

    monkeypatch.setattr(bulk_create, "make_plan", deleting_after_the_look)

    job = run_import("sku,price\nA,2\nB,2\n")

    assert (job.status, job.updated_rows, job.created_rows, job.rejected_rows) == ("completed", 1, 0, 1)
    assert job.rejected.get().code == "new_without_name"
    assert list(Product.objects.values_list("sku", "name", "price")) == [("B", "Chair", 2)]
