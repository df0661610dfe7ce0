"""Whoever changes products, and however many: each edit is told, logged with its editor, or has not happened at all."""

import json
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from products import editing, events
from products.api.serializers import ProductSerializer
from products.editing import Editor, GoneError, MoreThanExpectedError, SkuTakenError
from products.history.models import Counter
from products.models import Product
from products.selection import IDS_TOLD, Selection
from tests.products.factories import client_of, make_product, make_user
from webhooks.catalogue import CATALOGUE
from webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db

LIST = "/admin/products/product/"
BULK_DELETE = "/api/products/bulk-delete"


@pytest.fixture(autouse=True)
def endpoint():
    return Endpoint.objects.create(url="https://example.com/hook")


@pytest.fixture
def ann():
    return make_user(is_superuser=True, is_staff=True)


def make_products(number, **fields):
    Product.objects.bulk_create(
        Product(sku=f"S{n}", sku_normalized=f"s{n}", name=f"N{n}", **fields) for n in range(number)
    )


def told():
    """Type and data of every event."""
    bodies = [json.loads(body) for body in Delivery.objects.order_by("id").values_list("body", flat=True)]
    return [(body["type"], body["data"]) for body in bodies]


def logged():
    """Who did what to what, as the log tells it."""
    entries = LogEntry.objects.order_by("id").select_related("user")
    return [
        (entry.user.username, entry.get_action_flag_display(), entry.object_repr, entry.get_change_message())
        for entry in entries
    ]


# One product.


def test_creating_is_told_and_logged(ann):
    product = editing.create(Product(sku=" A-1 ", name="Lamp", price=Decimal(5)), Editor(ann))

    assert (product.sku, product.sku_normalized) == ("A-1", "a-1")
    [(event, data)] = told()
    assert (event, data["product"]["id"], data["product"]["price"]) == ("product.created", product.pk, "5.00")
    assert logged() == [(ann.username, "Addition", "A-1 Lamp", "Added.")]
    assert LogEntry.objects.get().get_edited_object() == product


def test_an_update_saves_its_fields_only_and_names_them_in_the_log(ann):
    product = make_product("A-1", name="Old", price=5)
    Product.objects.update(price=99)
    product.name, product.is_active = "New", False

    editing.update(product, ["name", "is_active"], Editor(ann))

    assert list(Product.objects.values_list("name", "price", "is_active")) == [("New", 99, False)]
    assert [event for event, _ in told()] == ["product.updated"]
    assert logged() == [(ann.username, "Change", "A-1 New", "Changed Name and Active.")]


def test_an_update_of_nothing_is_none(ann):
    product = make_product("A-1")
    before = list(Product.objects.values())

    editing.update(product, [], Editor(ann))

    assert (list(Product.objects.values()), told(), logged()) == (before, [], [])


def test_a_deletion_shows_the_product_as_it_was(ann):
    product = make_product("A-1", name="Lamp")
    shown = json.loads(json.dumps(ProductSerializer(Product.objects.get()).data))

    editing.delete(Product.objects.get(), Editor(ann))

    assert told() == [("product.deleted", {"sequence": 1, "product": shown})]
    assert logged() == [(ann.username, "Deletion", "A-1 Lamp", "")]
    editing.delete(product, Editor(ann))
    assert len(told()) == len(logged()) == 1


@pytest.mark.parametrize("price", [None, Decimal("9.90"), Decimal("1234567890.5")])
def test_events_show_products_as_the_api_does(price):
    make_product("A-1", price=price, last_import=7, description="two\nlines", extra={"Größe": "S"})
    product = Product.objects.get()

    assert events.shown(product) == ProductSerializer(product).data


def test_a_sku_that_is_taken_by_now_is_told_and_nothing_is_saved(ann):
    make_product("A-1")
    other = make_product("B-1")

    with pytest.raises(SkuTakenError, match="already exists"):
        editing.create(Product(sku="a-1", name="Lamp"), Editor(ann))
    other.sku = "a-1"
    with pytest.raises(SkuTakenError):
        editing.update(other, ["sku"], Editor(ann))

    assert sorted(Product.objects.values_list("sku", flat=True)) == ["A-1", "B-1"]
    assert (told(), logged()) == ([], [])


def test_the_system_has_no_entry_in_the_log_and_no_name():
    make_products(2)

    editing.create(Product(sku="A", name="Lamp"), Editor())
    editing.delete_many(Selection.all(), Editor())

    assert [(event, data.get("by")) for event, data in told()] == [
        ("product.created", None),
        ("product.bulk_deleted", None),
    ]
    assert logged() == []


def test_a_product_that_is_gone_is_not_saved(ann):
    product = make_product("A-1", name="Old")
    editing.delete(Product.objects.get(), Editor(ann))
    product.name = "New"

    with pytest.raises(GoneError, match="deleted in the meantime"):
        editing.update(product, ["name"], Editor(ann))

    assert not Product.objects.exists()


