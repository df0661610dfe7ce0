"""One change of one product is taken back as far as the product still holds what it wrote."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from products import editing
from products.editing import Editor, SkuTakenError
from products.history.models import ChangeBlock
from products.history.records import KEPT, Record
from products.history.stories import last_address
from products.models import Product
from products.reverting import CannotRevertError, is_in_force, record_at, revert
from products.search.changes import SearchChange
from tests.imports.factories import run_import
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db

FILE = "sku,name,price,Colour\nA,Lamp,10,red\n"


def edit(of: str, /, **values: Any) -> Record:
    """Edit a product; returns the record of that."""
    product = Product.objects.get(sku=of)
    for name, value in values.items():
        setattr(product, name, value)
    editing.update(product, list(values), Editor())
    return newest(product)


def newest(product: Product) -> Record:
    return record_at(Product.objects.values_list("last_change", flat=True).get(pk=product.pk))


def row(**where: Any) -> dict[str, Any]:
    return Product.objects.values(*KEPT).get(**where)


def test_a_field_that_still_holds_gets_the_value_from_before() -> None:
    run_import(FILE, extra=True)
    before = row()
    change = edit("A", sku="A-1", name="Desk lamp", price=None, extra={"Colour": "blue"}, is_active=False)
    SearchChange.objects.all().delete()

    done = revert(change, Editor())

    assert (done.what, set(done.restored), done.kept) == ("restored", set(KEPT) - {"description"}, ())
    assert row() == before
    assert Product.objects.get().sku_normalized == "a"
    assert SearchChange.objects.exists()


def test_what_was_changed_since_is_kept() -> None:
    run_import(FILE)
    change = edit("A", name="Desk lamp", price=Decimal(11), description="x")
    edit("A", name="Mine", description="")

    done = revert(change, Editor())

    assert (done.restored, done.kept) == (("price",), ("name",))
    assert (row()["name"], row()["price"]) == ("Mine", Decimal(10))


def test_it_is_an_edit_like_any_other_and_can_be_taken_back() -> None:
    run_import(FILE)
    anna = make_user()
    product = Product.objects.get()
    change = edit("A", name="Desk lamp")

    revert(change, Editor(anna))
    undone = newest(product)

    assert (undone.before, undone.after) == ({"name": "Desk lamp"}, {"name": "Lamp"})
    assert undone.previous == change.address
    revert(undone, Editor(anna))
    assert row()["name"] == "Desk lamp"
    assert Product.objects.get().event_sequence == 3


def test_a_line_of_an_import_can_be_taken_back() -> None:
    run_import(FILE)
    run_import("sku,price\nA,12\n")

    assert revert(newest(Product.objects.get()), Editor()).restored == ("price",)
    assert row()["price"] == Decimal(10)


def test_a_created_product_is_deleted_if_it_is_as_created() -> None:
    created = editing.create(Product(sku="B", name="Fan"), Editor())
    change = newest(created)
    edit("B", name="Big fan")

    with pytest.raises(CannotRevertError, match="changed since it was created"):
        revert(change, Editor())
    edit("B", name="Fan")
    assert revert(change, Editor()).what == "deleted"
    assert not Product.objects.exists()


def test_a_product_with_other_columns_since_is_not_as_created() -> None:
    run_import("sku,name\nA,Lamp\n")
    change = newest(Product.objects.get())
    run_import("sku,Colour\nA,red\n", extra=True)

    assert not is_in_force(change, Product.objects.get())
    with pytest.raises(CannotRevertError):
        revert(change, Editor())


def test_a_deleted_product_is_created_again_as_it_was() -> None:
    run_import(FILE, extra=True)
    before = row()
    editing.delete(Product.objects.get(), Editor())
    change = record_at(last_address("a"))

    assert revert(change, Editor()).what == "created again"
    assert row() == before
    with pytest.raises(CannotRevertError, match="a product with this SKU again"):
        revert(change, Editor())


def test_where_nothing_holds_nothing_is_done() -> None:
    run_import(FILE)
    change = edit("A", name="Desk lamp")
    edit("A", name="Mine")
    with pytest.raises(CannotRevertError, match="changed again since"):
        revert(change, Editor())
    edit("A", name="Lamp")
    with pytest.raises(CannotRevertError, match="as it was before"):
        revert(change, Editor())
    edit("A", sku="A-2")
    with pytest.raises(CannotRevertError, match="given another SKU"):
        revert(change, Editor())


def test_a_sku_that_another_product_has_by_now_stays_its_own() -> None:
    run_import(FILE)
    change = edit("A", sku="B", name="Fan")
    run_import(FILE)

    with pytest.raises(SkuTakenError):
        revert(change, Editor())
    assert row(sku="B")["name"] == "Fan"


def test_what_is_not_on_record_is_said() -> None:
    run_import(FILE)
    address = Product.objects.get().last_change

    for missing in (0, address + 1, address + (1 << 40)):
        with pytest.raises(CannotRevertError, match="not on record"):
            record_at(missing)
    ChangeBlock.objects.all().delete()
    with pytest.raises(CannotRevertError, match="or no longer"):
        record_at(address)
