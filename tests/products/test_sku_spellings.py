"""When two SKUs are one: what nobody sees, and what Unicode calls the same text, makes no other product."""

import re
import sys
import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from products.fields import (
    INVISIBLE,
    SKU_MAX_LENGTH,
    SKU_NORMALIZED_MAX_LENGTH,
    normalize_sku,
    normalize_skus,
    strip_all,
)
from products.models import SKU_WITH_CONTROL_CHARACTER, Product
from tests.imports.factories import run_import
from tests.products.factories import make_product, manager

ONE = [
    ("ZW-100", "ZW-100\u200b"),
    ("ZW-100", "\ufeffzw-100"),
    ("ZW-100", "\u200e ZW-100\u00a0\u200f"),
    ("ZW-100", "\u2007ZW-100\u3000"),
    ("Ü-1", "U\u0308-1"),
    ("ü-1", "U\u0308-1"),
    ("Straße", "STRASSE"),
    ("ΟΔΟΣ", "οδος"),
    ("ᾳ\u0301", "α\u0301\u0345"),
    ("ǰ", "J\u030c"),
    ("Ω", "Ω"),
    ("각", "각"),
]
TWO = [("ZW-100", "ZW\u200b-100"), ("A1", "Ａ１"), ("A 1", "A\u00a01"), ("U-1", "Ü-1"), ("A1", "А1")]


@pytest.mark.parametrize(("one", "other"), ONE)
def test_these_are_one_sku(one, other):
    assert normalize_sku(one) == normalize_sku(other)


@pytest.mark.parametrize(("one", "other"), TWO)
def test_these_are_two_skus(one, other):
    assert normalize_sku(one) != normalize_sku(other)


@pytest.mark.django_db
@pytest.mark.parametrize(("one", "other"), [*ONE[:3], *ONE[4:6]])
def test_the_api_refuses_a_product_with_another_spelling_and_finds_it_by_any(one, other):
    make_product(one)
    assert manager().post("/api/products/", {"sku": other, "name": "Lamp"}, format="json").status_code == 400
    assert manager().get("/api/products/", {"sku": other}).json()["results"][0]["sku"] == one


@pytest.mark.django_db
def test_a_product_is_saved_without_what_nobody_sees_around_its_sku():
    product = Product.objects.create(sku="\u200b ZW-100\u200b", name="Lamp")
    assert (product.sku, product.sku_normalized) == ("ZW-100", "zw-100")


@pytest.mark.django_db
def test_a_sku_in_which_there_is_nothing_to_be_seen_is_refused():
    response = manager().post("/api/products/", {"sku": "\u200b\u2060", "name": "Lamp"}, format="json")
    assert response.status_code == 400
    assert response.json() == {"sku": ["This field may not be blank."]}


@pytest.mark.django_db
@pytest.mark.parametrize("sku", ["A\x071", "A\n1", "A\t1", "Ä\x851", "A\u20281"])
def test_a_sku_with_a_control_character_is_refused(sku):
    response = manager().post("/api/products/", {"sku": sku, "name": "Lamp"}, format="json")
    assert response.status_code == 400
    assert response.json() == {"sku": [SKU_WITH_CONTROL_CHARACTER]}
    with pytest.raises(ValidationError, match="control characters"):
        Product(sku=sku, name="Lamp").full_clean()


TEXTS = st.lists(
    st.text(max_size=8) | st.text("aAüU\u0308ßÅ\u212b\u0345\u0301\u0323 \n\u200b\ufeffﬁ", max_size=8), max_size=6
)


@hypothesis_settings(max_examples=500)
@given(TEXTS)
def test_many_are_normalized_as_one_by_one_and_for_good(skus):
    normalized = normalize_skus(skus)
    assert normalized == [normalize_sku(sku) for sku in skus]
    assert normalize_skus(normalized) == normalized


@hypothesis_settings(max_examples=500)
@given(st.text(max_size=8), st.sampled_from(["NFC", "NFD"]), st.sampled_from([str.lower, str.upper, str.casefold, str]))
def test_the_form_and_the_case_of_a_text_make_no_other_sku(sku, form, change):
    other = unicodedata.normalize(form, sku)
    assert normalize_sku(other) == normalize_sku(sku)
    # Upper and lower case of some letters are more than a matter of case, as those of the dotless i.
    if change(other).casefold() == other.casefold():
        assert normalize_sku(change(other)) == normalize_sku(sku)


@hypothesis_settings(max_examples=500)
@given(TEXTS)
def test_only_what_stands_around_a_text_is_stripped(texts):
    invisible = f"[\\s\\x1c-\\x1f{INVISIBLE}]"
    assert strip_all(texts) == [re.sub(f"^{invisible}+|{invisible}+$(?![\n])", "", text) for text in texts]


@pytest.mark.slow
def test_no_character_becomes_more_than_the_column_has_room_for():
    longest = max(len(normalize_sku(chr(code))) for code in range(sys.maxunicode + 1))
    assert longest * SKU_MAX_LENGTH == SKU_NORMALIZED_MAX_LENGTH


@hypothesis_settings(max_examples=500)
@given(st.text("ﬃἦ\u1f82\u1fa7\u0323\u0345\u0308ếÅ\U0001d160가각", min_size=1, max_size=30))
def test_nor_do_several_characters_together(sku):
    assert len(normalize_sku(sku)) <= 3 * len(sku)


@pytest.mark.django_db
@pytest.mark.parametrize(("one", "other"), [ONE[0], ONE[5]])
def test_two_spellings_in_one_file_are_one_product_at_the_last_price(one, other):
    job = run_import(f"sku,name,price\n{one},Lamp,5.00\n{other},Lamp,6.00\n")
    assert job.duplicate_rows == 1
    assert [str(product.price) for product in Product.objects.all()] == ["6.00"]
