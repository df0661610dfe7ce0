"""The number style: decided from the whole column, and no price is read that could be another one."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from imports.reading.errors import BadValueError, FileRefusedError
from imports.reading.numbers import NumberStyle, PriceReader, check_number_style, detect_number_style, with_asked
from tests.pace import million_steps


def outcome(text: str, style: NumberStyle) -> object:
    """The price that `text` is in that style, or the code of the rule that it breaks."""
    try:
        return PriceReader(style).read([text])[0]
    except BadValueError as error:
        return error.code


def outcomes(*column: str, hint: str = "") -> list[object]:
    """What becomes of the values of a column that has no others."""
    style = detect_number_style(column, hint)
    return [
        price if price is None or isinstance(price, str) else f"{price:.2f}"
        for price in (outcome(text, style) for text in column)
    ]


def reason(text: str, style: NumberStyle) -> str:
    with pytest.raises(BadValueError) as caught:
        PriceReader(style).read([text])
    return str(caught.value)


# The rows of the table.


def test_zeros_behind_two_decimals_are_no_decimals_where_the_column_has_decimal_points() -> None:
    assert outcomes("31.40", "129.90", "31.400", "1.250") == ["31.40", "129.90", "31.40", "1.25"]


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("39.0000", "39.00"),
        ("€5,00", "5.00"),
        ("12,50", "12.50"),
        ("15 000 Fcfa", "15000.00"),
        ("1.234,50 €", "1234.50"),
    ],
)
def test_a_column_of_one_price_that_can_be_read_in_one_way_only(text: str, price: str) -> None:
    assert outcomes(text) == [price]


def test_hyphens_are_empty_cells_and_words_are_no_prices() -> None:
    column = ["9.90", "-", "–", "n/a", "N/A", "", " ", "free", "call"]
    assert outcomes(*column) == ["9.90", None, None, None, None, None, None, "not_a_price", "not_a_price"]


@pytest.mark.parametrize("text", ["1,125", "1.999", "12.500", "€ 1.250", "999,000 kr"])
def test_a_price_that_can_be_read_in_two_ways_is_rejected_where_the_column_leaves_it_open(text: str) -> None:
    assert outcomes(text) == ["ambiguous"]
    assert outcomes("5", text, "900", "12 345") == ["5.00", "ambiguous", "900.00", "12345.00"]


def test_the_reason_names_both_readings() -> None:
    assert reason("1,125", NumberStyle()).startswith("'1,125' can be read as 1.125 or as 1125, and the other prices")


# What decides the decimal sign.


@pytest.mark.parametrize(
    ("column", "decimal"),
    [
        (["31.40"], "."),
        (["31,40"], ","),
        (["1,250,000"], "."),
        (["1.250.000"], ","),
        (["1,250.5"], "."),
        (["0.500"], "."),
        (["1250,500"], ","),
        ([".5"], "."),
        (["$.5"], "."),
        (["5,-"], ","),
        (["5.– CHF"], "."),
        (["1.250 JPY", "900 JPY"], ","),
        (["1.250 JPY", "1250.000 JPY"], "."),
        (["1.250 JPY", "1,250 JPY"], ""),
        (["¥1,250 JPY"], "."),
        (["1,250", "900", "12 345", "5", "-1.50", "free 1.5", ""], ""),
        (["31.40"] * 9 + ["12,50"], "."),
        (["31.40"] * 8 + ["12,50"], ""),
    ],
)
def test_the_decimal_sign_is_what_nine_of_ten_prices_show(column: list[str], decimal: str) -> None:
    assert detect_number_style(column).decimal == decimal


def test_a_price_with_the_other_decimal_sign_is_rejected_and_told_of_the_column() -> None:
    style = detect_number_style(["1,031.40"] * 9 + ["12,50"])
    assert style == NumberStyle(".", ",")
    assert outcome("12,50", style) == "number_style"
    assert reason("12,50", style) == (
        "'12,50' is not written like the other prices of this file, which look like 1,234.50."
    )


def test_of_a_column_that_mixes_both_signs_each_price_that_reads_in_one_way_is_taken() -> None:
    assert outcomes("31.40", "12,50", "1.250") == ["31.40", "12.50", "ambiguous"]


def test_where_the_column_leaves_it_open_the_sign_of_the_system_that_wrote_the_file_holds() -> None:
    assert outcomes("1.250", "5", hint=".") == ["1.25", "5.00"]
    assert outcomes("1.250", "5", hint=",") == ["1250.00", "5.00"]


def test_the_values_come_before_the_system() -> None:
    assert outcomes("12,50", "1.250", hint=".") == ["12.50", "1250.00"]


@pytest.mark.parametrize(
    ("column", "thousands"),
    [
        (["1,234.50", "5.00"], ","),
        (["1.234,50"], "."),
        (["1 234,50", "1\u00a0234,50", "1\u202f234,50", "1\u2009234,50"], " "),
        (["1'234.50", "1’234.50"], "'"),
        (["1,23,456.50", "12,34,56,789.00"], ","),
        (["5.00"], ""),
        (["1 234.50", "1,234.50"], ""),
    ],
)
def test_thousands_are_separated_by_what_the_column_has(column: list[str], thousands: str) -> None:
    style = detect_number_style(column)
    assert style.thousands == thousands
    assert all(isinstance(outcome(text, style), Decimal) for text in column)


def test_where_the_column_has_shown_no_separator_any_but_the_decimal_sign_is_one() -> None:
    style = NumberStyle(".")
    assert [outcome(text, style) for text in ("1,125", "1 125", "1'125.50")] == [1125, 1125, Decimal("1125.5")]


def test_a_sample_of_a_hundred_thousand_prices_takes_little_time() -> None:
    column = [f"€ {number % 90_000},{number % 100:02d}" for number in range(100_000)]
    assert detect_number_style(column) == NumberStyle(",", "", "EUR")
    assert million_steps(lambda: detect_number_style(column)) < 3


def test_a_column_of_any_text_has_no_style_and_takes_little_time() -> None:
    column = [f"{number:x} is no price, {number}." * 3 for number in range(100_000)]
    assert detect_number_style(column) == NumberStyle()
    assert million_steps(lambda: detect_number_style(column)) < 10


# Currencies.


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("19.99 USD", "USD"),
        ("USD19.99", "USD"),
        ("19.99 usd", "USD"),
        ("$19.99", "$"),
        ("$19.99 USD", "USD"),
        ("US$ 19.99", "USD"),
        ("CA$19.99", "CAD"),
        ("19,99€", "EUR"),
        ("19,99 Euro", "EUR"),
        ("£19.99", "£"),
        ("19.99 GBP", "GBP"),
        ("CHF 19.90", "CHF"),
        ("Fr. 19.90", "CHF"),
        ("Fr.19.90", "CHF"),
        ("199,00 kr", "kr"),
        ("kr. 199,-", "kr"),
        ("199,00 SEK", "SEK"),
        ("19,99 zł", "PLN"),
        ("199,00 Kč", "CZK"),
        ("19,99 лв.", "BGN"),
        ("19,99 грн", "UAH"),
        ("19,99 руб.", "RUB"),
        ("19,99 ₽", "RUB"),
        ("19,99 TL", "TRY"),
        ("19,99 lei", "lei"),
        ("1 999 Ft", "HUF"),
        ("15 000 Fcfa", "Fcfa"),
        ("15 000 F CFA", "F CFA"),
        ("R$ 19,90", "BRL"),
        ("R199.99", "ZAR"),
        ("Rs.199.50", "Rs"),
        ("₹1,23,456.00", "INR"),
        ("Rp 15.000,00", "IDR"),
        ("15.000.000 ₫", "VND"),
        ("￥19.99", "¥"),
        ("₿0.05", "₿"),
    ],
)
def test_currencies_before_and_behind(text: str, currency: str) -> None:
    style = detect_number_style([text])
    assert style.currency == currency
    assert isinstance(outcome(text, style), Decimal)


@pytest.mark.parametrize(
    "text",
    ["5 all", "5 top", "5 each", "from 5", "5 per kg", "5 ¢", "5 p", "€€5", "€5€", "€5 USD", "5 EUR/kg", "5%", "x5"],
)
def test_what_is_no_currency_makes_no_price(text: str) -> None:
    assert outcomes(text) == ["not_a_price"]


@pytest.mark.parametrize("decimal", ["", ".", ","])
@pytest.mark.parametrize("thousands", ["", ",", ".", " ", "'"])
@pytest.mark.parametrize("currency", ["", "EUR", "$"])
def test_what_is_no_price_is_told_one_that_the_column_takes(decimal: str, thousands: str, currency: str) -> None:
    if decimal and decimal == thousands:
        pytest.skip("No such style can be asked for, or is detected.")
    style = NumberStyle(decimal, thousands, currency)

    told = reason("on request", style)

    (example,) = re.findall(r"^'on request' is not a price such as (.+)\.$", told)
    assert PriceReader(style).read([example]) == [Decimal("1234.50")]


def test_what_is_no_price_is_told_how_the_file_writes_them() -> None:
    assert reason("cheap", NumberStyle(",", ".", "EUR")) == "'cheap' is not a price such as 1.234,50 EUR."
    assert reason("cheap", NumberStyle()) == "'cheap' is not a price such as 1234.50."


def test_a_file_has_one_currency() -> None:
    column = ["$5.00", "6.00", "7.00 USD", "8.00 €", "9.00 CAD"]
    assert outcomes(*column) == ["5.00", "6.00", "7.00", "currency", "currency"]
    assert reason("8.00 €", detect_number_style(column)) == (
        "'8.00 €' is in EUR, but the prices of this file are in USD; a file has one currency."
    )


def test_a_currency_behind_a_sample_without_any_is_rejected() -> None:
    style = detect_number_style(["5.00"])
    assert outcome("€5.00", style) == "currency"
    assert "'€5.00' is in EUR, but the prices of this file are without a currency" in reason("€5.00", style)


def test_a_dollar_that_is_not_known_takes_no_code_that_the_sample_did_not_have() -> None:
    assert outcome("5.00 CAD", NumberStyle(".", "", "$")) == "currency"
    assert outcome("$5.00", NumberStyle(".", "", "CAD")) == 5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-5", "negative"),
        ("−5,00 €", "negative"),
        ("-$5", "negative"),
        ("€ -5", "negative"),
        ("-0", "negative"),
        ("12.345", "decimals"),
        ("0.001", "decimals"),
        ("10,000,000,000.00", "too_many_digits"),
        ("9" * 10_000, "too_many_digits"),
        ("#N/A", "error_value"),
        ("#REF!", "error_value"),
        ("#WERT!", "error_value"),
        ("1e3", "not_a_price"),
        ("+5", "not_a_price"),
        ("(5)", "not_a_price"),
        ("5-", "not_a_price"),
        ("1/2", "not_a_price"),
        ("10-20", "not_a_price"),
        ("1 23", "not_a_price"),
        ("1.2.3", "not_a_price"),
        ("0 123", "not_a_price"),
        ("5\u200b0", "not_a_price"),
        ("\u0661", "not_a_price"),
        ("½", "not_a_price"),
        ("NaN", "not_a_price"),
        ("x" * 100_000, "not_a_price"),
        ("$" * 100_000 + "5", "not_a_price"),
    ],
)
def test_what_is_rejected_in_a_column_with_decimal_points(text: str, code: str) -> None:
    assert outcome(text, NumberStyle(".", ",", "EUR")) == code


@pytest.mark.parametrize(
    "text", ["\u200b5.50", "5.50\ufeff", "\u00a05.50\u2009", "\u200e5.50\u200f", "5.500", "5.5", " 5.50\n"]
)
def test_what_nobody_sees_is_no_part_of_a_price(text: str) -> None:
    assert outcome(text, NumberStyle(".")) == Decimal("5.5")


# Each way to write a number, in each style.

# Read alike whatever the decimal sign, or where it is open.
PRICES_IN_ANY_STYLE = [
    ("", None),
    (" ", None),
    ("\u00a0\t", None),
    ("0", "0"),
    ("5", "5"),
    (" 5 ", "5"),
    ("\u00a05\u00a0", "5"),
    ("5\n", "5"),
    ("9999999999", "9999999999"),
    ("10000000000", "too_many_digits"),
    ("9" * 10_000, "too_many_digits"),
    ("-5", "negative"),
    ("-0", "negative"),
    ("\u22125", "negative"),
    ("$-5", "negative"),
    ("-$5", "negative"),
    ("- 5", "negative"),
    ("€", "not_a_price"),
    ("€€5", "not_a_price"),
    ("€5€", "not_a_price"),
    ("12 345 678", "12345678"),
    ("1 23", "not_a_price"),
    ("12 34", "not_a_price"),
    ("1234 567", "not_a_price"),
    ("1  234", "not_a_price"),
    ("0 123", "not_a_price"),
    ("+5", "not_a_price"),
    ("1e3", "not_a_price"),
    ("1E3", "not_a_price"),
    ("0x10", "not_a_price"),
    ("1_000", "not_a_price"),
    ("NaN", "not_a_price"),
    ("sNaN", "not_a_price"),
    ("Infinity", "not_a_price"),
    ("inf", "not_a_price"),
    (".", "not_a_price"),
    (",", "not_a_price"),
    ("5..0", "not_a_price"),
    ("1.2.3", "not_a_price"),
    ("5-", "not_a_price"),
    ("(5)", "not_a_price"),
    ("5%", "not_a_price"),
    ("1/2", "not_a_price"),
    ("½", "not_a_price"),
    ("5²", "not_a_price"),
    ("'5", "not_a_price"),
    ("=1+4", "not_a_price"),
    ("n/a", None),
    ("free", "not_a_price"),
    ("\u0661\u0662", "not_a_price"),
    ("\uff11\uff12", "not_a_price"),
    ("\u200b5", "5"),
    ("5\u200b", "5"),
    ("5 000 0", "not_a_price"),
]
# With a point as decimal sign, or where it is open; written wrong with a comma.
PRICES_WITH_A_POINT = [
    ("0.00", "0.00"),
    ("5.5", "5.5"),
    ("12.34", "12.34"),
    (".5", "0.5"),
    ("5.", "5"),
    ("0000012.00", "12.00"),
    ("00000000000000000012.00", "12.00"),
    ("9999999999.99", "9999999999.99"),
    ("99999999999.99", "too_many_digits"),
    ("12.3456", "decimals"),
    ("0.0001", "decimals"),
    ("1234.500", "1234.50"),
    ("1 234.50", "1234.50"),
    ("1\u00a0234.50", "1234.50"),
    ("1\u202f234.50", "1234.50"),
    ("1'234.50", "1234.50"),
    ("1\u2019234.50", "1234.50"),
]
# With a point as decimal sign, and commas between thousands.
PRICES_WITH_COMMAS_BETWEEN_THOUSANDS = [
    ("1,234", "1234"),
    ("1,234.56", "1234.56"),
    ("1,234,567.89", "1234567.89"),
    ("9,999,999,999.99", "9999999999.99"),
    ("10,000,000,000", "too_many_digits"),
    ("1,234.567", "decimals"),
    ("12.345", "decimals"),
    ("0.500", "0.50"),
    ("1,5", "number_style"),
    ("1,50", "number_style"),
    (",5", "number_style"),
    ("5,", "number_style"),
    ("0,500", "number_style"),
    ("000,500", "number_style"),
    ("1,23,456", "123456"),
    ("1234,567", "number_style"),
    ("1,,234", "not_a_price"),
    ("1.234,56", "number_style"),
    ("1.234.567", "number_style"),
    ("1 234,50", "number_style"),
]
# With a comma as decimal sign, and points between thousands.
PRICES_WITH_POINTS_BETWEEN_THOUSANDS = [
    ("1,5", "1.5"),
    ("1,50", "1.50"),
    (",5", "0.5"),
    ("5,", "5"),
    ("1.234", "1234"),
    ("12.345", "12345"),
    ("1.234,56", "1234.56"),
    ("1.234.567,89", "1234567.89"),
    ("1 234,50", "number_style"),
    ("1'234,50", "number_style"),
    ("-1,50", "negative"),
    ("1,234", "decimals"),
    ("0.500", "number_style"),
    ("0,500", "0.50"),
    ("1.234,567", "decimals"),
    ("10.000.000.000", "too_many_digits"),
    ("1,234.56", "number_style"),
    ("1,5,5", "not_a_price"),
    ("1.23,45", "not_a_price"),
    ("1.2345,6", "not_a_price"),
]


def price_or_code(expected: str | None) -> object:
    is_number = expected is not None and expected[0].isdigit()
    return Decimal(expected) if expected and is_number else expected


@pytest.mark.parametrize("decimal", ["", ".", ","])
@pytest.mark.parametrize(("text", "expected"), PRICES_IN_ANY_STYLE)
def test_prices_that_no_decimal_sign_changes(text: str, expected: str | None, decimal: str) -> None:
    assert outcome(text, NumberStyle(decimal)) == price_or_code(expected)


@pytest.mark.parametrize(("text", "expected"), PRICES_WITH_A_POINT)
def test_prices_that_have_a_decimal_point(text: str, expected: str) -> None:
    assert outcome(text, NumberStyle("")) == outcome(text, NumberStyle(".")) == price_or_code(expected)
    assert outcome(text, NumberStyle(",")) == "number_style"


@pytest.mark.parametrize(("text", "expected"), PRICES_WITH_COMMAS_BETWEEN_THOUSANDS)
def test_prices_where_commas_group_thousands(text: str, expected: str) -> None:
    assert outcome(text, NumberStyle(".", ",")) == price_or_code(expected)


@pytest.mark.parametrize(("text", "expected"), PRICES_WITH_POINTS_BETWEEN_THOUSANDS)
def test_prices_where_points_group_thousands(text: str, expected: str) -> None:
    assert outcome(text, NumberStyle(",", ".")) == price_or_code(expected)


# What is asked for.


def test_a_style_is_stored_and_comes_back() -> None:
    style = NumberStyle(",", " ", "EUR", "asked")
    assert style.as_json() == {"decimal": ",", "thousands": " ", "currency": "EUR", "source": "asked"}
    assert NumberStyle.from_json(style.as_json()) == style


@pytest.mark.parametrize(
    ("detected", "asked", "style"),
    [
        (NumberStyle(), {}, NumberStyle()),
        (NumberStyle("", "", "EUR"), {"decimal": ","}, NumberStyle(",", "", "EUR", "asked")),
        (NumberStyle(".", ","), {"decimal": ","}, NumberStyle(",", "", "", "asked")),
        (NumberStyle(".", ","), {"thousands": "."}, NumberStyle(",", ".", "", "asked")),
        (NumberStyle(), {"thousands": ","}, NumberStyle(".", ",", "", "asked")),
        (NumberStyle("."), {"currency": "€"}, NumberStyle(".", "", "EUR", "asked")),
        (NumberStyle(".", "", "$"), {"currency": ""}, NumberStyle(".", "", "", "asked")),
    ],
)
def test_what_was_asked_for_comes_before_what_was_detected(
    detected: NumberStyle, asked: dict[str, str], style: NumberStyle
) -> None:
    assert with_asked(detected, check_number_style(asked)) == style


@pytest.mark.parametrize(
    "asked",
    [
        None,
        "comma",
        {"decimal": ";"},
        {"decimal": ""},
        {"decimal": 1},
        {"thousands": "_"},
        {"currency": "bitcoins"},
        {"currency": None},
        {"decimals": ","},
        {"decimal": ",", "thousands": ","},
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_a_sentence(asked: object) -> None:
    with pytest.raises(FileRefusedError, match=r"^numbers: .*\.$"):
        check_number_style(asked)


# Against a plain model.

DECIMALS = ("", ".", ",")
THOUSANDS = ("", ",", ".", " ", "'")


def model_readings(text: str) -> set[Decimal]:
    """Each number that `text` can be, found by trying all signs."""
    return {
        value for value in (model_reading(text, *signs) for signs in product(DECIMALS, THOUSANDS)) if value is not None
    }


def model_reading(text: str, decimal: str, thousands: str) -> Decimal | None:
    """The number that `text` is with exactly these signs in it; None if it is none."""
    whole, sign, decimals = text.partition(decimal) if decimal else (text, "", "")
    if decimal and (not sign or decimal == thousands):
        return None
    if thousands:
        groups = whole.split(thousands)
        inner = {len(group) for group in groups[1:-1]}
        is_grouped = len(groups) > 1 and len(groups[-1]) == 3 and 1 <= len(groups[0]) <= 3 and inner <= {3}
        is_lakh = thousands == "," and len(groups) > 2 and len(groups[-1]) == 3 and len(groups[0]) <= 2 and inner == {2}
        if not (is_grouped or (is_lakh and decimal != ",")) or groups[0][:1] in ("", "0"):
            return None
        whole = "".join(groups)
    if not (whole + decimals).isdigit() or not (whole + decimals).isascii() or (decimals and not decimals.isdigit()):
        return None
    return None if whole and not whole.isdigit() else Decimal(f"{whole or '0'}.{decimals or '0'}")


NUMBERS = st.one_of(
    st.text("0123456789.,' ", min_size=1, max_size=9),
    st.from_regex(re.compile(r"[0-9]{1,3}([.,' ][0-9]{3}){0,2}([.,][0-9]{0,4})?", re.ASCII), fullmatch=True),
).filter(lambda text: text == text.strip() and text.strip(" .,'") != "")
STYLES = st.builds(NumberStyle, st.sampled_from(DECIMALS), st.sampled_from(THOUSANDS)).filter(
    lambda style: not style.decimal or style.decimal != style.thousands
)


@pytest.mark.slow
@hypothesis_settings(max_examples=1500)
@given(NUMBERS, STYLES)
def test_no_number_is_read_as_another_than_it_can_be(text: str, style: NumberStyle) -> None:
    found = outcome(text, style)
    readings = model_readings(text)
    if isinstance(found, Decimal):
        assert found in readings
        assert len(readings) == 1 or style.decimal or style.thousands in (".", ",")
    elif found == "ambiguous":
        assert len(readings) == 2
        assert not style.decimal
    elif found == "not_a_price":
        assert not readings
    else:
        assert readings


@hypothesis_settings(max_examples=500)
@given(NUMBERS)
def test_where_all_is_open_what_reads_in_one_way_is_taken_and_nothing_else(text: str) -> None:
    readings = model_readings(text)
    found = outcome(text, NumberStyle())
    if len(readings) != 1:
        assert found == ("ambiguous" if readings else "not_a_price")
        return
    (value,) = readings
    if value != round(value, 2):
        assert found == "decimals"
    else:
        # A price has ten digits before the point at most.
        assert found == (value if value < 10**10 else "too_many_digits")


CENTS = st.integers(0, 999_999_999_999)
WRITTEN_STYLES = st.sampled_from(
    [pair for pair in product((".", ","), ("", ",", ".", " ", "\u00a0", "\u202f", "'", "’")) if pair[0] != pair[1]]
)
CURRENCIES = st.sampled_from(
    ["{}", "€ {}", "{} €", "{}€", "{} EUR", "CHF {}", "Fr. {}", "US${}", "{} kr", "{}\u00a0zł"]
)


def written(cents: int, decimal: str, thousands: str, places: int) -> str:
    whole, rest = divmod(cents, 100)
    decimals = f"{rest:02d}".ljust(places, "0") if places else ""
    return f"{whole:,}".replace(",", thousands) + (decimal + decimals if decimals else "")


@hypothesis_settings(max_examples=500)
@given(
    st.lists(st.tuples(CENTS, st.sampled_from([2, 2, 2, 3, 4])), min_size=1, max_size=30), WRITTEN_STYLES, CURRENCIES
)
def test_a_column_in_any_style_is_read_as_it_was_meant(
    prices: list[tuple[int, int]], signs: tuple[str, str], currency: str
) -> None:
    # One price as most are, which decides the sign for all.
    column = [currency.format(written(cents, *signs, places)) for cents, places in [(1250, 2), *prices]]
    style = detect_number_style(column)
    assert style.decimal == signs[0]
    assert PriceReader(style).read(column) == [Decimal(cents) / 100 for cents, _ in [(1250, 2), *prices]]


@pytest.mark.slow
@hypothesis_settings(max_examples=500)
@given(st.lists(st.one_of(NUMBERS, st.builds("{} {}".format, NUMBERS, st.sampled_from(["€", "$", "USD", "kg"])))))
def test_the_short_cuts_read_as_the_rules_do(column: list[str]) -> None:
    reader = PriceReader(detect_number_style(column))
    for text in column:
        assert attempt(lambda: reader.read([text])[0]) == attempt(lambda: reader.read_carefully(text))  # noqa: B023


def attempt(read: Callable[[], Decimal | None]) -> object:
    try:
        return read()
    except BadValueError as error:
        return error.code, str(error)


@hypothesis_settings(max_examples=300)
@given(st.lists(st.text(max_size=12), max_size=8), st.sampled_from(["", ".", ","]))
def test_any_texts_have_a_style_in_which_each_is_a_price_or_rejected(column: list[str], hint: str) -> None:
    style = detect_number_style(column, hint)
    assert not style.decimal or style.decimal != style.thousands
    for text in column:
        assert isinstance(outcome(text, style), Decimal | str | None)
