"""The preview: what was found in a file, and how its first rows will be read."""

import gzip
import io
import zipfile

import pytest

from imports import drafts
from imports.models import Draft
from imports.opening import places
from imports.options import Options
from imports.preview import Preview, preview
from tests.imports.factories import run_import, upload
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db

CSV = "SKU;Title;Preis;Colour\nA;Lamp;19,90;red\nB;;x;blue\nC;Chair;5;green;extra\n"


def make_draft(content: str | bytes, **options) -> Draft:
    draft = drafts.create(upload(content), make_user())
    drafts.change(draft, Options(**options))
    return draft


def previewed(content: str | bytes, **options) -> Preview:
    return preview(make_draft(content, **options))


def codes(found: Preview) -> dict[str, int]:
    return {group.code: group.count for group in found.faults}


def test_it_tells_what_was_found_out():
    found = previewed(CSV)

    assert (found.encoding, found.delimiter) == ("utf-8", ";")
    assert found.columns == {"sku": 0, "name": 1, "price": 2}
    assert found.ignored == ["Colour"]
    assert found.samples == ["A", "Lamp", "19,90", "red"]
    assert found.whole_file


def test_rows_are_shown_as_they_will_be_read():
    rows = previewed(CSV, mapping={"price": "Preis"}, empty_cells={"name": "reject"}).rows

    assert [(row.line, row.values) for row in rows] == [
        (2, ["A", "Lamp", "19.90"]),
        (3, ["B", "", "x"]),
        (4, ["C", "Chair", "5"]),
    ]
    assert [[fault.code for fault in row.faults] for row in rows] == [[], ["missing", "not_a_price"], ["field_count"]]


def test_faults_are_those_that_the_import_then_finds():
    content = "sku,name,price\n" + "A,Lamp,x\n" * 5 + "B,,\n" * 2 + 'C,"Chair,1\n'
    job = run_import(content, empty_cells={"name": "reject"})

    found = previewed(content, empty_cells={"name": "reject"})

    assert codes(found) == {"not_a_price": 5, "missing": 2, "quoting": 1}
    assert found.rows_rejected == job.rejected_rows == 8
    assert [line for line, _ in found.faults[0].examples] == [2, 3, 4]


def test_only_the_first_thousand_rows_are_checked():
    found = previewed("sku,name\n" + "A,Lamp\n" * 1001)

    assert (found.rows_checked, len(found.rows), found.whole_file) == (1000, 20, False)
    assert previewed("sku,name\n" + "A,Lamp\n" * 1000).whole_file


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("sku,name\nA,Café\n".encode("utf-16"), "utf-16-le"),
        ("\ufeffsku,name\nA,Café\n".encode(), "utf-8"),
        (gzip.compress("sku,name\nA,Café\n".encode("cp1252")), "cp1252"),
    ],
    ids=["utf-16", "byte order mark", "gzip"],
)
def test_other_encodings_and_compressed_files_are_read(content, encoding):
    found = previewed(content)

    assert found.encoding == encoding
    assert found.rows[0].values == ["A", "Café"]


def test_what_was_asked_for_wins():
    found = previewed("sku;x,name\nA;y,B\n", delimiter=",", mapping={"sku": "sku;x"}, encoding="cp1252")

    assert (found.encoding, found.delimiter, found.rows[0].values) == ("cp1252", ",", ["A;y", "B"])


def test_a_header_without_a_sku_is_shown_with_values_to_tell_the_columns_by():
    found = previewed("Artikel,Titel\n,\nA,Lampe\n")

    assert "no column 'sku'" in found.refusal
    assert (found.header, found.samples, found.rows) == (["Artikel", "Titel"], ["A", "Lampe"], [])


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "sku,name\nA,Lamp\n")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\n\n", "empty"),
        (zipped("a.csv", "b.csv"), "2 files"),
        (zipped("xl/workbook.xml"), "workbook cannot be read"),
        (gzip.compress(b"sku,name\nA,Lamp\n")[:-12], "damaged"),
    ],
    ids=["blank", "two files", "workbook", "damaged"],
)
def test_a_file_that_cannot_be_read_says_why(content, reason):
    assert reason in previewed(content).refusal


def test_of_a_large_file_only_the_beginning_is_read_and_no_row_is_torn(monkeypatch):
    monkeypatch.setattr(places, "BEGINNING_BYTES", 3 * 1024 * 1024)
    row = f'A,"Lamp\n{"x" * 50_000}"\n'
    content = gzip.compress(("sku,description\n" + row * 200).encode())

    found = previewed(content)

    assert not found.faults
    assert not found.whole_file
    # Two of the three megabytes, since the last one may hold a record that goes on behind them.
    assert 40 < found.rows_checked < 60


def test_nothing_else_is_stored_of_a_file_that_is_read_as_it_is(upload_folder):
    draft = make_draft("sku,name\nA,Café\n".encode("cp1252"))
    before = [path for path in upload_folder.rglob("*") if path.is_file()]

    preview(draft)

    assert [path for path in upload_folder.rglob("*") if path.is_file()] == before
