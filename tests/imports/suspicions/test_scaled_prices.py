"""Prices that are a hundred times what the catalogue has, or a hundredth."""

from decimal import Decimal

import pytest

from tests.imports.suspicions.told import table, told, told_once
from tests.products.factories import make_product

pytestmark = pytest.mark.django_db

PRICES = ["19.90", "5.00", "129.00", "0.99"]


@pytest.fixture(autouse=True)
def catalogue() -> None:
    for number, price in enumerate(PRICES):
        make_product(f"A-{number}", price=Decimal(price))


def file(prices: list[str]) -> str:
    return table([f"A-{number}", "Lamp", price] for number, price in enumerate(prices))


@pytest.mark.parametrize("prices", [["1990", "500", "12900", "99"], ["1999.00", "510.00", "13900.00", "89.00"]])
def test_a_hundred_times_is_told_of(prices: list[str]) -> None:
    sentence = told_once(file(prices))

    assert sentence.startswith("Prices seem to be 100 times what they are in the catalogue, for 4 of 4 products")
    assert "where it has 19.90 (lines 2, 3, 4 and 1 more)" in sentence


def test_a_hundredth_is_told_of() -> None:
    sentence = told_once(file(["0.20", "0.05", "1.29", "0.01"]))

    assert sentence.startswith("Prices seem to be a hundredth of what they are in the catalogue")


@pytest.mark.parametrize(
    "prices",
    [
        PRICES,
        ["21.90", "4.50", "99.00", "1.29"],
        ["1990", "5.00", "129.00", "0.99"],
        ["1990", "500"],
        ["199.00", "50.00", "1290.00", "9.90"],
        ["", "", "", ""],
        ["0", "0", "0", "0"],
    ],
)
def test_other_prices_are_not(prices: list[str]) -> None:
    assert told(file(prices)) == []
