"""Guards in the dashboard: what pages say of them, who may decide, and the front page."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from imports import applying, approval
from imports.commandline import foreground
from imports.guards import DEFAULTS, Limit
from imports.models import ImportJob
from tests.imports.factories import make_job, run_import, with_progress
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = "sku,name,price,description\nA,Lamp,10,Tall\nB,Vase,20,Blue\nC,Chair,30,Oak\n"
ODD = "sku,name,price,description,is_active\nA,Lamp,0,,no\nB,Vase,0,,no\nC,Chair,,Oak,yes\nD,,,,yes\nE,,,,yes\n"
ZEROS = "3 of 3 prices (100%) would become zero or be emptied; the limit is 1%."


@pytest.fixture(autouse=True)
def guards(settings: Settings) -> None:
    run_import(BEFORE)
    settings.IMPORT_GUARDS = DEFAULTS


def page(client: Client, job: ImportJob) -> str:
    return client.get(f"/admin/imports/importjob/{job.pk}/change/").content.decode()


def decide(client: Client, job: ImportJob, name: str, reason: str) -> str:
    path = f"/admin/imports/importjob/{job.pk}/{name}/"
    return client.post(path, {"reason": reason}, follow=True).content.decode()


def log_in(client: Client, *permissions: str) -> User:
    user = make_user(*permissions, is_staff=True)
    client.force_login(user)
    return user


def test_the_page_of_a_check_says_what_would_hold_its_import(admin_client: Client) -> None:
    check = run_import(ODD, dry_run=True)

    shown = page(admin_client, check)

    assert "Its import would be held for approval" in shown
    assert ZEROS in shown
    for query in ("order=price_move", "mark=price_to_zero", "mark=emptied&amp;field=price", "mark=deactivated"):
        assert f'href="/admin/imports/importjob/{check.pk}/changes/?{query}"' in shown
    assert f'href="/admin/imports/importjob/{check.pk}/change/#rejected"' in shown
    # Once it is held, it is said there.
    applying.apply(check)
    assert "Its import would be held" not in page(admin_client, check)


def test_every_link_to_examples_leads_to_some(admin_client: Client) -> None:
    check = run_import(ODD, dry_run=True)

    for query in ("order=price_move", "mark=price_to_zero", "mark=emptied&field=price", "mark=deactivated"):
        listed = admin_client.get(f"/admin/imports/importjob/{check.pk}/changes/?{query}")
        assert listed.context["changes"], query


def test_a_harmless_check_says_nothing_of_guards(admin_client: Client) -> None:
    assert 'id="guards"' not in page(admin_client, run_import(BEFORE.replace("10", "11"), dry_run=True))


def test_the_page_of_a_held_import_has_the_sentences_and_the_form(admin_client: Client) -> None:
    job = applying.apply(run_import(ODD, dry_run=True))

    shown = page(admin_client, job)

    assert shown.count("Held for approval") >= 2
    assert ZEROS in shown
    assert f'href="/admin/imports/importjob/{job.applies_id}/changes/?mark=price_to_zero"' in shown
    assert 'name="reason"' in shown
    listed = admin_client.get("/admin/imports/importjob/?state=held").content.decode()
    assert f"Import {job.pk}" in listed


def test_what_waits_for_its_check_says_so(admin_client: Client) -> None:
    job = make_job(ODD)

    shown = page(admin_client, job)

    assert "Waiting for its check." in shown
    assert f'href="/admin/imports/importjob/{job.applies_id}/change/">check {job.applies_id}</a>' in shown
    assert "waiting for its check" in admin_client.get("/admin/").content.decode()


def test_one_is_approved_with_a_reason_which_the_page_then_shows(admin_client: Client) -> None:
    job = applying.apply(run_import(ODD, dry_run=True))

    shown = decide(admin_client, job, "approve", "They <b>give</b> them\naway.")

    assert f"Import {job.pk} was approved." in shown
    assert "It was held for approval" in shown
    assert "<strong>Approved</strong> by <bdi>admin</bdi>" in shown
    assert "They &lt;b&gt;give&lt;/b&gt; them\\naway." in shown
    assert with_progress(job).status == "queued"


def test_one_is_rejected_with_a_reason(admin_client: Client) -> None:
    job = applying.apply(run_import(ODD, dry_run=True))

    shown = decide(admin_client, job, "reject", "A mistake.")

    assert f"Import {job.pk} was rejected." in shown
    assert "<strong>Rejected</strong> by" in shown
    assert "A mistake." in shown
    assert "The import failed" not in shown
    assert with_progress(job).status == "cancelled"


@pytest.mark.parametrize("name", ["approve", "reject"])
def test_without_a_reason_nothing_is_decided(admin_client: Client, name: str) -> None:
    job = applying.apply(run_import(ODD, dry_run=True))

    assert "Say why" in decide(admin_client, job, name, "  ")
    assert with_progress(job).status == "held"


def test_what_was_decided_meanwhile_is_not_decided_again(admin_client: Client) -> None:
    job = applying.apply(run_import(ODD, dry_run=True))
    approval.reject(job, make_user(), "A mistake.")

    assert f"Import {job.pk} is cancelled: there is nothing" in decide(admin_client, job, "approve", "Agreed.")
    assert with_progress(job).status == "cancelled"


@pytest.mark.parametrize("name", ["approve", "reject"])
@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (("imports.view_importjob", "imports.change_importjob", "imports.apply_importjob"), 403),
        (("imports.approve_importjob",), 403),
        (("imports.view_importjob", "imports.approve_importjob"), 302),
    ],
)
def test_only_who_may_see_and_approve_imports_decides(
    client: Client, name: str, permissions: tuple[str, ...], status: int
) -> None:
    job = applying.apply(run_import(ODD, dry_run=True))
    log_in(client, *permissions)

    answer = client.post(f"/admin/imports/importjob/{job.pk}/{name}/", {"reason": "x"})

    assert answer.status_code == status
    assert (with_progress(job).status == "held") is (status == 403)


def test_who_may_not_approve_has_no_form_and_sees_no_values_of_products(client: Client) -> None:
    job = applying.apply(run_import(ODD, dry_run=True))
    log_in(client, "imports.view_importjob")

    shown = page(client, job)

    assert ZEROS in shown
    assert 'name="reason"' not in shown
    assert "ask somebody with the permission" in shown
    assert "/changes/?" not in shown


def test_who_started_it_may_only_reject_it_where_a_second_person_is_needed(client: Client, settings: Settings) -> None:
    settings.CHECK_NEEDS_SECOND_PERSON = True
    user = log_in(client, "imports.view_importjob", "imports.approve_importjob")
    job = applying.apply(run_import(ODD, dry_run=True), user)

    shown = page(client, job)

    assert "has to be approved by somebody else" in shown
    assert ">Approve</button>" not in shown
    assert ">Reject</button>" in shown


def test_the_front_page_names_what_is_held(admin_client: Client) -> None:
    job = applying.apply(run_import(ODD, dry_run=True))

    shown = admin_client.get("/admin/").content.decode()

    assert f"{job} is held for approval." in shown
    assert "Approve or reject" in shown
    approval.reject(job, make_user(), "A mistake.")
    assert "is held for approval" not in admin_client.get("/admin/").content.decode()


def test_a_held_import_whose_check_has_expired_says_why_it_was_cancelled(admin_client: Client) -> None:
    job = applying.apply(run_import(ODD, dry_run=True))
    ImportJob.objects.filter(applied_by=job).update(checked_from=None)

    approval.cancel_expired()

    assert "<strong>Cancelled.</strong> Nobody has approved this import in time." in page(admin_client, job)


def test_a_guard_that_only_counts_holds_the_file_of_one_row(admin_client: Client, settings: Settings) -> None:
    settings.IMPORT_GUARDS = {"rejected": Limit(number=0)}
    job = make_job("sku,name\nN,\n")
    foreground.run(job.applies, lambda: None)  # type: ignore[arg-type]

    assert "1 of 1 rows (100%) would be rejected; the limit is 0." in page(admin_client, with_progress(job))
