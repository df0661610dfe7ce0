import json
from datetime import date
from decimal import Decimal

import pytest
from django.db import DataError, connection
from hypothesis import given
from hypothesis import strategies as st

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="arrays are PostgreSQL's"),
]

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


def as_the_server_has_it(items, of_type):
    """The array as the server understood it, and said in another way than that in which it was sent."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_json(%s::{of_type}[])::text", [items])
        return json.loads(cursor.fetchone()[0], parse_float=Decimal)


@given(st.lists(TEXTS | st.sampled_from(["NULL", "null", '"', "\\", "{", "}", ",", " ", "", "a\\\"',\n{}"])))
def test_any_texts_arrive_as_they_are(texts):
    assert as_the_server_has_it(texts, "text") == texts


@given(st.lists(st.none() | st.decimals(min_value=0, max_value=10**9, places=2)))
def test_any_prices_arrive_as_they_are(prices):
    assert as_the_server_has_it(prices, "numeric(12,2)") == prices


@pytest.mark.parametrize(
    ("items", "of_type"),
    [
        ([], "text"),
        ([None], "text"),
        (["a", None, "NULL"], "text"),
        ([True, False, None], "boolean"),
        ([0, -5, 2**62], "bigint"),
        ([["a,", "b"], ['"', "\\"]], "text"),
    ],
)
def test_other_lists_arrive_as_they_are(items, of_type):
    assert as_the_server_has_it(items, of_type) == items


def test_what_only_the_driver_knows_how_to_write_is_written_by_it():
    assert as_the_server_has_it([date(2026, 11, 24)], "date") == ["2026-11-24"]


@pytest.mark.parametrize("texts", [["a\0b"], ["a", "\0"], ["", "\0", ""]])
def test_a_nul_is_refused_and_never_taken_for_a_border_between_texts(texts):
    with pytest.raises(DataError, match="NUL"):
        as_the_server_has_it(texts, "text")
