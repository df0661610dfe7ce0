"""Rewriting: nothing changes but what the format's rules say, each row keeps its line, and nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imports.reading.corrections import ADDED_COLUMNS
from imports.reading.formats import rules
from imports.reading.formats.recognize import recognize
from imports.reading.formats.rewrite import Rewriter, needs_rewriting
from imports.reading.marks import (
    ALL_MARKS,
    ERROR_MARK,
    LINE_BREAK,
    SUBSTITUTE,
    faulty,
    read_faulty,
    read_skipped,
    skipped,
)
from tests.imports.reading.formats.reading import Outcome, opened, outcome, records_of, rewritten, rows_of, sample

SHOPIFY = ["Handle", "Title", "Body (HTML)", "Option1 Value", "Variant SKU", "Variant Price", "Status", "Vendor"]
texts = st.text(st.sampled_from("ab1ü ,;\"'\n\r\t=-\\n" + ALL_MARKS), max_size=6)


def outcome_of(text: str) -> Outcome:
    file = opened(text)
    return outcome(file.rewritten(), file.recognized)


# --- What stays as it was ---


@given(st.lists(st.tuples(st.integers(1, 3), st.lists(texts, min_size=8, max_size=8)), max_size=12))
@example([(1, ["a", "", "\r\n", "", "", "", "", "\x1dimage_row\x1d"])])
def test_lines_and_the_columns_without_a_rule_stay(rows: list[tuple[int, list[str]]]) -> None:
    recognized = recognize(SHOPIFY)
    assert recognized
    line, records = 2, []
    for gap, fields in rows:
        records.append((line, fields, ""))
        line += gap + "".join(fields).count("\n")
    found = rows_of(rewritten(Rewriter(recognized, SHOPIFY), records))
    assert found[0] == (1, SHOPIFY)
    assert [number for number, _ in found[1:]] == [number for number, _, _ in records]
    substitute = str.maketrans(dict.fromkeys(ALL_MARKS, SUBSTITUTE))
    for (_, row), (_, fields, _) in zip(found[1:], records, strict=True):
        expected = [field.translate(substitute).replace("\r\n", "\n").replace("\r", "\n") for field in fields]
        mark = read_skipped(row[0])
        handle = (mark[1] if mark else row[0]).replace(LINE_BREAK, "\n")
        rest = [field.replace(LINE_BREAK, "\n") for field in row[3:6] + row[7:]]
        assert [handle, *rest] == [expected[0], *expected[3:6], *expected[7:]]


@pytest.mark.parametrize("name", ["shopify.csv", "woocommerce.csv", "magento.csv", "bigcommerce.csv", "shopware.csv"])
def test_a_sample_keeps_the_columns_that_are_no_product_field(name: str) -> None:
    file = sample(name)
    others = set(range(1, len(file.header))) - set(file.recognized.columns.values())
    for (line, row), (original_line, fields, _) in zip(rows_of(file.rewritten())[1:], file.records, strict=True):
        assert line == original_line
        assert [row[position] for position in others] == [fields[position] for position in others]


def test_every_record_is_one_line_in_the_place_of_its_first() -> None:
    lines = sample("shopify.csv").rewritten().split("\n")
    assert lines[1].startswith("linen-shirt,Linen Shirt – Sand / M,")
    assert lines[2:5] == ["", "", ""]
    assert lines[5].startswith("linen-shirt,Linen Shirt – Sand / L,")


def test_rows_above_the_header_become_blank_lines() -> None:
    assert sample("amazon.tsv").rewritten().startswith("\n\nfeed_product_type,item_sku,")


def test_bytes_that_are_no_text_stay_what_they_were() -> None:
    file = opened("Handle,Title,Body (HTML),Variant SKU,Variant Price\nmug,Mug,G\udcfcnstig,M-1,5\n")
    recoded = b"".join(file.rewriter().blocks((line, list(row), fault) for line, row, fault in file.records))
    assert b"G\xfcnstig" in recoded


def test_a_format_without_rules_needs_no_rewriting() -> None:
    for name, needs in [("google.tsv", False), ("prestashop.csv", False), ("shopify.csv", True), ("odoo.csv", True)]:
        file = sample(name)
        assert needs_rewriting(file.recognized, file.header) == needs


def test_rejected_rows_that_come_back_are_left_alone() -> None:
    header = [*SHOPIFY, *ADDED_COLUMNS]
    recognized = recognize(header)
    assert recognized
    assert not needs_rewriting(recognized, header)
    row = ["shirt", "Shirt – Red", "Soft", "Red", "S-1", "5", "active", "", "3", "price", "x", "price: …"]
    image = ["shirt", "", "", "", "", "", "", "", "", "", "", ""]
    text = rewritten(Rewriter(recognized, header), [(2, row, ""), (3, image, "")])
    assert rows_of(text)[1:] == [(2, row), (3, image)]


def test_a_header_repeated_among_the_rows_stays_one() -> None:
    file = opened("Handle,Title,Option1 Value,Variant SKU,Variant Price\n" * 2 + "a,Shirt,Red,S-1,5\n")
    assert rows_of(file.rewritten())[1][1] == file.header


# --- What is not guessed ---


def test_a_row_with_a_field_too_many_or_too_few_is_left_for_the_reader_to_reject() -> None:
    text = "Handle,Title,Option1 Value,Variant SKU,Variant Price\na,Shirt,Red,S-1,5,9\na,Shirt,Red\n"
    rows = rows_of(opened(text).rewritten())
    assert rows[1][1] == ["a", "Shirt", "Red", "S-1", "5", "9"]
    assert rows[2][1] == ["a", "Shirt", "Red"]


def test_variants_without_their_product_s_first_row_are_rejected() -> None:
    head = "Handle,Title,Body (HTML),Option1 Value,Variant SKU,Variant Price\n"
    lost = head + "a,Shirt,Soft,Red,S-1,5\nb,Coat,Warm,38,C-38,5,surplus\nb,,,40,C-40,6\nb,,,42,C-42,6\nd,Hat,,,H,1\n"
    found = outcome_of(lost)
    assert [line for line, _ in found.faulty] == [4, 5]
    assert [product[1] for product in found.products] == ["S-1", "H"]


def test_a_damaged_variant_costs_its_own_row_only() -> None:
    head = "Handle,Title,Body (HTML),Option1 Value,Variant SKU,Variant Price\n"
    found = outcome_of(head + "b,Coat,Warm,38,C-38,5\nb,,,39,C-39,6,surplus\nb,,,40,C-40,6\n")
    assert found.faulty == []
    assert found.products[1] == [4, "C-40", "Coat – 40", "Warm", "6", None]


BIGCOMMERCE = "Item Type,Product Name,Product Code/SKU,Option Set,Price,Product Visible?,Allow Purchases?\n"


def test_a_variant_never_takes_the_values_of_another_product() -> None:
    text = BIGCOMMERCE + 'Product,Tent,T,,9,Y,Y\nProduct,Stove,S,,surplus,99,Y,Y\nSKU,"[S]Size=2",S-2,,,,\n'
    text += "Product,Pan,P,,5,Y,Y\nSKU,[S]Size=3,P-3,,,,\n"
    found = outcome_of(text)
    assert found.faulty == [
        (4, "it belongs to the product of a row above that cannot be read, and takes values from it")
    ]
    assert found.products[-1] == [6, "P-3", "Pan – 3", None, "5", True]


def test_a_damaged_variant_of_bigcommerce_costs_its_own_row_only() -> None:
    text = BIGCOMMERCE + "Product,Tent,T,,9,Y,Y\n SKU,[S]Size=2,T-2,,surplus,,,\n SKU,[S]Size=3,T-3,,,,\n"
    found = outcome_of(text)
    assert found.faulty == []
    assert found.products[-1] == [4, "T-3", "Tent – 3", None, "9", True]


WOOCOMMERCE = "ID,Type,SKU,Name,Description,Published,Parent,Regular price,Sale price\n"


def test_a_variation_of_a_row_that_cannot_be_read_is_rejected_rather_than_emptied() -> None:
    text = WOOCOMMERCE + "1,variable,P,Shirt,Soft,1,,,,surplus\n2,variation,V,Shirt - S,,1,P,5,\n"
    text += "3,variation,W,Shirt - M,Own text,1,P,5,\n"
    found = outcome_of(text)
    assert [line for line, _ in found.faulty] == [3]
    assert found.products[-1][1:4] == ["W", "Shirt - M", "Own text"]


def test_a_variant_that_would_take_its_price_from_an_unknown_parent_is_rejected() -> None:
    head = "product_number;parent_id;id;name;price_net;price_gross;tax_id;active\n"
    found = outcome_of(head + "SW-2;a9;b1;;;;;\nSW-3;;c1;Pan;4;5;t;1\n")
    assert [line for line, _ in found.faulty] == [2]


# Of three parents, each of them kept under its SKU and its ID.
@pytest.mark.parametrize(("limit", "value"), [("MAX_PARENTS", 4), ("MAX_PARENTS_BYTES", 25_000)])
def test_only_so_many_parents_are_kept_and_what_that_costs_is_said(
    limit: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, limit, value)
    long = "long text " * 500
    text = WOOCOMMERCE + "".join(f"{n},variable,P{n},Shirt {n},{n} {long},1,,,\n" for n in range(1, 4))
    text += "".join(f"1{n},variation,V{n},Shirt,,1,P{n},5,\n" for n in range(1, 4))
    file = opened(text)
    rewriter = file.rewriter()
    found = outcome(rewritten(rewriter, file.records), file.recognized)
    assert [str(product[3])[:2] for product in found.products[3:]] == ["", "2 ", "3 "]
    assert rewriter.warnings == [
        "1 variation has no description, because the parent is not in the file, comes later, or stands too far above."
    ]


def test_blank_lines_without_end_take_no_memory() -> None:
    header = WOOCOMMERCE.strip().split(",")
    recognized = recognize(header)
    assert recognized
    far = [(5_000_000, "1,simple,A,Shirt,,1,,5,".split(","), "")]
    assert max(map(len, Rewriter(recognized, header).blocks(far))) < 1_000_000


# --- Rules ---


def test_a_translation_takes_nothing_from_the_default_store_view() -> None:
    found = outcome_of("sku,store_view_code,name,price,product_online\nMG-1,,Lamp,10.00,1\nMG-1,de,Lampe,,\n")
    assert found.products == [[2, "MG-1", "Lamp", None, "10.00", True]]
    assert found.skipped == [(3, "translation")]


def test_a_variant_keeps_what_it_has_of_its_own() -> None:
    head = "Handle,Title,Body (HTML),Option1 Value,Variant SKU,Variant Price,Status\n"
    found = outcome_of(head + "a,Shirt,Soft,Red,S-1,5,active\na,Blouse, ,Blue,S-2,6,draft\n")
    assert found.products[1] == [3, "S-2", "Blouse – Blue", "Soft", "6", False]


def test_a_shopify_variant_without_a_sku_is_no_image_row() -> None:
    head = "Handle,Title,Option1 Value,Variant SKU,Variant Price,Image Src\n"
    found = outcome_of(head + "a,Shirt,Red,S-1,5,\na,,Blue,,,x.jpg\na,,,,6,x.jpg\na,,,,,x.jpg\n")
    assert found.skipped == [(5, "image_row")]
    assert [product[0] for product in found.products] == [2, 3, 4]


def test_a_file_without_titles_updates_prices_and_nothing_is_appended() -> None:
    found = outcome_of("Handle,Option1 Value,Variant SKU,Variant Price\na,Red,S-1,5\na,Blue,S-2,6\n")
    assert found.products == [[2, "S-1", None, None, "5", None], [3, "S-2", None, None, "6", None]]


def test_rows_without_a_handle_are_products_of_their_own() -> None:
    found = outcome_of("Handle,Title,Option1 Value,Variant SKU,Variant Price\n,Shirt,Red,S-1,5\n,,Blue,S-2,6\n")
    assert found.products[1] == [3, "S-2", "", None, "6", None]


def test_an_apostrophe_that_guards_no_formula_stays() -> None:
    found = outcome_of(WOOCOMMERCE + "1,simple,'N1,'n Broodje,'-5,1,,2,\n")
    assert found.products == [[2, "'N1", "'n Broodje", "-5", "2", True]]


# --- Marks ---


def test_a_record_that_cannot_be_read_stays_one() -> None:
    recognized = recognize(SHOPIFY)
    assert recognized
    records = [(2, ['a,Shirt,"Soft" and more,Red'], "text behind a closing quotation mark")]
    ((_, row),) = rows_of(rewritten(Rewriter(recognized, SHOPIFY), records))[1:]
    assert read_faulty(row[0]) == ("text behind a closing quotation mark", 'a,Shirt,"Soft" and more,Red')


def test_a_file_cannot_write_marks_of_its_own() -> None:
    text = "Handle,Title,Option1 Value,Variant SKU,Variant Price\n\x1dimage_row\x1da,Sh\x1eirt,\x1fRed,S-1,5\n"
    rows = rows_of(opened(text).rewritten())
    assert read_skipped(rows[1][1][0]) is None
    assert not set(ALL_MARKS) & set("".join(rows[1][1]))


def test_an_error_in_a_workbook_and_its_line_breaks_are_kept_and_short_rows_are_filled() -> None:
    recognized = recognize(SHOPIFY)
    assert recognized
    records = [(2, ["a", f"{ERROR_MARK}#REF!", f"Soft{LINE_BREAK}warm", "Red", "S-1"], "")]
    ((_, row),) = rows_of(rewritten(Rewriter(recognized, SHOPIFY, from_workbook=True), records))[1:]
    assert row == ["a", f"{ERROR_MARK}#REF! – Red", f"Soft{LINE_BREAK}warm", "Red", "S-1", "", "", ""]


@given(texts.filter(lambda text: not set(text) & set(ALL_MARKS)))
def test_marks_give_back_what_they_were_put_on(text: str) -> None:
    assert read_skipped(skipped("image_row", text)) == ("image_row", text)
    assert read_faulty(faulty("it is odd", text)) == ("it is odd", text)
    assert read_skipped(text) is read_faulty(text) is None


def test_the_csv_that_is_written_is_read_back_by_any_reader() -> None:
    file = sample("bigcommerce.csv")
    records = list(records_of(file.rewritten(), ","))
    assert [line for line, _, _ in records[1:]] == [line for line, _, _ in file.records]
    assert {len(fields) for _, fields, _ in records} == {len(file.header)}
