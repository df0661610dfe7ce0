"""The decision on imports that are held: approved or rejected with a reason, once, for one file only."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from acme_importer.audit.models import Record
from imports import applying, approval, jobs
from imports.approval import BadReasonError
from imports.commandline import foreground
from imports.guards import Limit
from imports.jobs import WrongStateError
from imports.models import ImportJob
from imports.proposed import EXPIRES_AFTER
from products.models import Product
from tests.imports.factories import make_job, run_import, with_progress
from tests.products.factories import make_user
from tests.threads import in_threads
from webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)

Status = ImportJob.Status
CSV = "sku,name,price\nA,Lamp,much\nB,Vase,much\nC,Chair,30\n"


@pytest.fixture(autouse=True)
def guards(settings: Settings) -> None:
    settings.IMPORT_GUARDS = {"rejected": Limit(share=10)}


def held(user: User | None = None) -> ImportJob:
    job = applying.apply(run_import(CSV, dry_run=True), user)
    assert job.status == Status.HELD
    return job


def test_what_is_approved_takes_its_place_in_turn_and_writes_what_was_shown() -> None:
    Endpoint.objects.create(url="https://example.com/hook", events=["import.held", "import.queued"])
    anna = make_user()
    job = held()

    approval.approve(job, anna, "  The supplier has said so.\n")

    job = with_progress(job)
    assert (job.status, job.is_approved) == ("queued", True)
    assert job.message is not None
    told = {name: job.approval[name] for name in ("decision", "by", "reason")}
    assert told == {"decision": "approved", "by": anna.username, "reason": "The supplier has said so."}
    kept = Record.objects.get(act="import.approved")
    assert (kept.user, kept.object_id) == (anna, str(job.pk))
    assert kept.details == {"reason": "The supplier has said so.", "sha256": job.sha256, "guards": ["rejected"]}
    events = [json.loads(body) for body in Delivery.objects.order_by("pk").values_list("body", flat=True)]
    assert [event["type"] for event in events if event["data"]["job"]["id"] == job.pk] == [
        "import.queued",
        "import.held",
        "import.queued",
    ]
    foreground.run(job, lambda: None)
    assert Product.objects.get().sku == "C"


def test_what_is_rejected_is_cancelled_with_the_reason() -> None:
    job, anna = held(), make_user()

    approval.reject(job, anna, "A wrong column.")

    job = with_progress(job)
    assert (job.status, job.failure_reason) == ("cancelled", f"Rejected by {anna.username}: A wrong column.")
    assert (job.approval["decision"], job.is_approved) == ("rejected", False)
    assert Record.objects.get(act="import.rejected").details["reason"] == "A wrong column."
    foreground.run(job, lambda: None)
    assert not Product.objects.exists()


def test_an_approval_holds_for_one_file_and_for_no_other_nor_for_the_same_again() -> None:
    """It is one job's, and that has one file, which is opened only if its SHA-256 is that of the check."""
    approval.approve(held(), make_user(), "This once.")

    assert held().approval == {}
    job = make_job(CSV)
    foreground.run(job.applies, lambda: None)  # type: ignore[arg-type]
    assert with_progress(job).status == Status.HELD


def test_a_file_that_was_exchanged_after_the_approval_is_not_imported(upload_folder: Any) -> None:
    job = held()
    approval.approve(job, make_user(), "Agreed.")
    (upload_folder / job.stored_as).write_text(CSV.replace("30", "31"))

    foreground.run(job, lambda: None)

    assert with_progress(job).failure_reason == applying.CHANGED_FILE
    assert not Product.objects.exists()


@pytest.mark.parametrize("decide", [approval.approve, approval.reject])
@pytest.mark.parametrize(
    ("reason", "said"),
    [("", "Say why"), (" \n\t", "Say why"), ("x" * 501, "The reason has 501 characters; the most are 500.")],
)
def test_a_reason_is_needed_and_has_500_characters_at_most(decide: Any, reason: str, said: str) -> None:
    job = held()

    with pytest.raises(BadReasonError, match=said):
        decide(job, make_user(), reason)
    assert with_progress(job).status == Status.HELD


def test_the_longest_reason_is_kept_as_it_is() -> None:
    job = held()

    approval.approve(job, make_user(), "ä" * 500)

    assert with_progress(job).approval["reason"] == "ä" * 500
    assert Record.objects.get(act="import.approved").details["reason"] == "ä" * 500


@pytest.mark.parametrize("decide", [approval.approve, approval.reject])
def test_only_what_is_held_is_decided_on_and_only_once(decide: Any) -> None:
    job, anna = held(), make_user()
    decide(job, anna, "First.")

    for again in (approval.approve, approval.reject):
        with pytest.raises(WrongStateError, match="there is nothing to approve or to reject"):
            again(job, anna, "Second.")
    assert with_progress(job).approval["reason"] == "First."


def test_of_two_who_decide_at_once_one_wins() -> None:
    anna, bela = make_user(), make_user()
    for _ in range(5):
        job = held()

        raised = in_threads(partial(approval.approve, job, anna, "Yes."), partial(approval.reject, job, bela, "No."))

        assert [type(error) for error in raised] == [WrongStateError]
        job = with_progress(job)
        is_approved = job.status == Status.QUEUED
        assert job.approval["reason"] == ("Yes." if is_approved else "No.")
        assert job.status in (Status.QUEUED, Status.CANCELLED)


def test_what_is_held_may_be_cancelled() -> None:
    job = held()

    jobs.cancel(job)

    assert with_progress(job).status == Status.CANCELLED
    with pytest.raises(WrongStateError, match="is cancelled"):
        approval.approve(job, make_user(), "Too late.")


def test_a_second_person_approves_where_that_is_set(settings: Settings) -> None:
    settings.CHECK_NEEDS_SECOND_PERSON = True
    anna, bela = make_user(), make_user()
    job = held(anna)

    with pytest.raises(WrongStateError, match="by somebody else than who started it"):
        approval.approve(job, anna, "I am sure.")
    approval.approve(job, bela, "So am I.")
    assert with_progress(job).is_approved


def test_who_started_it_may_reject_it_all_the_same(settings: Settings) -> None:
    settings.CHECK_NEEDS_SECOND_PERSON = True
    anna = make_user()
    job = held(anna)

    approval.reject(job, anna, "My mistake.")

    assert with_progress(job).status == Status.CANCELLED


def test_nothing_is_approved_of_which_the_check_has_expired() -> None:
    job = held()
    ImportJob.objects.filter(applied_by=job).update(finished_at=timezone.now() - EXPIRES_AFTER)

    with pytest.raises(WrongStateError, match=rf"Check {job.applies_id} expired on .+\. Check the file again\."):
        approval.approve(job, make_user(), "Agreed.")
    approval.reject(job, make_user(), "Too late.")
    assert with_progress(job).status == Status.CANCELLED


def test_an_approved_one_that_failed_is_retried_without_another_approval() -> None:
    job = held()
    approval.approve(job, make_user(), "Agreed.")
    jobs.end(job.pk, Status.FAILED, reason="The disk is full.", error="OSError")

    jobs.retry(job)

    assert (with_progress(job).status, with_progress(job).awaits_check) == ("queued", False)
