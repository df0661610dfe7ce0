"""How a header differs from that of a supplier's earlier files: what is gone, what is new, what is proposed."""

from __future__ import annotations

import pytest

from imports.reading.drift import drift, fingerprint, resembles

KNOWN = ["SKU", "Name", "Price", "Stock"]
MAPPING = {"sku": "SKU", "name": "Name", "description": "", "price": "Price", "is_active": ""}
ROWS = [["A-1", "Lamp", "9.90", "3"], ["A-2", "Vase", "12.50", "0"]]


@pytest.mark.parametrize("header", [KNOWN, ["Stock", "price", "sku", "NAME"], [" SKU ", "Name", "Price", "stock"]])
def test_columns_that_were_moved_or_are_written_otherwise_are_no_difference(header: list[str]) -> None:
    found = drift(KNOWN, MAPPING, header, ROWS)

    assert (found.gone, found.added, found.stops) == ([], [], False)
    assert fingerprint(header) == fingerprint(KNOWN)


@pytest.mark.parametrize(
    ("header", "gone", "added", "proposed"),
    [
        (["SKU", "Name", "Net price", "Stock"], ["Price"], ["Net price"], {"price": "Net price"}),
        (["SKU", "Name", "Wert", "Stock"], ["Price"], ["Wert"], {"price": "Wert"}),
        (["SKU", "Name", "Stock"], ["Price"], [], {"price": ""}),
        (["SKU", "Name", "Price"], ["Stock"], [], {}),
        (["SKU", "Name", "Price", "Stock", "Description"], [], ["Description"], {"description": "Description"}),
        (["Item no.", "Name", "Price", "Stock"], ["SKU"], ["Item no."], {"sku": "Item no."}),
        (["SKU", "SKU", "Name", "Price", "Stock"], [], ["SKU"], {"sku": "#1"}),
    ],
)
def test_what_is_gone_or_may_be_a_field_stops_with_a_proposal(
    header: list[str], gone: list[str], added: list[str], proposed: dict[str, str]
) -> None:
    found = drift(KNOWN, MAPPING, header, ROWS)

    assert (found.gone, found.added) == (gone, added)
    assert found.stops
    assert fingerprint(header) != fingerprint(KNOWN)
    assert found.proposed == proposed


def test_a_column_more_that_is_no_field_is_only_remarked() -> None:
    found = drift(KNOWN, MAPPING, [*KNOWN, "Warehouse"], ROWS)

    assert not found.stops
    assert found.sentence("Nordic") == "The columns are not those of the files of Nordic so far. New: 'Warehouse'."


def test_it_is_settled_when_every_field_that_lost_its_column_was_spoken_of() -> None:
    found = drift(KNOWN, MAPPING, ["Item no.", "Name", "Stock"], ROWS)

    assert {*found.lost} == {"sku", "price"}
    assert not found.is_settled([])
    assert not found.is_settled(["sku"])
    assert found.is_settled(["price", "sku"])


def test_a_column_that_is_known_by_its_number_must_still_be_the_same() -> None:
    known, mapping = ["SKU", "Name", "Price", "Price"], {"sku": "SKU", "name": "Name", "price": "#4"}

    assert not drift(known, mapping, known).lost
    moved = drift(known, mapping, ["Name", "Price", "Price", "SKU"])
    assert moved.lost == {"price": "Price"}
    assert moved.stops
    assert moved.proposed == {"price": "#2"}
    assert "in another order" in moved.sentence("Nordic")


def test_of_files_without_header_the_number_of_columns_counts() -> None:
    known, mapping = ["1", "2", "3"], {"sku": "1", "name": "2", "price": "3"}

    assert fingerprint(known) == ""
    assert drift(known, mapping, ["1", "2"]).gone == ["3"]
    assert not drift(known, mapping, ["1", "2", "3", "4"]).stops


def test_a_header_of_many_columns_makes_a_short_sentence() -> None:
    found = drift(KNOWN, MAPPING, [f"column {i}" + "x" * 500 for i in range(5000)])

    assert len(found.question("Nordic", MAPPING).sentence) < 2000


@pytest.mark.parametrize(
    ("header", "is_similar"),
    [
        (["SKU", "Name", "Net price", "Stock"], True),
        (["SKU", "Name", "Stock"], True),
        (["sku", "name", "price", "stock", "Warehouse", "Colour"], True),
        (["SKU", "Title", "Net price", "Stock"], False),
        (["SKU"], False),
        (["Item", "Title", "Cost"], False),
        ([], False),
    ],
)
def test_a_header_resembles_one_that_has_nearly_the_same_columns(header: list[str], is_similar: bool) -> None:
    assert resembles(KNOWN, header) is is_similar


def test_headers_of_numbers_resemble_none() -> None:
    assert not resembles(["1", "2", "3"], ["1", "2", "3", "4"])
