"""The history of a product over HTTP: where each value is from, and the whole story, in a bounded number of queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from imports import waking
from imports.commandline import foreground
from imports.undo import undoing
from imports.undo.selection import Selection
from products import editing
from products.editing import Editor
from products.history import blame
from products.history.models import ChangeBlock, ChangeSet
from products.history.pruning import delete_before
from products.models import Product
from tests.imports.factories import run_import
from tests.products.factories import client_of, client_with, make_user

pytestmark = pytest.mark.django_db

VIEWERS = ("products.view_product", "imports.view_importjob")


def told(path: str, *permissions: str, **parameters: Any) -> dict[str, Any]:
    answer = client_with(*(permissions or VIEWERS)).get(f"/api/products/{path}", parameters)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def by_name(shown: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {field["field"]: field for field in shown["fields"]}


def edit(sku: str, name: str, value: Any, user: Any = None) -> None:
    product = Product.objects.get(sku=sku)
    setattr(product, name, value)
    editing.update(product, [name], Editor(user))


def test_each_field_says_since_when_from_where_and_what_it_was() -> None:
    first = run_import("sku,name,price\nA-0,Fan,1\nA-1,Lamp,34.90\n", filename="spring.csv")
    second = run_import("sku,price\nA-1,29.90\n", filename="acme.csv")
    edit("A-1", "name", "Desk lamp", make_user(first_name="Anna"))
    editor = Product.objects.get(sku="A-1")
    user_name = ChangeSet.objects.exclude(user_name="").get().user_name

    fields = by_name(told(f"{editor.pk}/history"))

    at = {entry.import_number: entry.at.isoformat().replace("+00:00", "Z") for entry in ChangeSet.objects.all()}
    assert fields["price"] == {
        "field": "price",
        "value": "29.90",
        "since": at[second.pk],
        "since_is_exact": True,
        "kind": "changed",
        "import_number": second.pk,
        "filename": "acme.csv",
        "undo_of": None,
        "line": 2,
        "user": None,
        "was": "34.90",
    }
    assert (fields["sku"]["kind"], fields["sku"]["import_number"]) == ("created", first.pk)
    assert (fields["sku"]["filename"], fields["sku"]["line"]) == ("spring.csv", 3)
    name = fields["name"]
    assert (name["value"], name["was"], name["user"], name["import_number"]) == ("Desk lamp", "Lamp", user_name, None)
    assert list(fields) == ["sku", "name", "description", "price", "is_active", "extra"]


def test_the_story_is_told_in_pages_and_each_change_once() -> None:
    for price in range(5):
        run_import(f"sku,name,price\nA-1,Lamp,{price}\n")
    client = client_with(*VIEWERS)
    url: str | None = f"/api/products/{Product.objects.get().pk}/history?page_size=2"
    pages = []
    while url:
        pages.append(client.get(url).json())
        url = pages[-1]["next"]

    assert [len(page["changes"]) for page in pages] == [2, 2, 1]
    assert [page["changes"][0]["fields"]["price"] for page in pages[:2]] == [
        {"old": "3.00", "new": "4.00"},
        {"old": "1.00", "new": "2.00"},
    ]
    created = pages[2]["changes"][0]
    assert created["kind"] == "created"
    assert created["fields"]["price"] == {"old": None, "new": "0.00"}
    assert [bool(page["fields"]) for page in pages] == [True, False, False]


def test_a_deleted_product_is_found_by_its_sku_in_any_letter_case() -> None:
    run_import("sku,name,price\nA-1,Lamp,5\n", filename="acme.csv")
    user = make_user()
    editing.delete(Product.objects.get(), Editor(user))

    shown = told("history", sku=" a-1 ")

    assert (shown["product"], shown["sku"], shown["notice"]) == (None, "A-1", None)
    assert [change["kind"] for change in shown["changes"]] == ["deleted", "created"]
    assert shown["changes"][0]["user"] == user.get_username()
    assert shown["changes"][0]["fields"]["name"] == {"old": "Lamp", "new": None}
    assert by_name(shown)["price"]["value"] == "5.00"
    assert by_name(shown)["price"]["line"] == 2


def test_a_product_is_found_by_its_sku_and_by_one_that_it_had() -> None:
    run_import("sku,name\nA-1,Lamp\n")
    edit("A-1", "sku", "B-1")
    product = Product.objects.get()

    assert told("history", sku="b-1") == told(f"{product.pk}/history")
    gone = told("history", sku="A-1")
    assert gone["product"] is None
    assert gone["changes"][0]["fields"]["sku"] == {"old": "A-1", "new": "B-1"}


def test_a_sku_of_which_nothing_is_known_is_a_404() -> None:
    answer = client_with(*VIEWERS).get("/api/products/history", {"sku": "A-1"})

    assert answer.status_code == 404
    assert "180 days" in answer.json()["detail"]


def test_what_was_pruned_is_said_and_not_guessed() -> None:
    run_import("sku,name,price\nA-1,Lamp,5\n")
    run_import("sku,price\nA-1,6\n")
    first, second = ChangeSet.objects.order_by("pk")
    ChangeSet.objects.filter(pk=first.pk).update(at=timezone.now() - timedelta(days=9))
    product = Product.objects.get()
    assert delete_before(timezone.now() - timedelta(days=8), 5) == 1

    shown = told(f"{product.pk}/history")

    assert (shown["older_pruned"], shown["next"]) == (True, None)
    assert shown["notice"] == "Older changes were deleted: they are kept for 180 days."
    name = by_name(shown)["name"]
    assert (name["since"], name["since_is_exact"]) == (second.at.isoformat().replace("+00:00", "Z"), False)
    assert (name["kind"], name["import_number"], name["was"]) == (None, None, None)
    assert by_name(shown)["price"]["since_is_exact"]


def test_where_all_was_pruned_it_is_unchanged_since_the_oldest_that_is_on_record() -> None:
    run_import("sku,name\nA-1,Lamp\n")
    ChangeSet.objects.update(at=timezone.now() - timedelta(days=9))
    run_import("sku,name\nA-2,Fan\n")
    delete_before(timezone.now() - timedelta(days=8), 5)

    shown = told("history", sku="A-1")

    kept = ChangeSet.objects.get().at.isoformat().replace("+00:00", "Z")
    assert (shown["changes"], shown["older_pruned"]) == ([], True)
    assert {(field["since"], field["since_is_exact"]) for field in shown["fields"]} == {(kept, False)}


def test_a_product_that_was_there_before_the_history_says_that_nothing_is_on_record() -> None:
    product = Product.objects.create(sku="A-1", name="Lamp")

    shown = told(f"{product.pk}/history")

    assert shown["notice"] == blame.NOTHING
    assert (shown["changes"], shown["older_pruned"]) == ([], False)
    assert {(field["since"], field["since_is_exact"]) for field in shown["fields"]} == {(None, False)}


def test_of_a_product_that_nothing_is_on_record_of_the_story_is_that_of_an_earlier_one_with_its_sku() -> None:
    run_import("sku,name,price\nA-1,Lamp,5\n")
    editing.delete(Product.objects.get(), Editor())
    product = Product.objects.create(sku="a-1", name="Lamp", price=5)

    shown = told("history", sku="A-1", page_size=1)

    assert (shown["product"], shown["sku"], shown["notice"]) == (product.pk, "a-1", blame.OF_ANOTHER)
    assert [change["kind"] for change in shown["changes"]] == ["deleted"]
    older = client_with(*VIEWERS).get(shown["next"]).json()
    assert [change["kind"] for change in older["changes"]] == ["created"]
    # The same values, but nobody knows that they are from the earlier one.
    assert {(field["since"], field["since_is_exact"]) for field in shown["fields"]} == {(None, False)}
    assert told(f"{product.pk}/history")["changes"] == told("history", sku="A-1")["changes"]


@pytest.mark.parametrize("page_size", [1, 50])
def test_no_value_is_said_to_be_from_an_earlier_product_with_the_sku(page_size: int) -> None:
    run_import("sku,name,price\nA-1,Lamp,5\n")
    editing.delete(Product.objects.get(), Editor())
    product = Product.objects.create(sku="A-1", name="Lamp", price=5)
    edit("A-1", "name", "Fan")
    changed = ChangeSet.objects.latest("pk").at.isoformat().replace("+00:00", "Z")

    fields = by_name(told(f"{product.pk}/history", page_size=page_size))

    assert (fields["name"]["was"], fields["name"]["since_is_exact"]) == ("Lamp", True)
    assert (fields["price"]["value"], fields["price"]["since"]) == ("5.00", changed)
    assert (fields["price"]["since_is_exact"], fields["price"]["line"]) == (False, None)


def test_a_value_that_was_written_past_the_product_is_of_unknown_origin() -> None:
    run_import("sku,name\nA-1,Lamp\n")
    Product.objects.update(name="Fan")

    name = by_name(told("history", sku="A-1"))["name"]

    assert (name["value"], name["since"], name["kind"]) == ("Fan", None, None)


def test_origins_are_looked_for_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blame, "MOST_READ", 4)
    monkeypatch.setattr(blame, "STEP", 2)
    for price in range(6):
        run_import(f"sku,name,price\nA-1,Lamp,{price}\n")
    sets = list(ChangeSet.objects.order_by("-pk"))

    shown = told("history", sku="A-1", page_size=1)

    name = by_name(shown)["name"]
    # One of the page, and two at a time until it is four or more.
    assert (name["since"], name["since_is_exact"]) == (sets[3].at.isoformat().replace("+00:00", "Z"), False)
    assert by_name(shown)["price"]["since_is_exact"]


@pytest.mark.parametrize("changes", [2, 8])
def test_it_takes_a_query_for_each_change_and_four_besides(
    changes: int, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for price in range(changes):
        run_import(f"sku,name,price\nA-1,Lamp,{price}\n")
    user = make_user(*VIEWERS)
    client = client_of(user)
    user.get_all_permissions()
    product = Product.objects.get()

    # The product, what was before its creation, the sets and the imports; and each record.
    with django_assert_num_queries(changes + 4):
        client.get(f"/api/products/{product.pk}/history")


def test_without_the_permission_to_view_imports_there_are_no_names_of_files() -> None:
    job = run_import("sku,name\nA-1,Lamp\n", filename="secret-supplier.csv")

    shown = told("history", "products.view_product", sku="A-1")

    change = shown["changes"][0]
    assert (change["import_number"], change["filename"], change["line"]) == (job.pk, None, 2)
    assert "secret" not in str(shown)


def test_an_undo_is_told_with_the_import_that_it_took_back() -> None:
    run_import("sku,name,price\nA-1,Lamp,5\n")
    undone = run_import("sku,price\nA-1,6\n", filename="acme.csv")
    with waking.no_messages():
        job = undoing.undo(undone, selection=Selection(), preview=False)
        foreground.run(job, lambda: None)

    price = by_name(told("history", sku="A-1"))["price"]

    assert (price["value"], price["was"]) == ("5.00", "6.00")
    assert (price["import_number"], price["undo_of"], price["filename"]) == (job.pk, undone.pk, "acme.csv")
    assert price["line"] == 2


def test_it_is_for_those_who_may_view_products() -> None:
    run_import("sku,name\nA-1,Lamp\n")
    client = client_with("imports.view_importjob", "products.change_product")

    assert client.get(f"/api/products/{Product.objects.get().pk}/history").status_code == 403
    assert client.get("/api/products/history", {"sku": "A-1"}).status_code == 403


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"before": "x"}, "before"),
        ({"before": "0"}, "before"),
        ({"before": 2**63}, "before"),
        ({"page_size": 101}, "page_size"),
        ({"after": "1"}, "after"),
        ({"sku": "A\0"}, "sku"),
        ({"sku": "A" * 101}, "sku"),
    ],
)
def test_a_wrong_parameter_is_a_400_that_names_it(parameters: dict[str, Any], name: str) -> None:
    run_import("sku,name\nA-1,Lamp\n")

    answer = client_with(*VIEWERS).get("/api/products/history", {"sku": "A-1", **parameters})

    assert answer.status_code == 400
    assert list(answer.json()) == [name]


def test_an_address_that_no_change_has_is_a_400() -> None:
    run_import("sku,name\nA-1,Lamp\n")
    wrong = ChangeBlock.objects.get().pk + 1

    answer = client_with(*VIEWERS).get("/api/products/history", {"sku": "A-1", "before": str(wrong)})

    assert answer.status_code == 400
    assert list(answer.json()) == ["before"]
