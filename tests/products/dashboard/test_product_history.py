"""A product's history in the dashboard: sentences about its fields, the story in pages, and what became of a SKU."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from imports import waking
from imports.commandline import foreground
from imports.undo import undoing
from imports.undo.selection import Selection
from products import editing
from products.editing import Editor
from products.history.models import ChangeBlock, ChangeSet
from products.models import Product
from tests.imports.factories import run_import
from tests.products.factories import make_product, make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/products/product/"


def staff(client: Client, *permissions: str) -> Client:
    client.force_login(make_user(*permissions, is_staff=True, is_superuser=not permissions))
    return client


def text_of(html: str) -> str:
    """What is to be read on a page."""
    return re.sub(r"\s+", " ", strip_tags(html))


def page_of(product: Product, client: Client, *permissions: str) -> str:
    answer = staff(client, *permissions).get(f"{LIST}{product.pk}/change/")
    assert answer.status_code == 200
    return answer.content.decode()


def edit(name: str, value: Any) -> None:
    product = Product.objects.get()
    setattr(product, name, value)
    editing.update(product, [name], Editor())


def test_the_page_says_of_each_field_where_its_value_is_from(client: Client) -> None:
    run_import("sku,name,price\nA-1,Lamp,34.90\n")
    job = run_import("sku,price\nA-1,29.90\n", filename="acme.csv")
    edit("is_active", False)

    html = page_of(Product.objects.get(), client)
    text = text_of(html)

    day = f"{ChangeSet.objects.latest('pk').at:%-d %b %Y}"
    assert f"Price 29.90 since {day}, import {job.pk}, acme.csv, line 2; was 34.90" in text
    assert f"State inactive since {day}, by the system; was active" in text
    assert f"Name Lamp since it was created on {day}, import {job.pk - 1}, products.csv, line 2 " in text
    assert f'<a href="/admin/imports/importjob/{job.pk}/change/">import {job.pk}</a>' in html


def test_an_undo_is_told_with_the_import_that_it_took_back(client: Client) -> None:
    run_import("sku,name,price\nA-1,Lamp,5\n")
    undone = run_import("sku,price\nA-1,6\n", filename="acme.csv")
    with waking.no_messages():
        job = undoing.undo(undone, selection=Selection(), preview=False)
        foreground.run(job, lambda: None)

    text = text_of(page_of(Product.objects.get(), client))

    assert f", import {job.pk} (undo of import {undone.pk}), acme.csv, line 2; was 6.00" in text


def test_older_changes_are_on_pages_of_their_own(client: Client) -> None:
    for price in range(70):
        run_import(f"sku,name,price\nA-1,Lamp,{price}\n")
    html = page_of(Product.objects.get(), client)
    seen = re.findall(r"<bdi>(\d+\.00)</bdi></li>", html)

    pages = 0
    while link := re.search(r'href="([^"]+)">Older changes', html):
        html = client.get(link[1]).content.decode()
        seen += re.findall(r"<bdi>(\d+\.00)</bdi></li>", html)
        pages += 1

    assert seen == [f"{price}.00" for price in reversed(range(70))]
    assert pages == 2


def test_values_of_strangers_are_escaped_and_shortened(client: Client) -> None:
    long = "x" * 5000
    run_import(f'sku,name,description\nA-1,<b>Lam\u202ep,"{long}"\n', filename="<i>\u202efdp.csv")
    run_import(f'sku,name,description\nA-1,<u>Fan,"{long}end"\n')

    html = page_of(Product.objects.get(), client)

    history = html[html.index("history-heading") :]
    assert "&lt;u&gt;Fan" in history
    assert "&lt;b&gt;Lam\\u202ep" in history
    assert "&lt;i&gt;\\u202efdp.csv" in history
    assert "<b>" not in history
    assert "<i>" not in history
    # Of texts that begin alike, where they begin to differ.
    assert f"…{'x' * 20}end" in history
    assert "x" * 200 not in history


def test_a_product_without_records_says_so(client: Client) -> None:
    text = text_of(page_of(make_product("A-1", name="Lamp"), client))

    assert "Name Lamp nothing is on record" in text
    assert "Nothing is on record of this product" in text


def test_the_names_of_files_are_for_those_who_may_view_imports(client: Client) -> None:
    job = run_import("sku,name\nA-1,Lamp\n", filename="secret-supplier.csv")

    html = page_of(Product.objects.get(), client, "products.view_product")

    assert f"import {job.pk}, line 2" in text_of(html)
    assert "secret" not in html
    assert "importjob" not in html[html.index("history-heading") :]


def test_a_search_for_the_sku_of_a_deleted_product_leads_to_its_history(client: Client) -> None:
    run_import("sku,name,price\nA/1 ü,Lamp,5\n")
    editing.delete(Product.objects.get(), Editor(make_user()))
    viewer = staff(client, "products.view_product")

    links = set()
    for name in ("search", "sku", "sku_prefix"):
        html = viewer.get(LIST, {name: " a/1 Ü "}).content.decode()
        links |= set(re.findall(r'href="([^"]+)">see the history of a/1 Ü', html))
    [link] = links
    page = viewer.get(link)

    text = text_of(page.content.decode())
    assert "History of A/1 ü" in text
    assert "Price 5.00 since it was created on" in text
    assert re.search(r"Deleted SKU: A/1 ü Name: Lamp Price: 5.00 State: active by user\d+", text)
    assert "see the history" not in viewer.get(LIST, {"search": "nothing"}).content.decode()


def test_the_page_of_a_sku_leads_to_the_product_that_has_it(client: Client) -> None:
    product = make_product("A-1")
    viewer = staff(client, "products.view_product")

    assert viewer.get(f"{LIST}history/", {"sku": "a-1"}).headers["Location"] == f"{LIST}{product.pk}/history/"
    for sku in ("B-1", "", "A\0", "x" * 101):
        assert viewer.get(f"{LIST}history/", {"sku": sku}).headers["Location"] == LIST


def test_it_is_for_those_who_may_view_products(client: Client) -> None:
    product = make_product("A-1")
    stranger = staff(client, "imports.view_importjob")

    assert stranger.get(f"{LIST}{product.pk}/history/").status_code == 403
    assert stranger.get(f"{LIST}history/", {"sku": "A-1"}).status_code == 403


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "²", "wrong"])
def test_an_address_that_no_change_has_is_refused(client: Client, before: str) -> None:
    run_import("sku,name\nA-1,Lamp\n")
    address = str(ChangeBlock.objects.get().pk + 1) if before == "wrong" else before

    answer = staff(client).get(f"{LIST}{Product.objects.get().pk}/history/", {"before": address})

    assert answer.status_code == 400


def test_the_list_is_filtered_by_changes(client: Client) -> None:
    run_import("sku,name,price\nA,Lamp,1\nB,Fan,2\n")
    job = run_import("sku,name,price\nA,Lamp,5\nC,Rug,2\n")

    answer = staff(client).get(LIST, {"changed_by_import": str(job.pk), "changed_field": "price"})

    assert [product.sku for product in answer.context["cl"].result_list] == ["A"]
    assert f"Changed: {job.pk}, price" in text_of(answer.content.decode())
    wrong = staff(client).get(LIST, {"changed_since": "yesterday"}).content.decode()
    assert "Enter a valid date/time" in wrong


def test_an_action_takes_all_that_the_filter_by_changes_selects(client: Client) -> None:
    run_import("sku,name\nA,Lamp\nB,Fan\n")
    job = run_import("sku,name\nA,Desk lamp\nC,Rug\n")

    sent = {"action": "deactivate", "select_across": "1", "_selected_action": "all", "index": "0"}
    staff(client).post(f"{LIST}?changed_by_import={job.pk}", sent)

    assert list(Product.objects.filter(is_active=False).order_by("sku").values_list("sku", flat=True)) == ["A", "C"]
