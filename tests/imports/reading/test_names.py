"""The names of columns: headers as suppliers write them, in eight languages, and what is no field of a product."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imports.reading.columns import choose
from imports.reading.names import Standing, folded, meaning

HEADERS = [
    [column.strip() for column in line.split("|")]
    for line in Path(__file__).with_name("headers.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
FIELDS = ("sku", "name", "description", "price", "is_active")


@pytest.mark.parametrize("columns", HEADERS, ids=" | ".join)
def test_the_columns_of_suppliers_files_are_known(columns: list[str]) -> None:
    names, fields = zip(*(column.partition("=")[::2] for column in columns), strict=True)
    found = choose(names)

    assert found.columns == {field: at for field, at in sorted(zip(fields, range(len(fields)), strict=True)) if field}
    assert not any(question.must_be_answered for question in found.questions)


@pytest.mark.parametrize(
    "name",
    [
        *("Brand name", "Manufacturer name", "Category name", "File name", "Meta title", "Meta description"),
        *("SEO title", "Image description", "Price group", "Price list", "Price date", "Tax", "VAT"),
        *("Currency", "Weight (kg)", "Stock", "Stock status", "Order status", "Active from"),
        *("Active ingredient", "Available from", "Status date", "Colour", "Parent SKU", "Number of items"),
        *("Nombre d'articles", "Preisgruppe", "Lieferzeit", "Lagerbestand", "Quantité", "Color", "Größe"),
        *("Marca", "Peso", "Kategoria", "Serie", "No stock", "Name of the brand", "", "*", "2024"),
        *("price\0group", "Kundenpreisgruppe", "Statement", "Partner", "Titelbild", "Namespace", "State"),
        "name " * 30,
    ],
)
def test_what_merely_resembles_a_field_is_none(name: str) -> None:
    assert meaning(name) is None


@pytest.mark.parametrize(
    ("name", "field", "standing"),
    [
        ("Price", "price", Standing.PLAIN),
        ("Sales price", "price", Standing.PLAIN),
        ("Price (tax incl.)", "price", Standing.LESSER),
        ("Preço s/ IVA", "price", Standing.LESSER),
        ("Price w/o VAT", "price", Standing.LESSER),
        ("Unit price", "price", Standing.ASKED),
        ("Stueckpreis", "price", Standing.ASKED),
        ("Stückpreis", "price", Standing.ASKED),
        ("Prix unitaire HT", "price", Standing.ASKED),
        ("Cena jednostkowa", "price", Standing.ASKED),
        ("Sale price", "price", Standing.ASKED),
        ("Sonderpreis", "price", Standing.ASKED),
        ("Prix soldé", "price", Standing.ASKED),
        ("Prezzo scontato", "price", Standing.ASKED),
        ("Preço promocional", "price", Standing.ASKED),
        ("Price (per kg)", "price", Standing.ASKED),
        ("Variant Compare At Price", "price", Standing.UNLIKELY),
        ("UVP", "price", Standing.UNLIKELY),
        ("Wholesale price", "price", Standing.UNLIKELY),
        ("Händlerpreis", "price", Standing.UNLIKELY),
        ("Haendlerpreis", "price", Standing.UNLIKELY),
        ("Cost per item", "price", Standing.UNLIKELY),
        ("Inkoopprijs", "price", Standing.UNLIKELY),
        ("Precio de coste", "price", Standing.UNLIKELY),
        ("Cena zakupu netto", "price", Standing.UNLIKELY),
        ("Preço de custo", "price", Standing.UNLIKELY),
        ("Prezzo d'acquisto", "price", Standing.UNLIKELY),
        ("EAN-Code", "sku", Standing.ASKED),
        ("Product ID", "sku", Standing.ASKED),
        ("code", "sku", Standing.ASKED),
        ("Herstellernummer", "sku", Standing.UNLIKELY),
        ("Supplier SKU", "sku", Standing.UNLIKELY),
        ("Product", "name", Standing.ASKED),
    ],
)
def test_a_name_tells_how_surely_it_is_the_field(name: str, field: str, standing: Standing) -> None:
    told = meaning(name)
    assert told
    assert (told.field, told.standing) == (field, standing)


@pytest.mark.parametrize(
    "name",
    [
        *("PREÇO", "preco", "Preço (EUR)", " Preço * ", '"Preço"', "“Preço”", "\ufeffPreço", "Prec\u0327o"),
        *("preço [R$]", "Preço:", "Preço, em R$", "Preço (obrigatório)", "<preço>", "(Preço)"),
    ],
)
def test_case_accents_marks_units_and_quotes_are_no_part_of_a_name(name: str) -> None:
    told = meaning(name)
    assert told
    assert (told.field, told.standing) == ("price", Standing.PLAIN)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Größe", "GROSSE"),
        ("Prix (€)", "prix_(€)"),
        ("Łączna cena", "laczna-cena"),
        ("Name *", "“name”"),
        ("\ufeffＳＫＵ", "sku"),
    ],
)
def test_names_are_compared_without_what_people_vary(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@given(st.text(max_size=80))
def test_any_text_can_be_a_name(name: str) -> None:
    told = meaning(name)
    assert told is None or told.field in FIELDS
    assert folded(folded(name)) == folded(name) or not name.isascii()
