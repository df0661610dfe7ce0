"""What an import has changed, and what became of every row of its file, over the API."""

import csv
import io

import pytest

from imports.models import ImportJob
from products.history.models import ChangeSet
from tests.imports.factories import make_job, run_import

pytestmark = pytest.mark.django_db

FIRST = "sku,name,price,is_active\nA,Lamp,10,yes\nB,Chair,20,no\n"
SECOND = "sku,name,price,is_active\nA,Lamp,12.50,yes\nB,Chair,20,yes\nC,Table,,yes\nC,Table,,yes\n"


@pytest.fixture
def job() -> ImportJob:
    run_import(FIRST)
    return run_import(SECOND, filename="spring.csv")


def download(api, job, name, query=""):
    answer = api.get(f"/api/jobs/{job.pk}/{name}.csv{query}")
    assert answer.status_code == 200
    return answer, list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode(), newline="")))


def test_changes_have_the_fields_old_and_new(api, job):
    page = api.get(f"/api/jobs/{job.pk}/changes").json()

    assert page["next"] is None
    by_sku = {change["sku"]: change for change in page["results"]}
    assert by_sku["A"] == {
        "line": 2,
        "sku": "A",
        "kind": "updated",
        "fields": {"price": {"old": "10.00", "new": "12.50"}},
    }
    assert by_sku["B"]["fields"] == {"is_active": {"old": False, "new": True}}
    assert by_sku["C"]["kind"] == "created"
    assert by_sku["C"]["fields"]["price"] == {"old": None, "new": None}


def test_pages_lead_to_each_other_with_their_filters(api, job):
    address, found = f"/api/jobs/{job.pk}/changes?kind=updated&page_size=1", []
    while address:
        page = api.get(address).json()
        found += [change["sku"] for change in page["results"]]
        address = page["next"]

    assert sorted(found) == ["A", "B"]


@pytest.mark.parametrize(
    "query",
    [
        "field=colour",
        "kind=gone",
        "cursor=x",
        "cursor=-1",
        f"cursor={2**63}",
        "page_size=0",
        "page_size=501",
        "sku=%00",
        "feild=price",
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(query, api, job):
    answer = api.get(f"/api/jobs/{job.pk}/changes?{query}")

    assert answer.status_code == 400
    assert answer.json().keys() == {query.partition("=")[0]}


def test_filters_pick(api, job):
    def skus(query):
        return {change["sku"] for change in api.get(f"/api/jobs/{job.pk}/changes?{query}").json()["results"]}

    assert skus("field=price") == {"A"}
    assert skus("kind=created") == {"C"}
    assert skus("sku=b") == {"B"}
    assert skus(f"cursor={2**63 - 1}") == set()


def test_the_changes_are_a_file(api, job):
    answer, rows = download(api, job, "changes")

    assert 'filename="spring-changes.csv"' in answer["Content-Disposition"]
    assert rows[0] == ["line", "sku", "kind", "field", "old", "new"]
    assert rows[1] == ["2", "A", "updated", "price", "10.00", "12.50"]


def test_the_results_are_a_file(api, job):
    answer, rows = download(api, job, "results", "?for=spreadsheets")

    assert 'filename="spring-results-for-spreadsheets.csv"' in answer["Content-Disposition"]
    assert [row[:4] for row in rows] == [
        ["line", "sku", "outcome", "reason"],
        ["2", "A", "updated", ""],
        ["3", "B", "updated", ""],
        ["4", "C", "created", ""],
        ["5", "C", "duplicate", "duplicate of line 4"],
    ]
    assert rows[0][-1] == "spreadsheet_safe"


def test_results_are_there_once_the_import_is_over(api):
    answer = api.get(f"/api/jobs/{make_job(FIRST).pk}/results.csv")

    assert answer.status_code == 409


def test_what_was_pruned_is_gone(api, job):
    ChangeSet.objects.filter(import_number=job.pk).delete()

    for name in ("changes", "changes.csv", "results.csv"):
        answer = api.get(f"/api/jobs/{job.pk}/{name}")
        assert answer.status_code == 410
        assert "no longer on record" in answer.json()["detail"]


def test_a_check_has_the_changes_that_the_import_would_make(api):
    run_import(FIRST)
    check = run_import(SECOND, dry_run=True)
    shown = api.get(f"/api/jobs/{check.pk}/changes").json()["results"]
    files = [download(api, check, name)[1] for name in ("changes", "results")]

    made = run_import(SECOND)

    # Written in the order of their SKUs, and shown in that of the rows.
    written = api.get(f"/api/jobs/{made.pk}/changes").json()["results"]
    assert shown == sorted(written, key=lambda change: change["line"])
    assert files == [download(api, made, name)[1] for name in ("changes", "results")]


def test_the_changes_of_a_check_are_chosen_by_what_was_found_and_ordered_by_price_moves(api):
    run_import("sku,name,price,description\nA,Lamp,10,Tall\nB,Chair,20,\nC,Vase,30,\n")
    check = run_import("sku,name,price,description\nA,Lamp,11,\nB,Chair,80,\nC,Vase,0,\n", dry_run=True)

    def found(**query):
        answer = api.get(f"/api/jobs/{check.pk}/changes", query)
        assert answer.status_code == 200, answer.content
        return [change["sku"] for change in answer.json()["results"]]

    assert found(order="price_move") == ["C", "B", "A"]
    assert found(order="price_move", mark="price_up") == ["B", "A"]
    assert found(mark="emptied") == ["A"]
    assert found(mark="price_to_zero") == ["C"]
    first = api.get(f"/api/jobs/{check.pk}/changes", {"order": "price_move", "page_size": 2}).json()
    assert [change["sku"] for change in api.get(first["next"]).json()["results"]] == ["A"]


@pytest.mark.parametrize("query", [{"order": "price_move", "sku": "A"}, {"order": "price_move", "mark": "emptied"}])
def test_what_does_not_go_together_is_a_400(api, query):
    answer = api.get(f"/api/jobs/{run_import(FIRST, dry_run=True).pk}/changes", query)

    assert answer.status_code == 400
    assert "no other filter goes with it" in answer.json()["order"][0]


@pytest.mark.parametrize("query", [{"order": "price_move"}, {"mark": "emptied"}])
def test_only_the_changes_of_a_check_are_ordered_and_marked(api, job, query):
    assert api.get(f"/api/jobs/{job.pk}/changes", query).status_code == 400


@pytest.mark.parametrize("name", ["changes", "changes.csv", "results.csv"])
def test_there_are_none_of_what_is_no_job(name, api):
    assert api.get(f"/api/jobs/999/{name}").status_code == 404
