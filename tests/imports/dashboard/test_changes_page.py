"""What an import has changed, on its page and on the page of its changes."""

import pytest
from django.test import Client

from imports import changes
from imports.dashboard import changes_page
from imports.models import ImportJob
from products.history.models import ChangeSet
from tests.imports.factories import make_job, run_import
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db

VIEW, PRODUCTS = "imports.view_importjob", "products.view_product"
FIRST = "sku,name,price,is_active\nA,Lamp,10,yes\nB,Chair,20,no\nC,Table,30,yes\n"
SECOND = "sku,name,price,is_active\nA,Lamp,15,yes\nB,Chair,20,yes\nC,Table,3,no\nD,Desk,,yes\n"


@pytest.fixture
def job() -> ImportJob:
    run_import(FIRST)
    return run_import(SECOND)


def shown(job: ImportJob, action: str = "change", query: str = "", permissions: tuple[str, ...] = (VIEW, PRODUCTS)):
    client = Client()
    client.force_login(make_user(*permissions, is_staff=True))
    return client.get(f"/admin/imports/importjob/{job.pk}/{action}/{query}").content.decode()


def test_the_page_of_the_import_sums_its_changes_up(job):
    page = shown(job)

    assert "price changed <span" in page
    assert "became active" in page
    assert "became inactive" in page
    assert page.index("-90.0%") < page.index("+50.0%")
    assert f"/admin/imports/importjob/{job.pk}/changes/?field=price" in page
    assert f"/api/jobs/{job.pk}/results.csv" in page


def test_the_summary_reads_no_history(job, django_assert_max_num_queries):
    blocks = "products_changeblock"
    with django_assert_max_num_queries(2) as queries:
        changes_page.summed_up(job)
    assert not any(blocks in query["sql"] for query in queries.captured_queries)


def test_who_may_not_view_products_sees_none_of_their_values(job):
    page = shown(job, permissions=(VIEW,))

    assert "-90.0%" not in page
    assert "changes.csv" not in page
    assert f"/api/jobs/{job.pk}/results.csv" in page


def test_an_import_that_has_read_nothing_has_no_such_part():
    assert "What it changed" not in shown(make_job(FIRST))
    assert "What it changed" not in shown(run_import("colour\nred\n"))


def test_a_check_shows_what_it_would_change():
    page = shown(run_import(FIRST, dry_run=True))

    assert "What it would change" in page
    assert "results.csv" in page
    assert "changes.csv" in page


def test_what_was_pruned_is_said_on_both_pages(job):
    ChangeSet.objects.filter(import_number=job.pk).delete()

    for page in (shown(job), shown(job, "changes")):
        assert "no longer on record" in page
        assert "results.csv" not in page
    assert "-90.0%" in shown(job), "What was counted stays."


def test_changes_are_filtered_and_paged(job, monkeypatch):
    monkeypatch.setattr(changes_page, "PER_PAGE", 1)
    seen, query = [], "?field=price"
    while query:
        page = shown(job, "changes", query)
        assert page.count('<th scope="row">') == 1
        seen.append("<bdi>15.00</bdi>" in page)
        more = page.partition("cursor=")[2].partition('"')[0]
        query = f"?field=price&cursor={more}" if more else ""
    assert sorted(seen) == [False, True]
    assert "First page" in page


@pytest.mark.parametrize(
    "query", ["?field=colour", "?kind=gone", "?cursor=x", "?cursor=-1", "?cursor=²", f"?cursor={10**25}"]
)
def test_what_is_no_filter_is_as_if_it_were_not_there(query, job):
    assert shown(job, "changes", query).count('<th scope="row">') == 4


def test_a_sku_with_what_no_database_takes_is_nobodys(job):
    assert "No change fits this." in shown(job, "changes", "?sku=x%00")


def test_values_are_escaped_and_shortened():
    job = run_import(f'sku,name\n<b>x,"<script>{"long" * 50}"\n')

    page = shown(job, "changes")

    assert "<script>long" not in page
    assert "&lt;b&gt;x" in page
    assert "long" * 40 not in page
    assert changes.page(job, changes.Filters(), cursor=0, limit=1).changes
