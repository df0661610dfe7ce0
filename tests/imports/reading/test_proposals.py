"""What values propose for columns whose names tell nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imports.reading.columns import choose
from imports.reading.proposals import propose

SENTENCE = "A sturdy piece of furniture for home and office, made of solid oak, number"
COLUMNS: dict[str, Callable[[int], str]] = {
    "count": lambda i: str(i + 1),
    "code": lambda i: f"AB-{1000 + i}",
    "barcode": lambda i: str(4006381333931 + 7 * i),
    "title": lambda i: f"Oak table {i}",
    "text": lambda i: f"{SENTENCE} {i}.",
    "price": lambda i: f"{19 + i}.90",
    "euros": lambda i: f"{1 + i % 3}.{100 + i},50 €",
    "stock": lambda i: str(i * 7 % 12),
    "weight": lambda i: f"{i % 9}.125",
    "colour": lambda i: ("red", "green", "blue")[i % 3],
    "picture": lambda i: f"https://shop.example/pictures/{i}.jpg",
    "date": lambda i: f"2024-05-{i % 28 + 1:02}",
    "yes": lambda i: ("yes", "no")[i % 2],
    "nothing": lambda _: "",
    "rarely": lambda i: "x" if i == 3 else "",
}


def records(names: list[str], count: int = 40) -> list[list[str]]:
    """Rows with those columns."""
    return [[COLUMNS[name](i) for name in names] for i in range(count)]


def proposed(names: list[str], count: int = 40) -> dict[str, str]:
    """The columns that are proposed for the fields; what the columns are called tells nothing."""
    blind = [f"Column {name[::-1]}" for name in names]
    return {field: names[at] for field, at in propose(records(names, count), blind, {}).items()}


def test_each_field_is_proposed_the_column_that_looks_like_it() -> None:
    assert proposed(list(COLUMNS)) == {"sku": "code", "price": "euros", "description": "text", "name": "title"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["count", "code"], {"sku": "code"}),
        (["barcode", "count"], {"sku": "barcode"}),
        (["count"], {"sku": "count"}),
        (["colour", "stock", "yes", "weight"], {}),
        (["date", "picture"], {}),
        (["nothing", "rarely"], {}),
        (["price", "stock", "weight"], {"price": "price"}),
        (["text"], {"description": "text"}),
        (["title", "colour"], {"name": "title"}),
        ([], {}),
    ],
)
def test_what_does_not_look_like_a_field_is_not_proposed(names: list[str], expected: dict[str, str]) -> None:
    assert proposed(names) == expected


def test_a_column_with_a_code_twice_is_no_sku() -> None:
    rows = [*records(["code", "title"]), *records(["code", "title"])]
    assert "sku" not in propose(rows, ["x", "y"], {})


def test_two_rows_show_nothing() -> None:
    assert proposed(["code", "price", "title"], count=2) == {}


def test_rows_of_other_lengths_are_no_obstacle() -> None:
    rows = [[], ["A-1"], *records(["code", "price"], 60), ["A-2", "5.00", "more", "still more"]]
    assert propose(rows, ["x", "y"], {}) == {"sku": 0, "price": 1}


def test_neither_taken_columns_nor_fields_are_proposed() -> None:
    rows = records(["code", "price", "title"])
    assert propose(rows, ["x", "y", "z"], {"sku": 1}) == {"name": 2}


def test_a_column_whose_name_tells_another_field_is_not_proposed() -> None:
    rows = records(["code", "price", "title"])
    assert propose(rows, ["x", "Cost", "EAN"], {}) == {"sku": 0, "price": 1}


def test_a_proposal_is_never_taken_without_being_asked() -> None:
    found = choose(["a", "Bezeichnung", "c"], {}, records(["code", "title", "price"]))

    assert found.columns == {"name": 1}
    assert found.proposals == {"sku": [0], "name": [1], "price": [2]}
    assert [(question.field, question.must_be_answered) for question in found.questions] == [
        ("sku", True),
        ("price", False),
    ]
    assert found.mapping_to_copy() == "--mapping sku=a --mapping price=c"


def test_a_description_that_looks_like_names_is_asked_about() -> None:
    found = choose(["Item No", "Description", "Price"], {}, records(["code", "title", "price"]))

    assert found.check() == {"sku": 0, "description": 1, "price": 2}
    assert found.question
    assert (found.question.field, found.question.proposed) == ("name", 1)


def test_a_description_of_sentences_is_none() -> None:
    assert choose(["Item No", "Description", "Price"], {}, records(["code", "text", "price"])).questions == ()


@given(st.permutations(list(COLUMNS)))
def test_the_order_of_the_columns_changes_no_proposal(names: list[str]) -> None:
    assert proposed(names) == {"sku": "code", "price": "euros", "description": "text", "name": "title"}


@given(st.lists(st.lists(st.text(max_size=30), max_size=5), max_size=12))
def test_any_values_are_judged_without_failing(rows: list[list[str]]) -> None:
    assert set(propose(rows, ["a", "b", "c"], {}).values()) <= {0, 1, 2}
