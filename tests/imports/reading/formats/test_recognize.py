"""Recognizing a format: by names that only its system uses, never by those that every table of products has."""

from __future__ import annotations

import pytest

from imports.reading.corrections import ADDED_COLUMNS
from imports.reading.formats.recognize import HEADER_AMONG, recognize, recognize_among
from tests.imports.reading.formats.reading import sample
from tests.pace import million_steps


@pytest.mark.parametrize(
    "header",
    [
        "sku,name,price",
        "sku,name,description,price,is_active",
        "id,name,description,price,active,stock,weight",
        "SKU,Title,Description,Price,Status,Barcode,Vendor,Type,Tags",
        "Article number,Product name,Unit price,Sale price,Regular price,Brand,EAN,Availability",
        "Handle,SKU,Name,Category,Price,Cost,Barcode,In stock",
        "id,title,description,link,price,brand",
        "ID,Type,SKU,Name,Published,Regular price",
        "Product ID,Name,Reference,Quantity,Status",
        "Reference,Name,Price,Description,Active",
        "Internal Reference,Name,Price,Barcode,Cost",
        "sku,name,price,special_price,visibility,qty,url_key",
        "Item Name,SKU,Barcode,Price,Department,Category,On Hand",
        "Product Name,Brand Name,Price,Retail Price,Sale Price,Category,SKU",
        "Artikelnummer,Name,Beschreibung,Preis,Aktiv,Kategorien",
        "item_name,price,quantity,brand_name",
        "",
    ],
)
def test_a_supplier_s_own_table_is_no_known_format(header: str) -> None:
    assert recognize(header.split(",")) is None


def test_a_file_of_store_views_is_magento_s_however_few_columns_it_has() -> None:
    found = recognize(["sku", "store_view_code", "name", "price"])
    assert found
    assert found.format.name == "Magento 2 product export"


@pytest.mark.parametrize("image_link", ["image_link", "image link"])
def test_a_google_feed_with_only_the_required_attributes_is_recognized(image_link: str) -> None:
    found = recognize(["id", "title", "description", "price", "availability", "link", image_link])
    assert found
    assert found.format.name == "Google Merchant Center feed"


def test_a_french_woocommerce_export_is_recognized() -> None:
    header = (
        "ID,Type,UGS,Nom,Publié,Mis en avant ?,Visibilité dans le catalogue,Description courte,Description,Tarif promo,"
    )
    found = recognize(f"{header}Tarif régulier".split(","))
    assert found
    assert found.format.name == "WooCommerce product export"
    assert found.columns == {"sku": 2, "name": 3, "description": 8, "price": 10, "is_active": 4}


def test_older_and_shorter_exports_are_recognized() -> None:
    for header, name in [
        ("ID,Type,SKU,Name,Published,Regular price,Sale price,Parent", "WooCommerce product export"),
        ("Token,Item Name,Variation Name,SKU,Description,Category,Price", "Square item library export"),
        ("ID,Image,Name,Reference,Category,Base price,Final price,Quantity,Status", "PrestaShop product file"),
        ("sku,attribute_set_code,product_websites,tax_class_name,name,price", "Magento 2 product export"),
        ("id,title,description,availability,condition,price,link,image_link,brand", "Google Merchant Center feed"),
        ("Item,Name,Type,SKU,Price,Weight,Options,Variant Image URL,Image URL (Import)", "BigCommerce product export"),
        ("id,name,default_code,lst_price", "Odoo product export"),
    ]:
        found = recognize(header.split(","))
        assert found, header
        assert found.format.name == name


def test_a_format_without_its_sku_column_is_not_taken_for_it() -> None:
    header = [column for column in sample("shopify.csv").header if column != "Variant SKU"]
    assert recognize(header) is None


@pytest.mark.parametrize(("name", "line"), [("amazon.tsv", 3), ("amazon_new.tsv", 5), ("shopify.csv", 1)])
def test_the_header_is_found_below_other_rows(name: str, line: int) -> None:
    assert sample(name).header_line == line


def test_a_header_below_twenty_rows_is_not_looked_for() -> None:
    header = sample("google.tsv").header
    above = [["List of products"]] * (HEADER_AMONG - 1)
    assert recognize_among([*above, header])
    assert recognize_among([["List of products"], *above, header]) is None
    assert recognize_among([]) is None


def test_the_price_is_the_regular_one() -> None:
    for name, column in [
        ("shopify.csv", "Variant Price"),
        ("shopify_new.csv", "Price"),
        ("woocommerce.csv", "Regular price"),
        ("woocommerce_german.csv", "Regulärer Preis"),
        ("magento.csv", "price"),
        ("bigcommerce.csv", "Price"),
        ("prestashop.csv", "Price tax excluded"),
        ("odoo.csv", "Sales Price"),
        ("shopware.csv", "price_gross"),
        ("google.tsv", "price"),
    ]:
        file = sample(name)
        assert file.header[file.recognized.columns["price"]] == column


def test_the_status_of_a_shopify_product_comes_before_its_publication() -> None:
    header = ["Handle", "Title", "Published", "Variant SKU", "Variant Price", "Option1 Name", "Status"]
    found = recognize(header)
    assert found
    assert found.columns["is_active"] == 6
    found = recognize(header[:-1])
    assert found
    assert found.columns["is_active"] == 2


def test_the_column_of_the_currency_is_known() -> None:
    file = sample("odoo.csv")
    assert file.recognized.currency == file.header.index("Currency")
    assert sample("shopify.csv").recognized.currency is None


def test_rejected_rows_that_come_back_are_recognized() -> None:
    file = sample("shopify.csv")
    found = recognize([*file.header, *ADDED_COLUMNS])
    assert found == file.recognized


def test_recognizing_takes_no_time_that_counts() -> None:
    rows = [[f"Column {number}" for number in range(500)] for _ in range(HEADER_AMONG)]
    assert recognize_among(rows) is None
    assert million_steps(lambda: recognize_among(rows)) < 3
