"""What the sender says about numbers and words comes before what the file shows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from products.models import Product
from tests.imports.factories import make_job, open_without_messages, run_import
from tests.imports.test_workbook_imports import SHOPIFY

pytestmark = pytest.mark.django_db


def prices() -> dict[str, Decimal | None]:
    return dict(Product.objects.values_list("sku", "price"))


@pytest.mark.parametrize(("decimal", "price"), [(",", "1250.00"), (".", "1.25")])
def test_the_decimal_sign_that_was_said_decides_what_the_column_leaves_open(decimal, price):
    job = run_import("sku,name,price\nA,Lamp,1.250\n", numbers={"decimal": decimal})

    assert job.created_rows == 1
    assert prices() == {"A": Decimal(price)}


def test_it_comes_before_what_the_column_shows():
    job = run_import("sku;name;price\nA;Lamp;1,50\nB;Chair;2,50\nC;Bed;2.75\n", numbers={"decimal": "."})

    assert prices() == {"C": Decimal("2.75")}
    assert {row.code for row in job.rejected.all()} == {"number_style"}


def test_a_currency_that_was_said_is_the_only_one():
    run_import("sku,name,price\nA,Lamp,1.50 EUR\nB,Chair,2.50 USD\nC,Bed,3.50\n", numbers={"currency": "USD"})

    assert prices() == {"B": Decimal("2.50"), "C": Decimal("3.50")}


def test_a_word_that_was_said_means_that_in_any_spelling():
    words = {"Auslaufend": False, "yes": False}
    job = run_import("sku,name,active\nA,Lamp,auslaufend\nB,Chair,YES\nC,Bed,no\nD,Table,ja\n", words=words)

    assert job.rejected_rows == 0
    active = Product.objects.filter(is_active=True)
    assert set(active.values_list("sku", flat=True)) == {"D"}


def test_words_are_said_of_known_formats_as_well():
    job = make_job(SHOPIFY, words={"sommerpause": False})
    open_without_messages(job)
    job.refresh_from_db()

    assert job.format
    assert job.words["sommerpause"] is False
    assert len(job.words) > 1


def test_what_only_values_tell_is_proposed_for_a_whole_import_as_in_the_preview():
    job = run_import("Code,Betreff,Wert\n" + "".join(f"A-{n},Lamp of {n},{n}.50 €\n" for n in range(1, 9)))

    assert job.status == "failed"
    assert job.question["candidates"] == ["Code"]
    assert job.question["mapping"] == {"sku": "Code", "price": "Wert", "name": "Betreff"}
    assert run_import("Code,Betreff,Wert\nA-1,Lamp,1.50\n", mapping=job.question["mapping"]).created_rows == 1
