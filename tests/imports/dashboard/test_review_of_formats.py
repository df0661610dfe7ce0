"""The review of files that are more than plain CSV: known formats, sheets, guesses at the encoding."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from imports.models import Draft, ImportJob
from tests.imports.dashboard.conftest import Review
from tests.imports.factories import run_import
from tests.imports.test_workbook_imports import SHOPIFY, xlsx

pytestmark = pytest.mark.django_db
GUESS = "sku,name\nA,Größe L\nB,Töpfe\n".encode("cp1252")


def test_a_known_format_is_named_and_its_skipped_rows_are_told(admin_client: Client, review: Review) -> None:
    page = admin_client.get(review(SHOPIFY)).content.decode()
    assert "Shopify product export" in page
    assert "Shirt – M" in page
    assert "All 3 rows can be read" in page
    assert "Skipped rows" in page


def test_another_sheet_is_chosen_and_imported(admin_client: Client, review: Review) -> None:
    content = xlsx(Catalogue=[["sku", "name"], ["L", "Lamp"]], Offers=[["sku", "name"], ["A", "Chair"]])
    address = review(content, "offers.xlsx")
    page = admin_client.get(address).content.decode()
    assert "Only the sheet &#x27;Catalogue&#x27; is imported." in page
    assert 'name="encoding"' not in page

    admin_client.post(address, {"use_sheet": "Offers"})
    page = admin_client.get(address).content.decode()
    assert "The row can be read" in page
    assert "Only the sheet" not in page

    admin_client.post(address, {"column_sku": "0", "column_name": "1", "action": "check"})
    assert ImportJob.objects.get().options.sheet == "Offers"


def test_a_guess_is_shown_with_its_words_and_changed_with_one_click(admin_client: Client, review: Review) -> None:
    address = review(GUESS)
    page = admin_client.get(address).content.decode()
    assert "The encoding is a guess" in page
    assert "Größe · Töpfe" in page
    assert 'name="use_encoding"' in page

    admin_client.post(address, {"use_encoding": "cp1251"})
    assert Draft.objects.get().options.encoding == "cp1251"
    page = admin_client.get(address).content.decode()
    assert "Größe".encode("cp1252").decode("cp1251") in page
    assert "The encoding is a guess" not in page


def test_no_other_encoding_than_those_that_can_be_read_is_taken(admin_client: Client, review: Review) -> None:
    address = review(GUESS)
    page = admin_client.post(address, {"use_encoding": "rot13"}, follow=True).content.decode()
    assert "is not one that can be read" in page
    assert Draft.objects.get().options.encoding == ""


def test_a_text_that_was_encoded_twice_is_repaired_with_one_click(admin_client: Client, review: Review) -> None:
    address = review("sku,name\nA,GrÃ¶ÃŸe\nB,TÃ¶pfe\n")
    assert "encoded twice" in admin_client.get(address).content.decode()

    admin_client.post(address, {"use_encoding": "utf-8-twice"})
    page = admin_client.get(address).content.decode()
    assert "Größe" in page


def test_the_page_of_an_import_names_format_and_sheet_and_why_rows_were_skipped(admin_client: Client) -> None:
    job = run_import(SHOPIFY)
    page = admin_client.get(f"/admin/imports/importjob/{job.pk}/change/").content.decode()
    assert "Shopify product export" in page
    assert "1 × " in page
    assert "skipped" in page
    sheet = run_import((Path(__file__).parent.parent / "reading" / "files" / "products.xlsx").read_bytes())
    page = admin_client.get(f"/admin/imports/importjob/{sheet.pk}/change/").content.decode()
    assert "<dt>Sheet</dt><dd><bdi>Products</bdi></dd>" in page
    assert "Error in a cell" in page
