"""The row: what a supplier may write into a field, and which value or which fault that is."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from imports.reading.csvfile import Batch, Damage, Record
from imports.reading.empty_cells import KEEP
from imports.reading.numbers import detect_number_style
from imports.reading.rows import CleanRow, IncompleteRow, Rejection, RowReader
from products.fields import normalize_sku

FIELDS = ["sku", "name", "description", "price", "is_active"]
COLUMNS = {field: position for position, field in enumerate(FIELDS)}
GOOD = ["A1", "Chair", "Comfortable", "9.90", "true"]


def read(fields: list[str], *, delimiter: str = ",", damage: Damage | None = None) -> CleanRow | Rejection:
    reader = RowReader(FIELDS, COLUMNS, delimiter)
    return reader.read_one(Record(7, fields, damage))


def value_or_code(field: str, text: str, delimiter: str = ",") -> object:
    """What becomes of `text` in one field of a row that is good otherwise."""
    fields = list(GOOD)
    fields[COLUMNS[field]] = text
    row = read(fields, delimiter=delimiter)
    if isinstance(row, CleanRow):
        return row.values[COLUMNS[field]]
    (fault,) = row.faults
    assert fault.column == field
    return fault.code


NO_PRICE = "not_a_price"

# Read alike in files with commas, tabs, pipes and semicolons.
PRICES_EVERYWHERE = [
    ("", None),
    (" ", None),
    ("\u00a0\t", None),
    ("0", "0"),
    ("0.00", "0"),
    ("5", "5"),
    ("5.5", "5.5"),
    ("12.34", "12.34"),
    (".5", "0.5"),
    ("5.", "5"),
    (" 5 ", "5"),
    ("\u00a05\u00a0", "5"),
    ("5\n", "5"),
    ("0000012.00", "12"),
    ("00000000000000000012.00", "12"),
    ("9999999999", "9999999999"),
    ("9999999999.99", "9999999999.99"),
    ("10000000000", "too_many_digits"),
    ("99999999999.99", "too_many_digits"),
    ("9" * 10_000, "too_many_digits"),
    ("12.3456", "decimals"),
    ("0.0001", "decimals"),
    ("1234.500", "decimals"),
    ("-5", "negative"),
    ("-0", "negative"),
    ("\u22125", "negative"),
    ("$-5", "negative"),
    ("-$5", "negative"),
    ("- 5", "negative"),
    ("€ 5", "5"),
    ("5 €", "5"),
    ("$5.50", "5.50"),
    ("£5", "5"),
    ("￥5", "5"),
    ("€", NO_PRICE),
    ("€€5", NO_PRICE),
    ("€5€", NO_PRICE),
    ("5 EUR", NO_PRICE),
    ("USD 5", NO_PRICE),
    ("1 234.50", "1234.50"),
    ("1\u00a0234.50", "1234.50"),
    ("1\u202f234.50", "1234.50"),
    ("1'234.50", "1234.50"),
    ("1\u2019234.50", "1234.50"),
    ("12 345 678", "12345678"),
    ("$ 1 234", "1234"),
    ("1 23", NO_PRICE),
    ("12 34", NO_PRICE),
    ("1234 567", NO_PRICE),
    ("1  234", NO_PRICE),
    ("0 123", NO_PRICE),
    ("+5", NO_PRICE),
    ("1e3", NO_PRICE),
    ("1E3", NO_PRICE),
    ("0x10", NO_PRICE),
    ("1_000", NO_PRICE),
    ("NaN", NO_PRICE),
    ("sNaN", NO_PRICE),
    ("Infinity", NO_PRICE),
    ("inf", NO_PRICE),
    (".", NO_PRICE),
    (",", NO_PRICE),
    ("5..0", NO_PRICE),
    ("1.2.3", NO_PRICE),
    ("5-", NO_PRICE),
    ("(5)", NO_PRICE),
    ("5%", NO_PRICE),
    ("1/2", NO_PRICE),
    ("½", NO_PRICE),
    ("5²", NO_PRICE),
    ("'5", NO_PRICE),
    ("=1+4", NO_PRICE),
    ("n/a", NO_PRICE),
    ("free", NO_PRICE),
    ("\u0661\u0662", NO_PRICE),
    ("\uff11\uff12", NO_PRICE),
    ("\u200b5", NO_PRICE),
    ("5\u200b", NO_PRICE),
    ("5 000 0", NO_PRICE),
]
PRICES_WITH_DECIMAL_POINT = [
    ("1,234", "1234"),
    ("1,234.56", "1234.56"),
    ("1,234,567.89", "1234567.89"),
    ("$1,234.50", "1234.50"),
    ("9,999,999,999.99", "9999999999.99"),
    ("10,000,000,000", "too_many_digits"),
    ("1,234.567", "decimals"),
    ("12.345", "decimals"),
    ("0.500", "decimals"),
    ("1,5", NO_PRICE),
    ("1,50", NO_PRICE),
    (",5", NO_PRICE),
    ("5,", NO_PRICE),
    ("0,500", NO_PRICE),
    ("000,500", NO_PRICE),
    ("1,23,456", NO_PRICE),
    ("1234,567", NO_PRICE),
    ("1,,234", NO_PRICE),
    ("1.234,56", NO_PRICE),
    ("1.234.567", NO_PRICE),
    ("1 234,50", NO_PRICE),
]
PRICES_WITH_DECIMAL_COMMA = [
    ("1,5", "1.5"),
    ("1,50", "1.5"),
    (",5", "0.5"),
    ("5,", "5"),
    ("1.234", "1234"),
    ("12.345", "12345"),
    ("1.234,56", "1234.56"),
    ("1.234.567,89", "1234567.89"),
    ("1 234,50", "1234.5"),
    ("1'234,50", "1234.5"),
    ("€ 1.234,56", "1234.56"),
    ("5,00 €", "5"),
    ("-1,50", "negative"),
    ("1,234", "decimals"),
    ("0.500", "decimals"),
    ("0,500", "decimals"),
    ("1.234,567", "decimals"),
    ("10.000.000.000", "too_many_digits"),
    ("1,234.56", NO_PRICE),
    ("1,5,5", NO_PRICE),
    ("1.23,45", NO_PRICE),
    ("1.2345,6", NO_PRICE),
]
CODES = {"negative", "decimals", "too_many_digits", NO_PRICE}


def price_or_code(expected: str | None) -> object:
    return expected if expected is None or expected in CODES else Decimal(expected)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(("text", "expected"), PRICES_EVERYWHERE)
def test_prices(text: str, expected: str | None, delimiter: str) -> None:
    assert value_or_code("price", text, delimiter) == price_or_code(expected)


@pytest.mark.parametrize("delimiter", [",", "\t", "|"])
@pytest.mark.parametrize(("text", "expected"), PRICES_WITH_DECIMAL_POINT)
def test_prices_where_commas_group_thousands(text: str, expected: str, delimiter: str) -> None:
    assert value_or_code("price", text, delimiter) == price_or_code(expected)


@pytest.mark.parametrize(("text", "expected"), PRICES_WITH_DECIMAL_COMMA)
def test_prices_of_files_with_semicolons_may_have_a_decimal_comma(text: str, expected: str) -> None:
    assert value_or_code("price", text, ";") == price_or_code(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[(text, True) for text in ("Yes", "ja", "in_stock", "1.0", "✓")],
        *[(text, False) for text in ("draft", "nein", "-1", "0", "out of stock", "✗")],
        *[(text, "not_boolean") for text in ("maybe", "2")],
        *[(text, KEEP) for text in ("", " ", "\u200b")],
    ],
)
def test_what_is_active(text: str, expected: object) -> None:
    assert value_or_code("is_active", text) == expected


def test_the_words_of_the_file_come_before_the_general_ones() -> None:
    reader = RowReader(FIELDS, COLUMNS, ",", words={"ja": False, "ausgelaufen": False, "-1": True})
    rows = [reader.read_one(Record(2, [*GOOD[:4], text])) for text in ("ja", "Ausgelaufen", "-1", "yes")]
    assert [row.values[4] for row in rows if isinstance(row, CleanRow)] == [False, False, True, True]


def test_prices_are_read_in_the_number_style_of_the_file_whatever_its_delimiter() -> None:
    texts = ["12,50", "1.250", "9.90", "€5,00", "$5,00", "-", "1,125"]
    style = detect_number_style(texts)
    rows = [RowReader(FIELDS, COLUMNS, ",", numbers=style).read_one(Record(2, [*GOOD[:3], t, "true"])) for t in texts]
    found = [row.values[3] if isinstance(row, CleanRow) else row.faults[0].code for row in rows]
    assert found == [Decimal("12.5"), "ambiguous", Decimal("9.9"), Decimal(5), "currency", None, "ambiguous"]


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("sku", " A1 ", "A1"),
        ("sku", "\u00a0A 1\t", "A 1"),
        ("sku", "\u200bZW-100\ufeff", "ZW-100"),
        ("sku", "ZW\u200b100", "ZW\u200b100"),
        ("sku", "\u200b", "missing"),
        ("sku", "A\x07", "control_character"),
        ("sku", "A\n1", "control_character"),
        ("sku", "A\x7f1", "control_character"),
        ("sku", "Ä\x851", "control_character"),
        ("sku", "A\u20281", "control_character"),
        ("sku", "#N/A", "error_value"),
        ("sku", " #REF!", "error_value"),
        ("sku", "#1", "#1"),
        ("name", "#NAME?", "error_value"),
        ("name", "#BEZUG!", "error_value"),
        ("name", "#1 Lamp", "#1 Lamp"),
        ("name", "\u200eLamp\u00a0\u200b", "Lamp"),
        ("name", "\u2060", KEEP),
        ("sku", "ß" * 100, "ß" * 100),
        ("sku", " " + "x" * 100 + " ", "x" * 100),
        ("sku", "x" * 101, "too_long"),
        ("sku", "", "missing"),
        ("sku", " \t\u00a0", "missing"),
        ("name", " Chair ", "Chair"),
        ("name", "Chair\r\n(red)", "Chair\r\n(red)"),
        ("name", "雪" * 255, "雪" * 255),
        ("name", "x" * 256, "too_long"),
        ("name", "", KEEP),
        ("name", "\n", KEEP),
        ("description", "", ""),
        ("description", "  as it is \n", "  as it is \n"),
        ("description", "x" * 100_000, "x" * 100_000),
        ("description", "x" * 100_001, "too_long"),
        ("sku", "A\0", "nul"),
        ("name", "\0", "nul"),
        ("description", "a\0b", "nul"),
        ("price", "5\0", "nul"),
        ("sku", "A\udcff", "undecodable"),
        ("name", "M\udcfcller", "undecodable"),
        ("description", "\udc80", "undecodable"),
        ("is_active", "true\udcff", "undecodable"),
    ],
)
def test_texts(field: str, text: str, expected: object) -> None:
    assert value_or_code(field, text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("ab-1", "AB-1"), (" A ", "a"), ("ß", "SS"), ("ΟΔΟΣ", "οδος"), ("İ", "i̇"), ("ﬁ", "FI"), ("K", "k")],
)
def test_spellings_of_one_sku_have_one_key(one: str, other: str) -> None:
    first, second = read([one, *GOOD[1:]]), read([other, *GOOD[1:]])
    assert isinstance(first, CleanRow)
    assert isinstance(second, CleanRow)
    assert first.sku_normalized == second.sku_normalized


def test_a_good_row_has_its_values_in_the_order_of_the_fields() -> None:
    header = ["stock", "price", "SKU", "name"]
    reader = RowReader(header, {"sku": 2, "name": 3, "price": 1}, ",")
    record = Record(3, ["99", "5", "A1", "Chair"])
    row = reader.read_one(record)
    assert reader.fields == ("sku", "name", "price")
    assert row == CleanRow(3, "a1", ("A1", "Chair", Decimal(5)), record.fields)


@pytest.mark.parametrize("count", [1, 4, 6, 100])
def test_a_row_with_another_number_of_fields_is_rejected_and_told_of_quoting(count: int) -> None:
    row = read((GOOD * 20)[:count])
    assert isinstance(row, Rejection)
    assert (row.faults[0].code, row.faults[0].column) == ("field_count", "")
    assert f"{count} fields, the header has 5 columns" in row.faults[0].reason
    assert "(comma)" in row.faults[0].reason


def test_a_record_that_cannot_be_read_is_rejected_with_the_reason() -> None:
    row = read(['"A1,Chair'], damage=Damage("unreadable", "the line is longer than 1 MB"))
    assert isinstance(row, Rejection)
    assert row.faults == (("", '"A1,Chair', "unreadable", "The row cannot be read: the line is longer than 1 MB."),)


def test_a_damaged_row_is_rejected_with_the_column_and_the_text_there() -> None:
    row = read(['A1,"Chair" x,,5,'], damage=Damage("quoting", "the mark is not closed", 1, '"Chair" x'))
    assert isinstance(row, Rejection)
    assert row.faults == (("name", '"Chair" x', "quoting", "name: the mark is not closed."),)


def test_the_lines_that_a_damaged_row_takes_with_it_are_rejected_one_by_one() -> None:
    batch = Batch([7, 8], [['A1,"Chair'], ["round"]], Damage("quoting", "the mark is not closed", 1, '"Chair'))
    reader = RowReader(FIELDS, COLUMNS, ",")
    rows, rejections = reader.read(batch, reader.keys(batch))
    assert rows == []
    assert [(row.line, row.faults[0].code, row.record) for row in rejections] == [
        (7, "quoting", ['A1,"Chair']),
        (8, "quoting", ["round"]),
    ]
    assert "line 7" in rejections[1].faults[0].reason


def test_every_fault_of_a_row_is_told() -> None:
    row = read(["", "x" * 256, "", "cheap", "maybe"])
    assert isinstance(row, Rejection)
    assert [(fault.column, fault.code) for fault in row.faults] == [
        ("sku", "missing"),
        ("name", "too_long"),
        ("price", "not_a_price"),
        ("is_active", "not_boolean"),
    ]
    assert row.line == 7
    assert row.record == ["", "x" * 256, "", "cheap", "maybe"]


def test_a_control_character_is_written_out() -> None:
    row = read(["A\x071", *GOOD[1:]])
    assert isinstance(row, Rejection)
    assert row.faults[0].reason == "sku: 'A<U+0007>1' holds a control character."


def test_faults_name_the_columns_as_the_file_does() -> None:
    reader = RowReader(["Artikel", "Preis"], {"sku": 0, "price": 1}, ";")
    row = reader.read_one(Record(2, ["A", "x"]))
    assert isinstance(row, Rejection)
    assert row.faults[0].column == "Preis"
    assert row.faults[0].reason.startswith("Preis: 'x' is not")


def test_columns_that_are_no_field_may_hold_anything() -> None:
    reader = RowReader(["sku", "picture"], {"sku": 0}, ",")
    row = reader.read_one(Record(2, ["A", "\0\udcff" * 1000]))
    assert isinstance(row, CleanRow)


def test_of_a_long_wrong_value_the_beginning_is_shown() -> None:
    fields = [*GOOD[:3], "9" * 50_000 + "x", "y" * 50_000]
    row = read(fields)
    assert isinstance(row, Rejection)
    assert all(len(fault.value) <= 200 and len(fault.reason) < 400 for fault in row.faults)


# Any text

ANY_TEXT = st.one_of(
    st.text(max_size=20),
    st.text(st.sampled_from("0123456789.,-+ '\u2019\u00a0\u202f€$e\n"), max_size=14),
    st.text(st.sampled_from("aß\0\udc80\udcff\u0130 "), max_size=6),
    st.sampled_from(["true", "", "no", "5", "x" * 101, "x" * 256, "x" * 100_001]),
)


@hypothesis_settings(max_examples=600)
@given(st.lists(ANY_TEXT, min_size=4, max_size=6), st.sampled_from(",;\t|"))
def test_any_text_gives_a_row_that_can_be_stored_or_a_rejection_that_can_be_shown(
    fields: list[str], delimiter: str
) -> None:
    row = read(fields, delimiter=delimiter)
    if isinstance(row, Rejection):
        assert row.faults
        for fault in row.faults:
            assert fault.code
            assert fault.reason.endswith(".")
            assert "\0" not in "".join(fault)
            json.dumps(fault._asdict(), ensure_ascii=False).encode()
        return
    sku, name, description, price, is_active = row.values
    assert row.sku_normalized == normalize_sku(sku)
    assert 1 <= len(sku) <= 100
    assert len(row.sku_normalized) <= 300
    assert isinstance(row, IncompleteRow) == (KEEP in row.values)
    name = "kept" if name is KEEP else name
    assert 1 <= len(name) <= 255
    assert is_active is KEEP or isinstance(is_active, bool)
    assert "\0" not in sku + name + description
    (sku + name + description).encode()
    if price is not None:
        assert 0 <= price < 10**10
        assert price == round(price, 2)
    else:
        assert not fields[3].strip()


# A good row is more likely than in the rows above, so that good and bad ones stand side by side.
ANY_ROW = st.one_of(
    st.just(GOOD),
    st.tuples(st.sampled_from([*"abcABC"]), *[st.one_of(st.just(good), ANY_TEXT) for good in GOOD[1:]]).map(list),
    st.lists(ANY_TEXT, min_size=4, max_size=6),
)


@pytest.mark.slow
@hypothesis_settings(max_examples=300)
@given(st.lists(ANY_ROW, max_size=20), st.sampled_from(",;"))
def test_a_batch_gives_what_its_records_give_one_by_one(rows: list[list[str]], delimiter: str) -> None:
    reader = RowReader(FIELDS, COLUMNS, delimiter)
    batch = Batch(range(2, 2 + len(rows)), rows, has_bad_characters=True)

    clean_rows, rejections = reader.read(batch, reader.keys(batch))

    one_by_one = [reader.read_one(Record(line, fields)) for line, fields in enumerate(rows, 2)]
    assert clean_rows == [row for row in one_by_one if isinstance(row, CleanRow)]
    assert rejections == [row for row in one_by_one if isinstance(row, Rejection)]


def test_a_batch_without_bad_characters_is_not_searched_for_them() -> None:
    reader = RowReader(FIELDS, COLUMNS, ",")
    batch = Batch([2], [["A\udcff", *GOOD[1:]]])
    assert reader.read(batch, reader.keys(batch))[1] == []
    assert reader.read(batch._replace(has_bad_characters=True), reader.keys(batch))[0] == []


@hypothesis_settings(max_examples=300)
@given(st.decimals(0, Decimal("9999999999.99"), places=2), st.sampled_from(",;\t|"))
def test_any_price_can_be_written_plainly_or_as_people_do(price: Decimal, delimiter: str) -> None:
    plain, grouped = f"{price}", f"{price:,}"
    assert value_or_code("price", plain, delimiter) == price
    assert value_or_code("price", f"€ {grouped.replace(',', ' ')}", delimiter) == price
    if delimiter == ";":
        assert value_or_code("price", plain.replace(".", ","), delimiter) == price
        assert value_or_code("price", grouped.translate(str.maketrans(",.", ".,")), delimiter) == price
    else:
        assert value_or_code("price", grouped, delimiter) == price
