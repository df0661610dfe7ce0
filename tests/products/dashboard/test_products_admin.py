"""The dashboard's list of products: what each may do, and that no page grows with the catalogue."""

import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.admin import ModelAdmin, site
from django.contrib.admin.models import LogEntry

from products import counts
from products.counts import Count
from products.dashboard import changelist
from products.models import SKU_TAKEN, Product
from tests.products.factories import make_product, make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/products/product/"
ALL = {"select_across": "1", "_selected_action": "all", "index": "0"}


def client_with(client, *permissions):
    client.force_login(make_user(*permissions, is_staff=True, is_superuser=not permissions))
    return client


def make_products(number):
    Product.objects.bulk_create(
        Product(sku=f"S{n}", sku_normalized=f"s{n}", name=f"N{n}", is_active=n % 2 == 0) for n in range(number)
    )


def row(product, **changes):
    """What the list sends of a product that it showed, with what the person changed."""
    shown = {"name": product.name, "price": product.price, "is_active": product.is_active}
    sent = {f"initial-form-0-{name}": value for name, value in shown.items()}
    sent |= {f"form-0-{name}": value for name, value in {**shown, **changes}.items() if value is not False}
    return {
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "1",
        "form-0-id": product.pk,
        "_save": "Save",
        **{name: "" if value is None else value for name, value in sent.items()},
    }


@pytest.mark.parametrize("number", [1, 250])
def test_the_list_takes_the_same_few_queries_however_many_products_there_are(
    client, number, django_assert_max_num_queries
):
    make_products(number)
    staff = client_with(client)

    with django_assert_max_num_queries(6):
        answer = staff.get(LIST, {"name": "n"})

    assert len(answer.context["cl"].result_list) == min(number, 50)


def test_pages_and_their_order(client):
    make_products(250)

    pages = [client_with(client).get(LIST, {"p": page}).context["cl"].result_list for page in range(1, 6)]

    assert [product.sku for page in pages for product in page] == [f"S{n}" for n in reversed(range(250))]
    assert client_with(client).get(LIST, {"p": 6}).status_code == 302


def test_a_selection_is_counted_up_to_a_bound_and_acted_on_whole(client, monkeypatch):
    monkeypatch.setattr(changelist, "MOST_MATCHES", 100)
    make_products(150)
    staff = client_with(client)

    answer = staff.get(LIST, {"name": "n"})

    assert "100+ products" in " ".join(answer.content.decode().split())
    staff.post(f"{LIST}?name=n", {"action": "deactivate", **ALL})
    assert not Product.objects.filter(is_active=True).exists()


def test_a_huge_catalogue_is_counted_by_estimate_on_postgresql(monkeypatch):
    make_products(30)
    monkeypatch.setattr(counts, "COUNTED_ON_POSTGRESQL", 10)

    everything = counts.count_all()

    if everything.kind == "about":
        assert everything.number >= 11
    else:
        assert everything == Count(30)
    assert counts.count_active(Count(30)) == Count(15)


def test_adding_shows_only_what_can_be_filled_in(client):
    staff = client_with(client)

    page = staff.get(f"{LIST}add/")

    assert list(page.context["adminform"].form.fields) == ["sku", "name", "description", "price", "is_active"]
    html = page.content.decode()
    assert "DatabaseDefault" not in html
    assert "Created at" not in html
    assert "Created at" in staff.get(f"{LIST}{make_product().pk}/change/").content.decode()


def test_an_edit_saves_only_what_the_person_changed(client):
    product = make_product("A", name="Old", price=Decimal(10))
    Product.objects.update(price=Decimal(99), is_active=False)

    client_with(client).post(LIST, row(product, name="New"))

    product.refresh_from_db()
    assert (product.name, product.price, product.is_active) == ("New", 99, False)


class Inputs(HTMLParser):
    """The inputs of a page: what each one is and holds, by its name."""

    def __init__(self, html):
        super().__init__()
        self.found = {}
        self.feed(html)

    def sent(self):
        """What a browser sends of the inputs when nothing is changed."""
        boxes = {name: "on" for name, told in self.found.items() if told["type"] == "checkbox" and told["checked"]}
        return {name: told["value"] for name, told in self.found.items() if told["type"] != "checkbox"} | boxes

    def handle_starttag(self, tag, attrs):
        if tag == "input" and "form-" in (name := dict(attrs).get("name", "")):
            told = dict(attrs)
            self.found[name] = {key: told.get(key) or "" for key in ("type", "value", "maxlength", "step")}
            self.found[name]["checked"] = "checked" in told


