"""SKUs of digits that were numbers for a while: `1234.0`, and `123` for `00123`."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.imports.suspicions.told import of_skus, table, told, told_once
from tests.products.factories import make_product

pytestmark = pytest.mark.django_db


def test_a_decimal_is_told_of_where_the_column_has_whole_numbers() -> None:
    sentence = told_once(of_skus(["1233", "1234.0", "1235"]))

    assert sentence.startswith("SKUs end in a decimal that they probably never had: '1234.0' (line 3).")
    assert sentence.endswith("they are not the same as 1234.")


def test_or_where_the_catalogue_has_it_without() -> None:
    assert told(of_skus(["1234.0", "A-1"])) == []

    make_product("1234")

    assert "'1234.0' (line 2)" in told_once(of_skus(["1234.0", "A-1"]))


def test_or_where_all_have_it() -> None:
    assert "'1.0', '2.0' and '30.0' (lines 2, 3 and 4)" in told_once(of_skus(["1.0", "2.0", "30.0"]))


def test_it_is_one_of_its_own_kind_among_other_decimals() -> None:
    make_product("2")

    assert told(of_skus(["1.0", "1.5", "2.0", "2.1", "3"])) == []


def test_lost_zeros_are_told_of_where_the_catalogue_has_them() -> None:
    make_product("00123")
    make_product("00777")

    sentence = told_once(of_skus(["123", "456", "777"]))

    assert sentence.startswith(
        "SKUs seem to have lost the zeros in front: '123' and '777' (lines 2 and 4); the catalogue has 00123, 00777."
    )


def test_they_are_not_lost_where_others_begin_with_them_or_the_catalogue_knows_the_number() -> None:
    make_product("00123")
    assert told(of_skus(["123", "00456"])) == []

    make_product("123")
    assert told(of_skus(["123", "456"])) == []


def test_a_large_file_asks_the_catalogue_as_often_as_a_small_one() -> None:
    make_product("0000500")

    def queries(count: int) -> int:
        content = table([str(number), "Lamp", "1.50"] for number in range(500, 500 + count))
        with CaptureQueriesContext(connection) as context:
            assert told(content)
        return sum("products_product" in query["sql"] for query in context)

    assert queries(3) == queries(3000)
