"""The header: the delimiter, and which column is which field, by name, by alias or by mapping."""

from __future__ import annotations

import pytest

from imports.reading.columns import find_columns
from imports.reading.errors import FileRefusedError
from imports.reading.header import check_mapping, find_delimiter


def test_columns_are_found_in_any_order_and_others_are_ignored() -> None:
    header = ["colour", "price", "sku", "", "name", "stock"]
    assert find_columns(header, {}) == {"sku": 2, "name": 4, "price": 1}


@pytest.mark.parametrize(
    "name", ["sku", "SKU", " Sku ", "S_K_U", "s-k-u", "S K U", "Product SKU", "variant_sku", "Item No"]
)
def test_letter_case_spaces_underscores_and_hyphens_do_not_matter(name: str) -> None:
    assert find_columns(["x", name], {}) == {"sku": 1}


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("name", "Title"),
        ("name", "Product Name"),
        ("description", "Body (HTML)"),
        ("description", "Product Description"),
        ("price", "Regular price"),
        ("price", "Variant Price"),
        ("is_active", "Published"),
        ("is_active", "Status"),
        ("is_active", "is active"),
    ],
)
def test_columns_of_well_known_shops_are_known(field: str, name: str) -> None:
    assert find_columns(["sku", name], {}) == {"sku": 0, field: 1}


def test_a_mapping_wins_over_names() -> None:
    header = ["sku", "code", "name", "headline"]
    assert find_columns(header, {"sku": "code", "name": "headline"}) == {"sku": 1, "name": 3}


def test_a_mapping_names_columns_as_freely_as_headers_are_written() -> None:
    assert find_columns(["Artikel-Nr", "Bezeichnung"], {"sku": "artikel nr", "name": "BEZEICHNUNG"}) == {
        "sku": 0,
        "name": 1,
    }


def test_a_field_mapped_to_nothing_is_left_out() -> None:
    assert find_columns(["sku", "price"], {"price": ""}) == {"sku": 0}


def test_a_mapping_settles_between_two_columns_of_one_field() -> None:
    header = ["sku", "name", "title"]
    with pytest.raises(FileRefusedError, match="'name' and 'title' both look like 'name'"):
        find_columns(header, {})
    assert find_columns(header, {"name": "title"}) == {"sku": 0, "name": 2}


def test_a_mapped_column_is_not_taken_for_another_field_as_well() -> None:
    assert find_columns(["sku", "title", "name"], {"description": "title"}) == {"sku": 0, "name": 2, "description": 1}


@pytest.mark.parametrize("header", [["sku", "sku"], ["sku", "SKU "], ["Product SKU", "variant sku"]])
def test_two_sku_columns_are_refused(header: list[str]) -> None:
    with pytest.raises(FileRefusedError, match="both look like 'sku'"):
        find_columns(header, {})


def test_a_file_without_sku_column_is_refused_with_what_it_has() -> None:
    with pytest.raises(FileRefusedError, match=r"no column 'sku'.* 'code', 'name'\. .*mapping"):
        find_columns(["code", "name"], {})


def test_of_many_and_long_columns_only_some_are_told() -> None:
    with pytest.raises(FileRefusedError) as refusal:
        find_columns(["x" * 1000] * 1000, {})
    assert len(str(refusal.value)) < 2000


def test_a_mapped_column_that_is_missing_or_there_twice_is_refused() -> None:
    with pytest.raises(FileRefusedError, match="has no column 'Preis' for 'price'"):
        find_columns(["sku", "price"], {"price": "Preis"})
    with pytest.raises(FileRefusedError, match="has more than one column ' x' for 'price'"):
        find_columns(["sku", "x", "X"], {"price": " x"})


def test_a_column_that_is_mapped_by_its_exact_name_is_that_one() -> None:
    assert find_columns(["sku", "price[EUR]", "price[USD]"], {"price": "price[USD]"}) == {"sku": 0, "price": 2}


@pytest.mark.parametrize(
    ("mapping", "fault"),
    [
        ([], "must be an object"),
        ("sku", "must be an object"),
        (None, "must be an object"),
        ({"colour": "x"}, "'colour' is not a product field"),
        ({"sku": 1}, "must be a text"),
        ({"sku": None}, "must be a text"),
        ({"sku": ["x"]}, "must be a text"),
    ],
)
def test_a_mapping_of_another_form_is_refused(mapping: object, fault: str) -> None:
    with pytest.raises(FileRefusedError, match=fault):
        check_mapping(mapping)


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("sku,name,price", ","),
        ("sku;name;price", ";"),
        ("sku\tname\tprice", "\t"),
        ("sku|name|price", "|"),
        ("SKU", ","),
        ('"sku";"name, or title"', ";"),
        ("sku;name,with,commas,in,it", ";"),
        ("name;description, long;sku", ";"),
        ("a,b|sku", "|"),
        ('"a,b,c,d";sku', ";"),
        ("no such column;here", ";"),
    ],
)
def test_the_delimiter_is_the_one_that_gives_a_sku_column(line: str, delimiter: str) -> None:
    assert find_delimiter(line, "") == delimiter


def test_the_delimiter_is_found_by_the_mapped_sku_column() -> None:
    assert find_delimiter("Artikel;a,b,c,d", "artikel") == ";"
