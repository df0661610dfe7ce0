"""Columns: which is which field, by name or by mapping, what is asked, and what never is in doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imports.reading.columns import choose, ignored_columns
from imports.reading.errors import FileRefusedError


def find_columns(header: list[str], mapping: dict[str, str]) -> dict[str, int]:
    """What an import takes: the columns, unless a question must be answered first."""
    return choose(header, mapping).check()


def test_columns_are_found_in_any_order_and_others_are_ignored() -> None:
    header = ["colour", "price", "sku", "", "name", "stock"]
    assert find_columns(header, {}) == {"sku": 2, "name": 4, "price": 1}


@pytest.mark.parametrize(
    "name", ["sku", "SKU", " Sku ", "S_K_U", "s-k-u", "S K U", "Product SKU", "variant_sku", "Item No"]
)
def test_letter_case_spaces_underscores_and_hyphens_do_not_matter(name: str) -> None:
    assert find_columns(["x", name], {}) == {"sku": 1}


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("name", "Title"),
        ("name", "Product Name"),
        ("description", "Body (HTML)"),
        ("description", "Product Description"),
        ("price", "Regular price"),
        ("price", "Variant Price"),
        ("is_active", "Published"),
        ("is_active", "Status"),
        ("is_active", "is active"),
    ],
)
def test_columns_of_well_known_shops_are_known(field: str, name: str) -> None:
    assert find_columns(["sku", name], {}) == {"sku": 0, field: 1}


def test_a_mapping_wins_over_names() -> None:
    header = ["sku", "code", "name", "headline"]
    assert find_columns(header, {"sku": "code", "name": "headline"}) == {"sku": 1, "name": 3}


def test_a_mapping_names_columns_as_freely_as_headers_are_written() -> None:
    assert find_columns(["Artikel-Nr", "Bezeichnung"], {"sku": "artikel nr", "name": "BEZEICHNUNG"}) == {
        "sku": 0,
        "name": 1,
    }


def test_a_field_mapped_to_nothing_is_left_out() -> None:
    assert find_columns(["sku", "price"], {"price": ""}) == {"sku": 0}


def test_a_mapping_settles_between_two_columns_of_one_field() -> None:
    header = ["sku", "name", "title"]
    with pytest.raises(FileRefusedError, match="'name' and 'title' both look like 'name'"):
        find_columns(header, {})
    assert find_columns(header, {"name": "title"}) == {"sku": 0, "name": 2}


def test_a_mapped_column_is_not_taken_for_another_field_as_well() -> None:
    assert find_columns(["sku", "title", "name"], {"description": "title"}) == {"sku": 0, "name": 2, "description": 1}


@pytest.mark.parametrize("header", [["sku", "sku"], ["sku", "SKU "], ["Product SKU", "variant sku"]])
def test_two_sku_columns_are_refused(header: list[str]) -> None:
    with pytest.raises(FileRefusedError, match="both look like 'sku'"):
        find_columns(header, {})


def test_a_file_without_sku_column_is_refused_with_what_it_has() -> None:
    with pytest.raises(FileRefusedError, match=r"no column 'sku'.* 'code', 'name'\. .*mapping"):
        find_columns(["code", "name"], {})


def test_of_many_and_long_columns_only_some_are_told() -> None:
    with pytest.raises(FileRefusedError) as refusal:
        find_columns(["x" * 1000] * 1000, {})
    assert len(str(refusal.value)) < 2000


def test_a_mapped_column_that_is_missing_or_there_twice_is_refused() -> None:
    with pytest.raises(FileRefusedError, match="has no column 'Preis' for 'price'"):
        find_columns(["sku", "price"], {"price": "Preis"})
    with pytest.raises(FileRefusedError, match="has more than one column ' x' for 'price'"):
        find_columns(["sku", "x", "X"], {"price": " x"})


def test_a_column_that_is_mapped_by_its_exact_name_is_that_one() -> None:
    assert find_columns(["sku", "price[EUR]", "price[USD]"], {"price": "price[USD]"}) == {"sku": 0, "price": 2}


def names_by_field(header: list[str], mapping: dict[str, str] | None = None) -> dict[str, str]:
    """The name of the column that each field has."""
    return {field: header[position] for field, position in choose(header, mapping).columns.items()}


@pytest.mark.parametrize(
    ("header", "price"),
    [
        (["sku", "Unit price", "Price", "Sale price"], "Price"),
        (["sku", "Cost", "Price"], "Price"),
        (["sku", "Compare-at price", "Price"], "Price"),
        (["sku", "Purchase price", "Regular price"], "Regular price"),
        (["sku", "Preis netto", "Preis"], "Preis"),
        (["Art.-Nr.", "EK-Preis", "VK-Preis", "UVP"], "VK-Preis"),
        (["Référence", "Prix d'achat", "Prix de vente"], "Prix de vente"),
        (["Código", "Precio de oferta", "Precio"], "Precio"),
        (["sku", "Einkaufspreis", "Preis netto"], "Preis netto"),
    ],
)
def test_the_plain_price_is_imported_and_the_others_are_asked_about(header: list[str], price: str) -> None:
    found = choose(header)
    question = found.question

    assert header[found.check()["price"]] == price
    assert question
    assert not question.must_be_answered
    assert question.sentence.startswith(f"'{price}' is imported as the price, not ")
    assert question.proposed == header.index(price)
    assert {name for _, name in question.candidates} == {*header[1:]}
    assert found.mapping_to_copy() == ""


@pytest.mark.parametrize(
    ("names", "proposed"),
    [
        (["Unit price"], "Unit price"),
        (["Sale price"], "Sale price"),
        (["Sale price", "Cost", "Unit price"], "Unit price"),
        (["Einzelpreis", "Aktionspreis"], "Einzelpreis"),
        (["Price per kg"], "Price per kg"),
        (["Price (per 100 g)"], "Price (per 100 g)"),
        (["Cena promocyjna"], "Cena promocyjna"),
        (["Price net", "Price gross"], "Price gross"),
        (["Prix HT", "Prix TTC"], "Prix TTC"),
        (["price[EUR]", "price[USD]"], "price[EUR]"),
        (["Price", "Regular price"], "Price"),
        (["List price"], "List price"),
    ],
)
def test_no_price_is_taken_where_none_is_plainly_it(names: list[str], proposed: str) -> None:
    header = ["sku", "name", *names]
    found = choose(header)

    assert found.columns == {"sku": 0, "name": 1}
    assert found.question
    assert (found.question.field, found.question.proposed) == ("price", header.index(proposed))
    with pytest.raises(FileRefusedError, match=r"look like 'price'|No column is clearly 'price'"):
        found.check()
    assert choose(header, {"price": proposed}).check()["price"] == header.index(proposed)


@pytest.mark.parametrize(
    "name", ["Cost", "Cost per item", "Purchase price", "EK", "Prix d'achat", "Compare-at price", "RRP"]
)
def test_a_cost_is_no_price_unless_its_sender_says_so(name: str) -> None:
    found = choose(["sku", "name", name])

    assert found.check() == {"sku": 0, "name": 1}
    assert found.question
    assert found.mapping_to_copy().startswith("--mapping price=")
    assert choose(["sku", "name", name], {"price": name}).check()["price"] == 2


def test_what_is_open_never_takes_away_what_was_found() -> None:
    found = choose(["Title", "Beschreibung", "Price net", "Price gross", "Status", "Code"])

    assert found.columns == {"name": 0, "description": 1, "is_active": 4}
    assert [question.field for question in found.questions] == ["sku", "price"]
    assert found.proposals["price"] == [3, 2]
    assert found.mapping_to_copy() == '--mapping sku=Code --mapping price="Price gross"'
    assert found.ignored == ["Price net", "Price gross", "Code"]


def test_a_mapping_that_does_not_fit_takes_nothing_away_either() -> None:
    found = choose(["sku", "name", "Preis"], {"price": "Betrag"})

    assert found.columns == {"sku": 0, "name": 1}
    assert found.question
    assert "has no column 'Betrag' for 'price'" in found.question.sentence


@pytest.mark.parametrize(
    ("header", "field", "best"),
    [
        (["sku", "Short description", "Description"], "description", "Description"),
        (["sku", "Kurzbeschreibung"], "description", "Kurzbeschreibung"),
        (["sku", "name_de", "name"], "name", "name"),
        (["sku", "Status", "Active"], "is_active", "Active"),
        (["EAN", "sku", "Supplier SKU"], "sku", "sku"),
        (["Product ID", "Artikelnummer"], "sku", "Artikelnummer"),
    ],
)
def test_a_plain_name_is_better_than_a_lesser_one_without_a_question(header: list[str], field: str, best: str) -> None:
    assert choose(header).columns[field] == header.index(best)
    assert field not in [question.field for question in choose(header).questions]


def test_a_product_may_be_its_name_or_its_number_which_is_asked() -> None:
    found = choose(["SKU", "Product", "Price"])
    assert found.columns == {"sku": 0, "price": 2}
    assert found.question
    assert found.question.sentence == (
        "No column is clearly 'name'; 'Product' could be it. Say with a mapping which it is, or that there is none."
    )
    assert choose(["SKU", "Product", "Price"], {"name": ""}).check() == {"sku": 0, "price": 2}


def test_a_file_whose_sku_is_mapped_to_nothing_is_refused() -> None:
    with pytest.raises(FileRefusedError, match="no column 'sku'"):
        find_columns(["sku", "name"], {"sku": ""})


def test_columns_of_one_name_are_told_and_mapped_by_their_numbers() -> None:
    found = choose(["sku", "Price", "Price"])
    assert found.question
    assert "Columns 'Price' (#2) and 'Price' (#3) both look like 'price'" in found.question.sentence
    assert found.mapping_to_copy() == '--mapping price="#2"'
    assert choose(["sku", "Price", "Price"], {"price": "#3"}).check() == {"sku": 0, "price": 2}
    with pytest.raises(FileRefusedError, match="has no column '#4'"):
        find_columns(["sku", "Price", "Price"], {"price": "#4"})


def test_a_file_without_header_is_mapped_by_numbers() -> None:
    assert find_columns(["1", "2", "3"], {"sku": "2", "price": "3"}) == {"sku": 1, "price": 2}
    with pytest.raises(FileRefusedError, match=r"The file has no header; .* such as sku=1"):
        find_columns(["1", "2", "3"], {})


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("Code", "--mapping sku=Code"),
        ("Product ID", '--mapping sku="Product ID"'),
        ("ID $(reboot)", "--mapping sku='ID $(reboot)'"),
        ("ID `reboot`", None),
        ("Product\nID", '--mapping sku="#1"'),
        ("#7", None),
    ],
)
def test_the_mapping_to_copy_runs_nothing_and_names_the_column(name: str, argument: str | None) -> None:
    found = choose([name, "name"])
    assert found.mapping_to_copy() == (argument or "")


def test_ignored_columns_are_listed_by_name_or_number() -> None:
    assert ignored_columns(["sku", "Stock", "", "name"], {"sku": 0, "name": 3}) == ["Stock", "column 3"]


# Names that tell something, names that do not, and whatever else a file may have.
_TELLING = [
    *("sku", "Art.-Nr.", "Code", "EAN", "name", "Titel", "name_de", "Product", "Beschreibung", "Short description"),
    *("Price", "Prix HT", "Prix TTC", "Unit price", "Sale price", "Cost", "Aktiv", "Status"),
]
_UNKNOWN = ["Colour", "Stock", "Weight (kg)", "Brand name", "Price group", "Meta title", "", "Größe"]
_headers = st.lists(st.sampled_from(_TELLING + _UNKNOWN), max_size=12)


@given(_headers.flatmap(lambda header: st.tuples(st.just(header), st.permutations(header))))
def test_the_order_of_the_columns_changes_nothing(headers: tuple[list[str], list[str]]) -> None:
    first, second = headers
    assert names_by_field(first) == names_by_field(second)
    questions = [[(q.field, q.must_be_answered) for q in choose(header).questions] for header in headers]
    assert questions[0] == questions[1]
    proposed = [
        {field: [header[i] for i in positions] for field, positions in choose(header).proposals.items()}
        for header in headers
    ]
    assert proposed[0] == proposed[1]


@given(_headers, st.sampled_from(_UNKNOWN), st.integers(0, 12))
def test_an_unknown_column_more_never_changes_what_was_found(header: list[str], name: str, at: int) -> None:
    assert names_by_field([*header[:at], name, *header[at:]]) == names_by_field(header)


@given(st.lists(st.text(max_size=70)), st.lists(st.lists(st.text(max_size=20), max_size=6), max_size=6))
def test_any_header_is_judged_without_failing(header: list[str], records: list[list[str]]) -> None:
    found = choose(header, {}, records)
    assert set(found.columns.values()) <= set(range(len(header)))
    assert len(set(found.columns.values())) == len(found.columns)
    assert found.mapping_to_copy().isprintable()


@given(_headers.filter(lambda header: any(choose(header).questions)))
def test_what_is_to_be_copied_answers_the_questions(header: list[str]) -> None:
    found = choose(header)
    answers = {q.field: f"#{q.proposed + 1}" for q in found.questions if q.proposed is not None}
    left = choose(header, answers).questions
    assert [question.field for question in left if question.field in answers] == []