def test_the_inputs_of_the_rows_are_those_that_django_would_write(client, rf):
    make_product("A", name='"Oak" & <pine>', price=Decimal("1234567890.50"))
    make_product("B", name="Без цены", price=None, is_active=False)
    answer = client_with(client).get(LIST)
    request = rf.get(LIST)
    request.user = answer.wsgi_request.user
    product_admin = site.get_model_admin(Product)
    formset = ModelAdmin.get_changelist_formset(product_admin, request)(queryset=Product.objects.order_by("-id"))

    expected = Inputs(str(formset.management_form) + "".join(map(str, formset.forms))).found

    assert len(expected) == 4 + 2 * 7
    assert Inputs(answer.content.decode()).found == expected
    assert answer.context["cl"].formset.forms == []


def test_no_limit_of_a_field_is_written_in_a_template_or_script():
    folders = (Path(settings.BASE_DIR) / "products" / name for name in ("templates", "static"))
    files = [path for folder in folders for path in folder.rglob("*.*")]

    assert files
    for path in files:
        assert not re.search(r"maxlength|minlength|step=|\b(100|255|300|100000)\b(?!px|%)", path.read_text()), path


def test_no_line_of_a_template_is_hundreds_of_characters_long():
    templates = list((Path(settings.BASE_DIR) / "products" / "templates").rglob("*.html"))

    assert templates
    for path in templates:
        assert max(map(len, path.read_text().splitlines())) <= 160, path


def test_what_products_hold_stays_text_in_the_rows(client):
    hostile = "\"><img src=x onerror=alert(1)>&'"
    product = make_product(hostile, name=hostile)
    staff = client_with(client)

    shown = staff.get(LIST).content.decode()
    refused = staff.post(LIST, row(product, name=hostile * 2, price=hostile)).content.decode()

    for html in (shown, refused):
        assert "<img src=x" not in html
    assert Inputs(shown).found["form-0-name"]["value"] == hostile
    assert Inputs(refused).found["form-0-name"]["value"] == hostile * 2


@pytest.mark.parametrize("permission", ["products.view_product", "products.change_product"])
def test_every_row_has_a_cell_below_each_heading(client, permission):
    make_product("A", price=None, last_import=7)

    html = client_with(client, "products.view_product", permission).get(LIST).content.decode()

    head, body = html.partition('<table id="result_list">')[2].partition("</table>")[0].split("<tbody>")
    assert head.count("<th ") == body.count("<th ") + body.count("<td ") == 7


def test_a_refused_row_keeps_what_was_sent_and_belongs_to_its_product_when_the_list_has_moved_on(client):
    product = make_product("A", name="Old", price=Decimal(10))
    sent = row(product, name="New", price="-1")
    make_product("Later")
    Product.objects.filter(pk=product.pk).update(name="Imported", price=20)
    staff = client_with(client)

    answer = staff.post(LIST, sent)

    html = answer.content.decode()
    assert "Ensure this value is greater than or equal to 0." in html
    assert 'aria-invalid="true" aria-describedby="id_form-0-price_error"' in html
    held = Inputs(html).sent()
    assert (held["form-0-name"], held["initial-form-0-name"]) == ("New", "Old")
    assert (held["form-0-price"], held["initial-form-0-price"]) == ("-1", "10")
    staff.post(LIST, {**held, "_save": "Save", "form-0-price": held["initial-form-0-price"]})
    product.refresh_from_db()
    assert (product.name, product.price) == ("New", 20)


def test_a_product_that_was_deleted_in_the_meantime_is_told_in_its_place(client):
    product = make_product("A", name="Oak chair")
    make_product("B")
    sent = row(product, name="New")
    Product.objects.filter(pk=product.pk).delete()
    staff = client_with(client)

    first = staff.post(LIST, sent).content.decode()
    again = staff.post(LIST, {**Inputs(first).sent(), "_save": "Save"})

    for html in (first, again.content.decode()):
        assert "New: This product has been deleted in the meantime, so nothing was saved. Reload the list" in html


@pytest.mark.parametrize("action", ["activate", "deactivate", "delete_selected"])
def test_who_may_only_view_cannot_act(client, action):
    make_products(4)
    before = list(Product.objects.values())

    client_with(client, "products.view_product").post(LIST, {"action": action, "expected": "4", **ALL})

    assert list(Product.objects.values()) == before


def test_who_may_only_view_cannot_edit_or_add(client):
    product = make_product("A", name="Old")
    staff = client_with(client, "products.view_product")

    staff.post(LIST, row(product, name="New"))
    added = staff.post(LIST, {"_add": "1", "new-sku": "B", "new-name": "New"})

    assert added.status_code == 403
    assert list(Product.objects.values_list("sku", "name")) == [("A", "Old")]


