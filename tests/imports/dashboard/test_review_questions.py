"""The questions of a review: each has a button for every answer, and one click answers it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from imports.models import Draft, ImportJob
from tests.imports.dashboard.conftest import Review

pytestmark = pytest.mark.django_db

TWO_PRICES = "sku,name,Price,Price\n" + "".join(f"A-{n},Lamp,{n}.50,{n}.40\n" for n in range(1, 6))
AMBIGUOUS = 'sku,name,price\nA,Lamp,"1,125"\nB,Chair,"2,250"\nC,Bed,900\n'


def html(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def answers(page: str, name: str) -> dict[str, str]:
    """The buttons that send `name`: what each sends, and what is on it."""
    found = re.findall(rf'<button type="submit" name="{name}" value="([^"]*)"[^>]*>(.*?)</button>', page, re.DOTALL)
    return {value: " ".join(re.sub("<[^>]+>", "", text).split()) for value, text in found}


def options():
    return Draft.objects.get().options


def test_each_column_that_could_be_the_field_is_a_button_with_a_value_from_it(admin_client: Client, review: Review):
    address = review(TWO_PRICES)

    page = html(admin_client, address)

    assert "Which column is the price?" in page
    assert "say with a mapping" not in page
    assert answers(page, "use_column") == {"price:2": "Price 1.50", "price:3": "Price 1.40", "price:": "None of these"}
    assert 'value="check"' not in page


@pytest.mark.parametrize(("answer", "reference", "price"), [("price:3", "#4", "1.40"), ("price:", "", None)])
def test_one_click_answers_and_keeps_what_was_found(admin_client: Client, review: Review, answer, reference, price):
    address = review(TWO_PRICES)

    admin_client.post(address, {"use_column": answer})

    assert options().mapping == {"price": reference}
    page = html(admin_client, address)
    assert "Which column is the price?" not in page
    assert "All 5 rows can be read" in page
    assert "<bdi>Lamp</bdi>" in page
    assert price is None or f"<bdi>{price}</bdi>" in page


def test_where_it_is_clear_enough_the_question_holds_nothing_up(admin_client: Client, review: Review):
    address = review("sku,name,Price,Unit price\nA,Lamp,1.50,1.40\n")

    page = html(admin_client, address)

    assert "&#x27;Price&#x27; is imported as the price, not &#x27;Unit price&#x27;." in page
    assert page.count("is imported as the price") == 1
    assert 'value="check"' in page
    admin_client.post(address, {"use_column": "price:2"})
    assert "is imported as the price" not in html(admin_client, address)


def test_without_a_sku_there_is_none_to_do_without(admin_client: Client, review: Review):
    page = html(admin_client, review("Code,Titel\nA-1,Lampe\nB-2,Stuhl\nC-3,Tisch\n"))

    assert "Which column is the SKU?" in page
    assert "sku:" not in answers(page, "use_column")
    assert answers(page, "use_column")["sku:0"] == "Code A-1"


def test_ambiguous_prices_are_answered_by_what_one_of_them_is(admin_client: Client, review: Review):
    address = review(AMBIGUOUS)

    page = html(admin_client, address)

    assert "How are the prices written?" in page
    assert answers(page, "use_decimal") == {
        ".": "1,125 is 1125.00 · 2,250 is 2250.00 decimal point",
        ",": "1,125 has too many decimals · 2,250 is 2.25 decimal comma",
    }
    admin_client.post(address, {"use_decimal": "."})
    assert options().numbers == {"decimal": "."}
    page = html(admin_client, address)
    assert "All 3 rows can be read" in page
    assert "How are the prices written?" not in page


def test_the_import_does_what_was_answered(admin_client: Client, review: Review):
    address = review(AMBIGUOUS)
    admin_client.post(address, {"use_decimal": ","})

    admin_client.post(address, {"action": "check"})

    assert ImportJob.objects.get().options.numbers == {"decimal": ","}


def test_an_answer_does_not_lose_what_was_changed_besides(admin_client: Client, review: Review):
    address = review(AMBIGUOUS)

    admin_client.post(address, {"use_decimal": ".", "mode": "update_only"})

    assert (options().numbers, options().mode) == ({"decimal": "."}, "update_only")


def test_another_encoding_is_not_held_to_the_columns_of_the_old_one(admin_client: Client, review: Review):
    address = review("sku,Größe,name\nA,L,Töpfe\n".encode("cp1252"))
    admin_client.post(address, {"use_column": "name:1"})
    assert options().mapping

    admin_client.post(address, {"use_encoding": "cp1251"})

    assert (options().encoding, options().mapping) == ("cp1251", {})


def test_a_line_is_chosen_as_the_header(admin_client: Client, review: Review):
    address = review("List of Acme,,\nItem number,Product title,Price\nA,Lamp,1.50\n")

    page = html(admin_client, address)
    assert "<strong>Header</strong> line 2" in page
    assert "List of Acme" in page
    assert answers(page, "use_header") == {
        "1": "This is the header",
        "3": "This is the header",
        "0": "The file has no header",
    }

    admin_client.post(address, {"use_header": "3"})
    assert options().header_line == 3
    admin_client.post(address, {"use_header": "0"})
    assert options().header_line == 0
    admin_client.post(address, {"use_header": ""})
    assert options().header_line is None


@pytest.mark.parametrize(
    "clicked",
    [
        {"use_column": "price:99"},
        {"use_column": "price:x"},
        {"use_column": "colour:1"},
        {"use_header": "-1"},
        {"use_header": "²"},
        {"use_header": "99999"},
        {"use_decimal": "!"},
        {"use_sheet": "Sheet 9"},
        {"use_encoding": "rot13"},
    ],
)
def test_what_no_button_of_ours_sends_changes_nothing(admin_client: Client, review: Review, clicked):
    address = review(TWO_PRICES)

    page = admin_client.post(address, clicked, follow=True)

    assert page.status_code == 200
    assert "error" in page.content.decode()
    assert Draft.objects.get().asked == {}


def test_hostile_names_are_harmless_on_buttons(admin_client: Client, review: Review):
    page = html(admin_client, review('Code,"<b>\u202e&"\nA-1,x\nB-2,y\nC-3,z\n'))

    assert "<b>" not in page.replace("<bdi>", "")
    assert "\u202e" not in page


def test_a_header_line_that_makes_no_sense_any_more_can_be_taken_back(admin_client: Client, review: Review):
    address = review("sku,name\nA,Lamp\n")
    admin_client.post(address, {"use_header": "900"})

    page = html(admin_client, address)

    assert answers(page, "use_header")[""] == "Detect the header"


NO_HEADER = "".join(f"A-{n},Lamp of {n},{n}.50\n" for n in range(1, 9))


def test_where_the_first_line_looks_like_a_product_the_header_is_asked_for(admin_client: Client, review: Review):
    address = review(NO_HEADER)

    page = html(admin_client, address)
    assert "Does the file have a header?" in page
    assert answers(page, "use_header") == {
        "0": "The file has no header",
        "1": "Line 1 is the header",
        **{str(line): "This is the header" for line in range(2, 9)},
    }

    admin_client.post(address, {"use_header": "0"})
    page = html(admin_client, address)
    assert "none: columns go by their numbers" in page
    assert answers(page, "use_column") == {"sku:0": "1 A-1"}
    admin_client.post(address, {"use_column": "sku:0"})
    page = html(admin_client, address)
    assert answers(page, "use_column")["price:2"] == "3 1.50"
    admin_client.post(address, {"use_column": "name:1"})
    assert "All 8 rows can be read" in html(admin_client, address)
