"""Rejected rows over the API: as pages, and as a file to fix and to upload again."""

import csv
import io
from urllib.parse import quote

import pytest

from imports.models import ImportJob, RejectedRow
from imports.rejected import BATCH_BYTES
from products.models import Product
from tests.imports.factories import make_job, run_import

pytestmark = pytest.mark.django_db

CSV = (
    "Colour,sku,name,price\n"
    "red,A,Lamp,9.90\n"
    "green,B,,cheap\n"
    "blue,C,Table\n"
    'grey,D,"Chair ""XL""\nwith arms",-1\n'
    "pink,E,Bed, large,5,6\n"
)
# An empty name breaks a rule.
NAMED = {"name": "reject"}
ADDED = ["import_line", "import_column", "import_value", "import_reason"]


def download(api, job):
    answer = api.get(f"/api/jobs/{job.pk}/rejected.csv")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def rows_of(text, delimiter=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_a_rejected_row_is_shown_with_all_that_is_wrong_with_it(api):
    job = run_import(CSV, empty_cells=NAMED)

    page = api.get(f"/api/jobs/{job.pk}/rejected").json()

    assert page["count"] == 4
    missing = {"column": "name", "value": "", "code": "missing"}
    price = {"column": "price", "value": "cheap", "code": "not_a_price"}
    first = page["results"][0]
    assert first["line"] == 3
    assert first["record"] == ["green", "B", "", "cheap"]
    assert [{**fault, "reason": ""} for fault in first["faults"]] == [
        {**missing, "reason": ""},
        {**price, "reason": ""},
    ]
    assert first["faults"][0]["reason"] == "name: is empty; this import rejects an empty name."
    for name in ("column", "value", "code", "reason"):
        assert first[name] == first["faults"][0][name]
    assert [row["line"] for row in page["results"]] == [3, 4, 5, 7]


def test_rejected_rows_come_in_pages_in_the_order_of_the_file(api, settings):
    settings.IMPORT_LANES = 3
    settings.IMPORT_CHUNK_ROWS = 4
    job = run_import("sku,name\n" + "".join(f"S{n},\n" for n in range(25)))

    first = api.get(f"/api/jobs/{job.pk}/rejected", {"page_size": 10}).json()
    last = api.get(f"/api/jobs/{job.pk}/rejected", {"page_size": 10, "page": 3}).json()

    assert (first["count"], first["previous"]) == (25, None)
    assert [row["line"] for row in first["results"]] == list(range(2, 12))
    assert [row["line"] for row in last["results"]] == list(range(22, 27))
    assert [row["line"] for row in rejected_lines_of(api, job)] == list(range(2, 27))


def rejected_lines_of(api, job):
    return [{"line": int(row[-4])} for row in rows_of(download(api, job))[1:]]


def test_rejected_rows_are_filtered_by_the_rule_that_they_break(api):
    job = run_import(CSV, empty_cells=NAMED)

    def lines(code):
        return [row["line"] for row in api.get(f"/api/jobs/{job.pk}/rejected", {"code": code}).json()["results"]]

    assert lines("missing") == [3]
    assert lines("field_count") == [4, 7]
    assert lines("negative") == [5]
    assert lines("nonsense") == []


def test_each_job_has_its_own_rejected_rows(api):
    job, other = run_import(CSV), run_import("sku,name\nA,Lamp\n")

    assert api.get(f"/api/jobs/{other.pk}/rejected").json()["results"] == []
    assert rows_of(download(api, other)) == [["sku", "name", *ADDED]]
    assert len(rows_of(download(api, job))) == 5


def test_a_page_of_rejected_rows_takes_two_queries(api, django_assert_num_queries):
    job = run_import("sku,name\n" + "".join(f"S{n},\n" for n in range(100)))

    # The token with its user; the job; the page, whose length tells how many rows there are.
    with django_assert_num_queries(3):
        api.get(f"/api/jobs/{job.pk}/rejected", {"page_size": 100})


def test_the_file_has_the_original_columns_first_and_then_what_is_wrong(api):
    job = run_import(CSV, empty_cells=NAMED)

    header, *rows = rows_of(download(api, job))

    assert header == ["Colour", "sku", "name", "price", *ADDED]
    bad_values, short, quoted, long = rows
    assert bad_values[:7] == ["green", "B", "", "cheap", "3", "name", ""]
    assert bad_values[7] == (
        "name: is empty; this import rejects an empty name. price: 'cheap' is not a price such as 1234.50."
    )
    assert short[:7] == ["", "", "", "", "4", "", "blue,C,Table"]
    assert short[7].startswith("The row has 3 fields, the header has 4 columns")
    assert quoted[:7] == ["grey", "D", 'Chair "XL"\nwith arms', "-1", "5", "price", "-1"]
    assert long[:7] == ["", "", "", "", "7", "", "pink,E,Bed, large,5,6"]


def test_a_row_with_a_surplus_is_shown_whole(api):
    surplus = "x" * 5000
    job = run_import(f"sku,name\nA,Lamp,{surplus},y\n")

    assert rows_of(download(api, job))[1][4] == f"A,Lamp,{surplus},y"


def test_the_file_is_named_after_the_original_and_comes_whatever_is_accepted(api):
    job = run_import(CSV, filename='Möbel "neu".csv')

    for accepted in ("*/*", "text/csv", "text/html", "application/json"):
        answer = api.get(f"/api/jobs/{job.pk}/rejected.csv", headers={"Accept": accepted})
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        name = quote('Möbel "neu"-rejected.csv')
        assert answer.headers["Content-Disposition"] == f"attachment; filename*=utf-8''{name}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_file_is_utf_8_whatever_the_original_was(api, encoding):
    job = run_import("sku,name,price\nÄ-1,Prüfstück,teuer\nÖ-2,Gehäuse,zuviel\n".encode(encoding))

    assert rows_of(download(api, job))[1][:3] == ["Ä-1", "Prüfstück", "teuer"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_file_has_the_delimiter_of_the_original(api, delimiter):
    job = run_import(delimiter.join(["sku", "name", "price"]) + "\n" + delimiter.join(["A", "Lamp", "much"]) + "\n")

    assert rows_of(download(api, job), delimiter)[1][:5] == ["A", "Lamp", "much", "2", "price"]


def test_of_a_job_that_was_never_opened_there_is_only_a_header(api):
    assert rows_of(download(api, make_job(CSV))) == [ADDED]


def corrected(text, delimiter, corrections):
    """Return the downloaded `text` with fields replaced, as a spreadsheet would write it."""
    rows = [[corrections.get(field, field) for field in row] for row in rows_of(text, delimiter)]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def catalogue():
    return {p.sku: (p.name, p.description, str(p.price), p.is_active) for p in Product.objects.all()}


def test_a_mended_file_goes_in_when_it_is_uploaded_again(api):
    text = (
        "Status;SKU;Title;Body;Price\n"
        'active;A-1;"Lamp; ""big""";"two\r\nlines";"1.234,50"\n'
        'draft;A-2;"Tisch; ""groß""";"two\r\nlines";"1.234,505"\n'
        "perhaps;A-3;Chair;;12,00\n"
        'active;A-4;;"  spaces  ";0,99\n'
    )
    first = run_import(text)
    assert (first.created_rows, first.rejected_rows) == (1, 3)

    again = corrected(download(api, first), ";", {"1.234,505": "1.234,51", "perhaps": "yes"})
    second = run_import(again)
    assert (second.created_rows, second.rejected_rows) == (2, 1)

    header, *rows = rows_of(download(api, second), ";")
    assert header == ["Status", "SKU", "Title", "Body", "Price", *ADDED]
    # Its line in the second file, where a record before it has two lines.
    assert rows == [["active", "A-4", "", "  spaces  ", "0,99", "5", "Title", "", rows[0][-1]]]
    third = run_import(corrected(download(api, second), ";", {"": "Shelf"}))

    assert (third.created_rows, third.rejected_rows) == (1, 0)
    assert catalogue() == {
        "A-1": ('Lamp; "big"', "two\r\nlines", "1234.50", True),
        "A-2": ('Tisch; "groß"', "two\r\nlines", "1234.51", False),
        "A-3": ("Chair", "", "12.00", True),
        "A-4": ("Shelf", "  spaces  ", "0.99", True),
    }


def test_a_column_that_only_looks_like_ours_stays(api):
    job = run_import("import_value,name,import_line\nA,,x\n", mapping={"sku": "import_value"}, empty_cells=NAMED)

    assert rows_of(download(api, job))[:2] == [
        ["import_value", "name", *ADDED],
        ["A", "", "2", "name", "", "name: is empty; this import rejects an empty name."],
    ]


def test_the_file_is_streamed_with_few_queries(api, django_assert_max_num_queries):
    job = make_job(CSV)
    ImportJob.objects.filter(pk=job.pk).update(header=["sku", "name"], columns={"sku": 0, "name": 1}, delimiter=",")
    faults = [{"column": "name", "value": "", "code": "missing", "reason": "name: is empty."}]
    count = 20_000 + 7
    RejectedRow.objects.bulk_create(
        (
            RejectedRow(job=job, line=line, code="missing", faults=faults, record=[f"S{line}", ""])
            for line in range(count)
        ),
        batch_size=5000,
    )

    # The token with its user; the job; the rows, which PostgreSQL's cursor gives in batches.
    with django_assert_max_num_queries(3):
        answer = api.get(f"/api/jobs/{job.pk}/rejected.csv")
        blocks = list(answer.streaming_content)

    assert len(blocks) > 10
    assert max(map(len, blocks)) < 2 * BATCH_BYTES
    lines = b"".join(blocks).decode().splitlines()
    assert (len(lines), lines[1], lines[-1]) == (
        count + 1,
        "S0,,0,name,,name: is empty.",
        f"S{count - 1},,{count - 1},name,,name: is empty.",
    )


def test_rows_that_come_back_unfixed_are_rejected_again(api):
    """Today's padded and cut rows would have looked correct."""
    faulty = [
        "A-1,Lamp,10,true,surplus",
        "A-2,Lamp",
        "A-3",
        'A-4,"Lamp,10,true',
        "A-5,Lamp,free,true",
        ",Lamp,10,true",
        "A-6,,10,true",
        "A-7,Lamp,-1,true",
        "A-8,Lamp,10,perhaps",
    ]
    job = run_import("\n".join(["sku,name,price,is_active", "OK,Lamp,10.50,true", *faulty, "OK2,Desk,1.20,no"]) + "\n")
    assert RejectedRow.objects.filter(job=job).count() == len(faulty)
    again = run_import(download(api, job))
    assert RejectedRow.objects.filter(job=again).count() == len(faulty)
    assert Product.objects.count() == 2
