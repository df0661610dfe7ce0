"""The row: what a supplier may write into a field, and which value or which fault that is."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from imports.reading.amounts import BLANKS
from imports.reading.csvfile import Batch, Damage, Record
from imports.reading.empty_cells import KEEP
from imports.reading.numbers import NumberStyle, detect_number_style
from imports.reading.rows import ANY_STYLE, CleanRow, IncompleteRow, Rejection, RowReader
from products.fields import normalize_sku

FIELDS = ["sku", "name", "description", "price", "is_active"]
COLUMNS = {field: position for position, field in enumerate(FIELDS)}
GOOD = ["A1", "Chair", "Comfortable", "9.90", "true"]


def read(fields: list[str], *, numbers: NumberStyle = ANY_STYLE, damage: Damage | None = None) -> CleanRow | Rejection:
    reader = RowReader(FIELDS, COLUMNS, ",", numbers=numbers)
    return reader.read_one(Record(7, fields, damage))


def value_or_code(field: str, text: str) -> object:
    """What becomes of `text` in one field of a row that is good otherwise."""
    fields = list(GOOD)
    fields[COLUMNS[field]] = text
    row = read(fields)
    if isinstance(row, CleanRow):
        return row.values[COLUMNS[field]]
    (fault,) = row.faults
    assert fault.column == field
    return fault.code


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


@pytest.mark.parametrize(
    ("fields", "remedy"),
    [
        (["A1", "Chair", "", "5"], "a delimiter (comma) is missing, or the row was broken into several lines."),
        (["A1", "Chair", " red", "", "5", "yes"], "a field that holds the delimiter (comma) must be quoted."),
        (
            ["A1", " “Chair", " red”", "", "5", "yes"],
            'a field that holds the delimiter (comma) must be quoted with ", and not with “.',
        ),
    ],
)
def test_what_to_do_about_another_number_of_fields_is_said(fields: list[str], remedy: str) -> None:
    row = read(fields)
    assert isinstance(row, Rejection)
    assert row.faults[0].reason == f"The row has {len(fields)} fields, the header has 5 columns; {remedy}"


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

STYLES = st.builds(NumberStyle, st.sampled_from(["", ".", ","]))
ANY_TEXT = st.one_of(
    st.text(max_size=20),
    st.text(st.sampled_from("0123456789.,-+ '\u2019\u00a0\u202f€$e\n"), max_size=14),
    st.text(st.sampled_from("aß\0\udc80\udcff\u0130 "), max_size=6),
    st.sampled_from(["true", "", "no", "5", "x" * 101, "x" * 256, "x" * 100_001]),
)


@hypothesis_settings(max_examples=600)
@given(st.lists(ANY_TEXT, min_size=4, max_size=6), STYLES)
def test_any_text_gives_a_row_that_can_be_stored_or_a_rejection_that_can_be_shown(
    fields: list[str], numbers: NumberStyle
) -> None:
    row = read(fields, numbers=numbers)
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
        # A hyphen is an empty cell, too.
        assert "".join(fields[3].split()).lower() in BLANKS


# A good row is more likely than in the rows above, so that good and bad ones stand side by side.
ANY_ROW = st.one_of(
    st.just(GOOD),
    st.tuples(st.sampled_from([*"abcABC"]), *[st.one_of(st.just(good), ANY_TEXT) for good in GOOD[1:]]).map(list),
    st.lists(ANY_TEXT, min_size=4, max_size=6),
)


@pytest.mark.slow
@hypothesis_settings(max_examples=300)
@given(st.lists(ANY_ROW, max_size=20), STYLES)
def test_a_batch_gives_what_its_records_give_one_by_one(rows: list[list[str]], numbers: NumberStyle) -> None:
    reader = RowReader(FIELDS, COLUMNS, ",", numbers=numbers)
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
