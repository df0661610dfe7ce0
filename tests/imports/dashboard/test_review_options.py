"""The choices of a review: every option of a file can be seen and changed, and nothing but what was changed changes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from imports import drafts
from imports.models import Draft
from imports.options import Options
from tests.imports.dashboard.conftest import Review
from tests.imports.factories import run_import, upload
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db

CSV = "sku;name;price;active;colour\nA;Lamp;1,50;ja;red\nB;Chair;2,50;auslaufend;blue\nC;Bed;3,50;weg;green\n"
EVERYTHING = {
    "quote": "'",
    "escape": "\\",
    "decimal": ",",
    "thousands": "none",
    "currency": "EUR",
    "word_0": "active",
    "word_1": "inactive",
    "mode": "update_only",
    "new_products": "inactive",
    "empty_name": "reject",
    "empty_description": "keep",
    "extra": "on",
}


def html(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_every_option_can_be_chosen_and_stays_chosen(admin_client: Client, review: Review):
    address = review(CSV)

    admin_client.post(address, {**EVERYTHING, "action": "preview"})

    assert Draft.objects.get().asked == {
        "quote": "'",
        "escape": "\\",
        "numbers": {"decimal": ",", "thousands": "", "currency": "EUR"},
        "words": {"auslaufend": True, "weg": False},
        "mode": "update_only",
        "new_products": "inactive",
        "empty_cells": {"name": "reject", "description": "keep"},
        "extra": True,
    }
    page = html(admin_client, address)
    for chosen in ("update_only", "reject", "keep", "inactive", ",", "none"):
        assert f'<option value="{chosen}" selected>' in page
    assert 'name="extra"' in page
    assert "checked" in page


def test_a_choice_that_is_taken_back_is_detected_again(admin_client: Client, review: Review):
    address = review(CSV)
    admin_client.post(address, {**EVERYTHING, "action": "preview"})

    # A box that is not ticked is not sent.
    nothing = dict.fromkeys(EVERYTHING.keys() - {"extra"}, "")
    admin_client.post(address, {**nothing, "action": "preview"})

    assert Draft.objects.get().asked == {}


def test_the_words_of_the_status_column_are_a_table_with_the_unknown_ones_first(admin_client: Client, review: Review):
    address = review(CSV)

    page = html(admin_client, address)

    assert page.index("<bdi>auslaufend</bdi></label>") < page.index("<bdi>weg</bdi></label>")
    assert page.index("<bdi>weg</bdi></label>") < page.index("<bdi>ja</bdi></label>")
    assert "ja → active, 2 unknown words" in page
    admin_client.post(address, {"word_0": "active", "word_1": "inactive", "action": "preview"})
    assert "All 3 rows can be read" in html(admin_client, address)


def test_another_mode_does_not_hold_a_known_format_to_its_columns(admin_client: Client, review: Review):
    address = review(CSV)

    admin_client.post(address, {"mode": "create_only", "action": "preview"})

    assert Draft.objects.get().asked == {"mode": "create_only"}


@pytest.mark.parametrize("changed", [{"encoding": "cp1252"}, {"delimiter": "semicolon"}, {"quote": "'"}])
def test_what_gives_other_columns_clears_the_mapping(admin_client: Client, review: Review, changed):
    address = review(CSV)
    admin_client.post(address, {"use_column": "name:4"})

    admin_client.post(address, {**changed, "action": "preview"})

    assert Draft.objects.get().options.mapping == {}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"currency": "pears"}, "is not a currency"),
        ({"decimal": ",", "thousands": ","}, "must not be the same"),
        ({"mode": "replace"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_where_it_was_chosen(admin_client: Client, review: Review, wrong, reason):
    page = admin_client.post(review(CSV), {**wrong, "action": "check"}).content.decode()

    assert reason in page
    assert Draft.objects.get().asked == {}


def test_a_good_file_is_a_short_page(admin_client: Client, review: Review):
    page = html(admin_client, review("sku,name,price\nA,Lamp,1.50\n"))

    assert "<details open" not in page
    assert page.count("<details><summary><strong>") == 5
    assert 'class="notice' not in page


def test_the_page_of_an_import_tells_what_was_said(admin_client: Client):
    job = run_import(
        CSV,
        numbers={"decimal": ","},
        words={"auslaufend": True},
        empty_cells={"description": "keep", "price": "clear"},
        extra=True,
    )

    page = html(admin_client, f"/admin/imports/importjob/{job.pk}/change/")

    assert "auslaufend → active" in page
    assert "an empty description keeps what is there; other columns are kept with the products" in page
    assert '1234,50 <span class="quiet">(chosen)</span>' in page


def test_a_correction_inherits_what_was_said_of_values_but_not_how_the_old_file_was_written():
    said: dict[str, Any] = {
        "words": {"weg": False},
        "numbers": {"decimal": ","},
        "empty_cells": {"price": "keep"},
        "extra": True,
    }
    first = run_import(CSV, mapping={"name": "name"}, encoding="cp1252", delimiter=";", quote='"', escape="\\", **said)

    draft = drafts.create(upload("sku,name\n"), make_user(), follows=first)

    assert draft.options == Options(mapping={"name": "name"}, **said)


def test_the_page_of_an_import_with_an_open_question_shows_what_was_found_and_where_to_answer(admin_client: Client):
    job = run_import("sku,name,Price,Price\nA,Lamp,1.50,1.40\n")

    page = html(admin_client, f"/admin/imports/importjob/{job.pk}/change/")

    assert "to answer this with a click" in page
    assert "<dt>Columns</dt>" in page
    assert "<dt>Ignored columns</dt><dd><bdi>Price</bdi>, <bdi>Price</bdi>" in page