@pytest.mark.parametrize("what", ["create", "update", "delete", "delete_many", "set_active"])
def test_an_edit_that_cannot_be_logged_has_not_happened(ann, monkeypatch, what):
    product = make_product("A-1", name="Old")
    before = list(Product.objects.values())
    product.name = "New"

    def refuse(*_, **__):
        raise DatabaseError("disk full")

    monkeypatch.setattr(LogEntry, "save", refuse)
    edits = {
        "create": lambda: editing.create(Product(sku="B", name="Lamp"), Editor(ann)),
        "update": lambda: editing.update(product, ["name"], Editor(ann)),
        "delete": lambda: editing.delete(product, Editor(ann)),
        "delete_many": lambda: editing.delete_many(Selection.all(), Editor(ann)),
        "set_active": lambda: editing.set_active(Selection.all(), Editor(ann), active=False),
    }

    with pytest.raises(DatabaseError, match="disk full"):
        edits[what]()

    assert (list(Product.objects.values()), told()) == (before, [])


# Many products.


@pytest.mark.parametrize(
    ("selection", "shown", "words"),
    [
        (Selection.of_ids, lambda ids: {"ids": ids}, "selected one by one"),
        (
            lambda _: Selection.matching({"sku_prefix": "s", "is_active": "true", "price_max": 9.5}),
            lambda _: {"filter": {"sku_prefix": "s", "is_active": True, "price_max": "9.5"}},
            "selected by filter: sku_prefix, is_active, price_max",
        ),
        (lambda _: Selection.all(), lambda _: {"all": True}, "all products"),
    ],
)
def test_a_bulk_deletion_is_one_event_and_one_entry(ann, selection, shown, words):
    make_products(3, price=5)
    ids = list(Product.objects.order_by("id").values_list("id", flat=True))

    assert editing.delete_many(selection(ids), Editor(ann)).count == 3

    assert not Product.objects.exists()
    assert told() == [("product.bulk_deleted", {"count": 3, "selection": shown(ids), "by": ann.username})]
    assert logged() == [(ann.username, "Deletion", "3 products", f"Deleted in bulk ({words}).")]


def test_a_bulk_change_counts_what_was_not_so_before(ann):
    make_products(3, is_active=False)
    make_product("Active")

    assert editing.set_active(Selection.all(), Editor(ann), active=True).count == 3

    data = {"count": 3, "selection": {"all": True}, "by": ann.username, "changes": {"is_active": True}}
    assert told() == [("product.bulk_updated", data)]
    assert logged() == [(ann.username, "Change", "3 products", "Activated in bulk (all products).")]


def test_a_bulk_edit_of_nothing_is_neither_told_nor_logged(ann):
    make_products(2)

    assert editing.delete_many(Selection.matching({"sku": "none"}), Editor(ann)).count == 0
    assert editing.set_active(Selection.all(), Editor(ann), active=True).count == 0

    assert (told(), logged()) == ([], [])


def test_more_than_expected_are_not_deleted(ann):
    make_products(3)

    with pytest.raises(MoreThanExpectedError):
        editing.delete_many(Selection.all(), Editor(ann), at_most=2)

    assert (Product.objects.count(), told(), logged()) == (3, [], [])
    assert editing.delete_many(Selection.all(), Editor(ann), at_most=3).count == 3


def test_an_event_names_no_more_than_a_thousand_ids(ann):
    make_products(IDS_TOLD + 500)
    ids = list(Product.objects.order_by("id").values_list("id", flat=True))

    editing.set_active(Selection.of_ids(ids), Editor(ann), active=False)
    editing.delete_many(Selection.of_ids(ids), Editor(ann))

    for _, data in told():
        assert data["count"] == IDS_TOLD + 500
        assert data["selection"] == {"ids": ids[:IDS_TOLD], "note": "The first 1,000 of 1,500 ids."}
    assert len(told()) == 2


@pytest.mark.parametrize("kind", ["ids", "filter", "all"])
def test_bulk_edits_take_the_same_few_queries_for_each_batch_of_products(ann, kind):
    """But for the SKUs that are said farewell to: SQLite takes 499 of them at a time."""
    # Who records the first changes of all makes the counter.
    Counter.objects.create()
    counts = set()
    for number in (1, 2000):
        make_products(number)
        ids = list(Product.objects.values_list("id", flat=True))
        chosen = {"ids": Selection.of_ids(ids), "filter": Selection.matching({"name": "n"}), "all": Selection.all()}
        with CaptureQueriesContext(connection) as queries:
            editing.set_active(chosen[kind], Editor(ann), active=False)
            editing.delete_many(chosen[kind], Editor(ann))
        counts.add(sum("products_farewell" not in query["sql"] for query in queries))
        of_products = [query["sql"][:6] for query in queries if '"products_product"' in query["sql"]]
        assert of_products == ["SELECT", "SELECT", "SELECT", "DELETE", "SELECT"]
        assert not Product.objects.exists()

    assert len(counts) == 1


