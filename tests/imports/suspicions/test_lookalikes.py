"""Characters in SKUs that nobody sees, or that look like others."""

from decimal import Decimal

import pytest

from products.models import Product
from tests.imports.suspicions.told import imported, of_skus, rejected, skus, told, told_once

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("character", ["\u200b", "\u200d", "\u00ad", "\ufeff", "\u00a0", "\u2009", "\u3000"])
def test_invisible_ones_within_a_sku_are_told_of(character: str) -> None:
    sentence = told_once(of_skus(["ZW-100", f"ZW{character}-200"]))

    assert sentence.startswith(
        f"SKUs have characters in them that nobody sees: 'ZW<U+{ord(character):04X}>-200' (line 3)."
    )


@pytest.mark.parametrize("character", ["\u200b", "\u00a0", "\ufeff", "\u2060"])
def test_around_a_sku_they_are_removed(character: str) -> None:
    content = of_skus(["ZW-100", f"ZW-100{character}", f"{character}ZW-100"])

    assert told(content) == []
    job = imported(content)
    assert (job.created_rows, job.duplicate_rows) == (1, 2)
    assert skus() == {"ZW-100"}


def test_composed_and_decomposed_are_one_product_with_the_last_rows_price() -> None:
    content = "sku,name,price\nK\u00dc-1,Chair,1.50\nKU\u0308-1,Chair,2.50\n"

    assert told(content) == []
    job = imported(content)
    assert (job.created_rows, job.duplicate_rows) == (1, 1)
    assert list(Product.objects.values_list("price", flat=True)) == [Decimal("2.50")]


@pytest.mark.parametrize(
    ("sku", "spelled"),
    [
        ("\u0410-100", "<U+0410>-100"),
        ("AB\u0421-1", "AB<U+0421>-1"),
        ("\u0391B-1", "<U+0391>B-1"),
        ("\uff21\uff22-1", "<U+FF21><U+FF22>-1"),
        ("AB\uff0d1", "AB<U+FF0D>1"),
    ],
)
def test_letters_that_look_like_latin_ones_are_told_of(sku: str, spelled: str) -> None:
    assert f"that look like others: '{spelled}' (line 3)." in told_once(of_skus(["A-100", sku, "A-101"]))


@pytest.mark.parametrize(
    "column",
    [
        ["\u0410\u0412-100", "\u0428\u041a-200", "\u0422\u0415-3"],
        ["A-1", "\u0428\u041a-200", "A-2"],
        ["\uff21\uff22-1", "\uff21\uff23-1"],
        ["\u0410\u0410-1", "\u0410\u0411-1"],
        ["K\u00dc-1", "caf\u00e9", "\u00c5-2", "\u7535\u89c6-1"],
    ],
)
def test_a_columns_own_letters_are_not(column: list[str]) -> None:
    assert told(of_skus(column)) == []


@pytest.mark.parametrize("character", ["\x07", "\x01", "\x7f", "\u2028"])
def test_control_characters_are_rejected(character: str) -> None:
    assert rejected(imported(of_skus(["A-1", f"A{character}-2"]))) == [(3, "control_character")]


def test_two_alphabets_in_one_sku_are_told_of_in_any_column() -> None:
    assert "'A<U+0412>-1' (line 2)" in told_once(of_skus(["A\u0412-1", "\u0428\u041a-2"]))
