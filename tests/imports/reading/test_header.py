"""The header: where it is, what stands above and below it, and the delimiter that its line tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imports.reading.columns import choose
from imports.reading.errors import FileRefusedError
from imports.reading.header import HEADER_AMONG, check_mapping, find_delimiter, find_header, without_header
from tests.pace import million_steps

DATA = [["A-1", "Desk lamp", "19.90", "active"], ["A-2", "Chair", "49.00", "active"], ["A-3", "Table", "120", "draft"]]


def lines(text: str) -> list[list[str]]:
    """The records of a small file with semicolons."""
    return [line.strip().split(";") for line in text.strip().splitlines()]


@pytest.mark.parametrize(
    "preamble",
    [
        [],
        [[""]],
        [["Price list 2024"]],
        [["ACME Ltd."], [""], ["Exported on 2024-05-01 12:30"]],
        [["Product name and price"], ["Status: active"]],
        [["Export", "2024-05-01"], ["Rows", "3"], ["Currency", "EUR"]],
        [["Supplier", "ACME"], ["Status", "active"], [""]],
        [["Preisliste gültig ab 01.05.2024", "", "", ""]],
        [["Price", "", "", ""], ["", "", "", ""]],
        [[f"Note {number}"] for number in range(HEADER_AMONG - 1)],
    ],
)
@pytest.mark.parametrize(
    "header",
    [
        ["SKU", "Name", "Price", "Status"],
        ["Art.-Nr.", "Bezeichnung", "VK-Preis", "Aktiv"],
        ["Artikelnummer", "Farbe", "Lager", "Ort"],
    ],
)
def test_a_header_is_told_from_the_lines_above_it(preamble: list[list[str]], header: list[str]) -> None:
    found = find_header([*preamble, header, *DATA])

    assert (found.index, found.names) == (len(preamble), header)
    assert (found.rows, found.data) == ((len(preamble),), len(preamble) + 1)


def test_a_header_without_any_known_name_is_the_first_full_line_without_values() -> None:
    found = find_header([["Export of 2024"], [""], ["Col A", "Col B", "Col C", "Col D"], *DATA])
    assert (found.index, found.score) == (2, 0)
    assert not found.looks_like_data


def test_a_header_is_told_by_the_columns_that_a_mapping_names() -> None:
    records = [["Name", "ACME"], ["Kürzel", "Text", "Betrag", "x"], *DATA]
    assert find_header(records, {"sku": "kürzel", "price": "Betrag"}).index == 1


def test_words_that_recur_are_values_and_no_names() -> None:
    records = [["x", "y", "z"], *[[f"{number}", "title", "active"] for number in range(5)]]
    assert find_header(records).index == 0


def test_where_nothing_tells_the_header_it_is_the_first_line() -> None:
    found = find_header(DATA)
    assert (found.index, found.score, found.looks_like_data) == (0, 0, True)


@pytest.mark.parametrize(
    ("text", "index", "rows"),
    [
        ("SKU;Name;Price;Weight\n;;EUR;kg\nA-1;Lamp;5;1", 0, (0, 1)),
        ("SKU;Name;Price\ntext;text (255);decimal\nA-1;Lamp;5", 0, (0, 1)),
        ("SKU;Name;Price;Colour\nrequired;required;optional;optional\nA-1;Lamp;5;red", 0, (0, 1)),
        ("SKU;Name;Price\n-;-;(EUR)\nA-1;Lamp;5", 0, (0, 1)),
        ("SKU;Name;Price\n[text];[text];[EUR]\nA-1;Lamp;5", 0, (0, 1)),
        # Labels above technical names, which are known better; and below.
        ("Seller SKU;Item;Your Price\nitem_sku;item_name;standard_price\nA-1;Lamp;5", 1, (0, 1)),
        ("Artikelnummer;Bezeichnung;Preis\nARTNR;BEZ1;VKPR1\nA-1;Lampe;5", 0, (0, 1)),
        ("Artikelnummer;Bezeichnung;Preis\nsku;name;price\nA-1;Lampe;5", 0, (0, 1)),
        ("Old list\nArtikelnummer;Bezeichnung;Preis\nsku;name;price\nA-1;Lampe;5", 1, (1, 2)),
        # Above technical names there may be anything.
        ("Nummer im Lager;Was es ist;Was es kostet\nsku;name;price\nA-1;Lampe;5", 1, (1,)),
    ],
)
def test_of_two_header_rows_the_better_one_names_the_columns_and_none_is_data(
    text: str, index: int, rows: tuple[int, ...]
) -> None:
    records = lines(text)
    found = find_header(records)

    assert (found.index, found.rows) == (index, rows)
    assert records[found.data][0] == "A-1"


@pytest.mark.parametrize(
    "row",
    [
        *(["A-1", "Lamp", "5"], ["A-1", "", ""], ["kg", "Lamp", "5"], ["g", "", ""], ["A-1", "text", "EUR"]),
        *(["Title", "Lamp", "x"], ["A-1", "Title", ""], ["", "Lamp", ""], ["A-1", "Name", "Price"], ["", "", "5"]),
        *(["A-1"], ["A-1", "Lamp", "5", "EUR"], ["-", "-", "-"], ["------", "------", "------"]),
    ],
)
def test_a_row_of_data_is_never_part_of_the_header(row: list[str]) -> None:
    assert find_header([["SKU", "Name", "Price"], row, ["A-2", "Chair", "7"]]).rows == (0,)


@given(
    st.lists(
        st.lists(st.text(max_size=12) | st.sampled_from(["active", "1,99", "Lamp", "Status"]), min_size=3, max_size=5),
        max_size=25,
    )
)
def test_whatever_the_rows_hold_a_plain_header_in_the_first_line_is_found(rows: list[list[str]]) -> None:
    assert find_header([["sku", "name", "price", "description"], *rows]).index == 0


@given(st.lists(st.lists(st.text(max_size=70), max_size=6), max_size=25), st.none() | st.integers(-1, 25))
def test_any_records_have_a_header_or_are_refused(records: list[list[str]], index: int | None) -> None:
    try:
        found = find_header(records, {}, index)
    except FileRefusedError:
        return
    assert found.index in found.rows
    assert found.rows == tuple(range(found.rows[0], found.data))


def test_the_header_can_be_chosen() -> None:
    records = lines("SKU;Name;Price\nCode;Titel;Betrag\nA-1;Lamp;5")
    assert find_header(records).index == 0

    found = find_header(records, index=1)
    assert (found.index, found.names, found.data) == (1, ["Code", "Titel", "Betrag"], 2)


def test_below_a_chosen_header_its_units_are_no_data() -> None:
    assert find_header(lines("x;y\nSKU;Price\n;EUR\nA-1;5"), index=1).data == 3


def test_units_are_told_below_the_names_that_a_mapping_gives() -> None:
    assert find_header(lines("Kürzel;Betrag\n;EUR\nA-1;5"), {"sku": "Kürzel", "price": "Betrag"}).rows == (0, 1)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_header_that_is_not_there_cannot_be_chosen(index: int) -> None:
    with pytest.raises(FileRefusedError, match=f"no record {index + 1} that could be the header"):
        find_header(DATA, index=index)


def test_a_file_of_blank_records_has_no_header() -> None:
    with pytest.raises(FileRefusedError, match="The file is empty"):
        find_header([["", " "], []])


def test_without_a_header_the_columns_are_numbered_and_all_records_are_data() -> None:
    found = without_header(DATA)
    assert (found.names, found.index, found.data) == (["1", "2", "3", "4"], -1, 0)
    assert choose(found.names, {"sku": "1", "price": "3"}).check() == {"sku": 0, "price": 2}


@pytest.mark.parametrize("known", [["sku", "name", "price"], []])
def test_a_wide_file_is_judged_in_a_moment(known: list[str]) -> None:
    names = [*known, *(f"Attribute {number} xyz" for number in range(500 - len(known)))]
    rows = [[f"{kind} {row} {column}" for column, kind in enumerate(names)] for row in range(1000)]

    def judge() -> None:
        found = find_header([names, *rows])
        choose(found.names, {}, rows)

    # About 2; what is looked for here is a mistake that makes it ten times as much.
    assert million_steps(judge) < 10


@pytest.mark.parametrize(
    ("mapping", "fault"),
    [
        ([], "must be an object"),
        ("sku", "must be an object"),
        (None, "must be an object"),
        ({"colour": "x"}, "'colour' is not a product field"),
        ({"sku": 1}, "must be a text"),
        ({"sku": None}, "must be a text"),
        ({"sku": ["x"]}, "must be a text"),
    ],
)
def test_a_mapping_of_another_form_is_refused(mapping: object, fault: str) -> None:
    with pytest.raises(FileRefusedError, match=fault):
        check_mapping(mapping)


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("sku,name,price", ","),
        ("sku;name;price", ";"),
        ("sku\tname\tprice", "\t"),
        ("sku|name|price", "|"),
        ("SKU", ","),
        ('"sku";"name, or title"', ";"),
        ("sku;name,with,commas,in,it", ";"),
        ("name;description, long;sku", ";"),
        ("a,b|sku", "|"),
        ('"a,b,c,d";sku', ";"),
        ("no such column;here", ";"),
    ],
)
def test_the_delimiter_is_the_one_that_gives_a_sku_column(line: str, delimiter: str) -> None:
    assert find_delimiter([line], "") == delimiter


def test_the_delimiter_is_found_by_the_mapped_sku_column() -> None:
    assert find_delimiter(["Artikel;a,b,c,d"], "artikel") == ";"