@pytest.mark.parametrize("event", ["product.bulk_deleted", "product.bulk_updated"])
def test_the_catalogue_of_events_shows_them_as_they_are(ann, event):
    make_products(2)
    editing.set_active(Selection.all(), Editor(ann), active=False)
    editing.delete_many(Selection.all(), Editor(ann))

    assert list(dict(told())[event]) == list(CATALOGUE[event].example)


# Through the API.


def test_edits_over_the_api_are_logged_with_the_user(ann):
    api = client_of(ann)
    product = api.post("/api/products/", {"sku": "A-1", "name": "Lamp"}, format="json").json()
    path = f"/api/products/{product['id']}"

    api.patch(path, {"name": "Desk lamp", "price": "5.00"}, format="json")
    api.patch(path, {"name": "Desk lamp"}, format="json")
    api.delete(path)

    assert logged() == [
        (ann.username, "Addition", "A-1 Lamp", "Added."),
        (ann.username, "Change", "A-1 Desk lamp", "Changed Name and Price."),
        (ann.username, "Deletion", "A-1 Desk lamp", ""),
    ]
    assert [event for event, _ in told()] == ["product.created", "product.updated", "product.deleted"]


def test_a_bulk_deletion_over_the_api_is_told_and_logged(ann):
    make_products(3)

    client_of(ann).post(BULK_DELETE, {"filter": {"sku_prefix": "S"}, "confirm": True}, format="json")

    assert told() == [
        ("product.bulk_deleted", {"count": 3, "selection": {"filter": {"sku_prefix": "S"}}, "by": ann.username})
    ]
    assert [entry[:3] for entry in logged()] == [(ann.username, "Deletion", "3 products")]


# In the dashboard.


def test_every_edit_in_the_dashboard_is_told_and_logged_once(ann, client):
    client.force_login(ann)
    form = {"sku": "A-1", "name": "Lamp", "description": "", "price": "", "is_active": "on"}
    client.post(f"{LIST}add/", form)
    product = Product.objects.get()
    shown = {f"initial-{name}": value for name, value in {**form, "is_active": "True"}.items()}
    client.post(f"{LIST}{product.pk}/change/", {**form, **shown, "name": "Desk lamp"})
    client.post(f"{LIST}{product.pk}/change/", {**form, **shown, "name": "Lamp"})
    client.post(LIST, {"_add": "1", "new-sku": "B-1", "new-name": "Chair", "new-is_active": "on"})
    client.post(f"{LIST}{product.pk}/delete/", {"post": "yes"})

    assert [event for event, _ in told()] == [
        "product.created",
        "product.updated",
        "product.created",
        "product.deleted",
    ]
    assert logged() == [
        (ann.username, "Addition", "A-1 Lamp", "Added."),
        (ann.username, "Change", "A-1 Desk lamp", "Changed Name."),
        (ann.username, "Addition", "B-1 Chair", "Added."),
        (ann.username, "Deletion", "A-1 Desk lamp", ""),
    ]


def test_rows_that_are_saved_together_are_edits_of_one_product_each(ann, client):
    client.force_login(ann)
    rows = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
    for number, product in enumerate([make_product("A", name="Old"), make_product("B", name="Old")]):
        rows |= {f"form-{number}-id": product.pk, f"form-{number}-name": "New", f"initial-form-{number}-name": "Old"}
        rows |= {f"{before}form-{number}-price": "9.90" for before in ("", "initial-")}
        rows |= {f"form-{number}-is_active": "on", f"initial-form-{number}-is_active": "True"}

    client.post(LIST, rows)

    assert [(event, data["product"]["name"]) for event, data in told()] == [("product.updated", "New")] * 2
    assert logged() == [(ann.username, "Change", f"{sku} New", "Changed Name.") for sku in "AB"]


def test_actions_say_how_the_products_were_selected(ann, client):
    client.force_login(ann)
    make_products(4)
    ids = list(Product.objects.order_by("id").values_list("id", flat=True)[:2])
    whole = {"select_across": "1", "_selected_action": "all", "index": "0"}

    client.post(LIST, {"action": "deactivate", "_selected_action": ids, "index": "0"})
    client.post(f"{LIST}?sku_prefix=s&is_active=false", {"action": "activate", **whole})
    client.post(LIST, {"action": "delete_selected", **whole, "expected": "4"})

    by = ann.username
    filters = {"sku_prefix": "s", "is_active": False}
    assert told() == [
        (
            "product.bulk_updated",
            {"count": 2, "selection": {"ids": ids}, "by": by, "changes": {"is_active": False}},
        ),
        (
            "product.bulk_updated",
            {"count": 2, "selection": {"filter": filters}, "by": by, "changes": {"is_active": True}},
        ),
        ("product.bulk_deleted", {"count": 4, "selection": {"all": True}, "by": by}),
    ]
    assert [entry[1:] for entry in logged()] == [
        ("Change", "2 products", "Deactivated in bulk (selected one by one)."),
        ("Change", "2 products", "Activated in bulk (selected by filter: sku_prefix, is_active)."),
        ("Deletion", "4 products", "Deleted in bulk (all products)."),
    ]