def test_nobody_sees_products_without_permission(client):
    assert client_with(client, "imports.view_importjob").get(LIST).status_code == 403


@pytest.mark.parametrize("page", ["list", "form"])
def test_a_product_that_is_deleted_while_it_is_saved_is_told(client, monkeypatch, page):
    product = make_product("A", name="Old")
    admin = site.get_model_admin(Product)
    save = admin.save_model

    def save_too_late(request, obj, form, change):
        Product.objects.filter(pk=obj.pk).delete()
        save(request, obj, form, change)

    monkeypatch.setattr(admin, "save_model", save_too_late)
    form = {"sku": "A", "name": "New", "initial-sku": "A", "initial-name": "Old", "price": "", "description": ""}
    url, sent = (LIST, row(product, name="New")) if page == "list" else (f"{LIST}{product.pk}/change/", form)

    answer = client_with(client).post(url, sent, follow=True)

    assert answer.status_code == 200
    assert "was deleted in the meantime" in answer.content.decode()
    assert not LogEntry.objects.exists()


def test_an_addition_that_loses_a_race_is_told_at_the_sku(client, monkeypatch):
    make_product("A")
    monkeypatch.setattr(Product, "validate_constraints", lambda *_, **__: None)

    answer = client_with(client).post(LIST, {"_add": "1", "new-sku": "a", "new-name": "Lamp"})

    assert answer.context["new_form"].errors == {"sku": [SKU_TAKEN]}


def test_activating_touches_only_what_was_inactive(client):
    make_products(4)
    before = dict(Product.objects.values_list("sku", "updated_at"))

    client_with(client).post(LIST, {"action": "activate", **ALL})

    changed = {sku for sku, moment in Product.objects.values_list("sku", "updated_at") if moment != before[sku]}
    assert changed == {"S1", "S3"}


@pytest.mark.parametrize(("typed", "left"), [("", 101), ("100", 101), ("101 ", 0), ("101", 0)])
def test_a_deletion_of_many_needs_their_number(client, typed, left):
    make_products(101)

    client_with(client).post(LIST, {"action": "delete_selected", **ALL, "expected": "101", "typed": typed})

    assert Product.objects.count() == left
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ([] if left else ["101 products"])


def test_a_deletion_whose_number_has_changed_asks_again(client):
    make_products(20)
    staff = client_with(client)
    make_product("Late")

    answer = staff.post(LIST, {"action": "delete_selected", **ALL, "expected": "20"})

    assert "The selection has changed in the meantime." in answer.content.decode()
    assert Product.objects.count() == 21


def test_the_page_that_asks_lists_none_and_a_deletion_of_many_takes_few_statements(
    client, django_assert_max_num_queries
):
    make_products(5000)
    staff = client_with(client)

    with django_assert_max_num_queries(7):
        question = staff.post(LIST, {"action": "delete_selected", **ALL})
    # Eleven of them say farewell to 499 SKUs each, on SQLite.
    with django_assert_max_num_queries(50):
        staff.post(LIST, {"action": "delete_selected", **ALL, "expected": "5000", "typed": "5,000"})

    assert "S4999" not in question.content.decode()
    assert len(question.content) < 20_000
    assert Product.objects.count() == 0


def test_the_page_of_a_product_shows_its_extra_to_be_read(client):
    product = make_product("A", extra={"<b>Brand": "<i>Acme\u202e", "Note": "x" * 300})
    page = client_with(client).get(f"/admin/products/product/{product.pk}/change/").content.decode()

    assert '<tr><th scope="row">&lt;b&gt;Brand</th><td>&lt;i&gt;Acme\\u202e</td></tr>' in page
    assert f"<td>{'x' * 199}…</td>" in page
    assert 'name="extra"' not in page


def test_the_page_of_a_product_without_extra_has_no_place_for_it(client):
    product = make_product("A")
    page = client_with(client).get(f"/admin/products/product/{product.pk}/change/").content.decode()

    assert "Extra" not in page


def test_saving_the_page_of_a_product_keeps_its_extra(client):
    product = make_product("A", extra={"Brand": "Acme"})
    fields = {"sku": "A", "name": "New", "initial-name": product.name, "price": "", "description": ""}
    client_with(client).post(f"/admin/products/product/{product.pk}/change/", fields)

    product.refresh_from_db()
    assert (product.name, product.extra) == ("New", {"Brand": "Acme"})
