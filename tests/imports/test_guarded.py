"""Imports under guard: nothing is written before the check of the file is judged, whatever happens on the way."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from acme_importer.audit.models import Record
from imports import applying, approval, guarded, jobs, quotas, remembering, stalled, suppliers, tasks, turns, waking
from imports.commandline import foreground
from imports.guards import DEFAULTS, Limit, limits_from_json
from imports.jobs import WrongStateError
from imports.models import DEACTIVATE_MISSING, ImportJob, ImportLane, Supplier
from imports.options import Options
from imports.proposed import EXPIRES_AFTER
from products.models import Product
from tests.imports.factories import (
    make_job,
    open_without_messages,
    retry_without_messages,
    run_import,
    upload,
    with_progress,
)
from tests.imports.short_import import EXPECTED_OF_SHORT as EXPECTED
from tests.imports.short_import import (
    SHORT,
    assert_all_went_in_once,
    begin_with_the_old_catalogue,
    catalogue,
    small_chunks,  # noqa: F401 - a fixture
    work_off_the_queue,
)
from tests.products.factories import make_user
from tests.threads import in_threads
from webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)

Status = ImportJob.Status
BEFORE = "sku,name,price\nA,Lamp,10\nB,Vase,20\nC,Chair,30\nD,Desk,40\n"
HARMLESS = BEFORE.replace("10", "11")
ZEROS = "sku,name,price\nA,Lamp,0\nB,Vase,0\nC,Chair,0\nD,Desk,41\n"
SENTENCE = "3 of 4 prices (75%) would become zero or be emptied; the limit is 10%."


@pytest.fixture(autouse=True)
def guards(settings: Settings) -> None:
    settings.IMPORT_GUARDS = {"prices_zero": Limit(share=10)}


@pytest.fixture(autouse=True)
def products(guards: None) -> None:
    run_import(BEFORE, dry_run=False)
    check = ImportJob.objects.get(dry_run=True)
    foreground.run(check, lambda: None)
    foreground.run(check.applied_by.get(), lambda: None)
    assert prices() == {"A": 10, "B": 20, "C": 30, "D": 40}


def prices() -> dict[str, Any]:
    return dict(Product.objects.values_list("sku", "price"))


def start(content: str, **options: Any) -> tuple[ImportJob, ImportJob]:
    """The import of a file, and the check that it waits for."""
    job = make_job(content, **options)
    assert job.applies is not None
    return job, job.applies


def run(job: ImportJob) -> ImportJob:
    foreground.run(job, lambda: None)
    return with_progress(job)


def held(content: str = ZEROS, **options: Any) -> ImportJob:
    job, check = start(content, **options)
    run(check)
    job = with_progress(job)
    assert job.status == Status.HELD
    return job


def test_an_upload_waits_for_its_check_and_then_writes_what_that_has_shown() -> None:
    job, check = start(HARMLESS)
    assert (job.status, job.awaits_check, check.dry_run) == ("queued", True, True)
    # Nobody begins with it before.
    assert run(job).status == Status.QUEUED
    assert not ImportLane.objects.filter(job=job).exists()

    checked = run(check)

    job = with_progress(job)
    assert (job.status, job.awaits_check, job.trips) == ("queued", False, [])
    assert job.checked_from == checked.checked_from
    assert prices()["A"] == 10
    job = run(job)
    assert job.status == Status.COMPLETED
    assert [getattr(job, name) for name in ImportLane.COUNTS] == [getattr(checked, name) for name in ImportLane.COUNTS]
    assert prices()["A"] == 11


def test_one_over_which_guards_trip_is_held_and_writes_nothing() -> None:
    Endpoint.objects.create(url="https://example.com/hook", events=["import.held"])

    job = held()

    assert [(trip["guard"], trip["sentence"]) for trip in job.trips] == [("prices_zero", SENTENCE)]
    (delivery,) = Delivery.objects.all()
    told = json.loads(delivery.body)["data"]["job"]
    assert (told["id"], told["status"], told["trips"]) == (job.pk, "held", job.trips)
    kept = Record.objects.get(act="import.held")
    assert (kept.object_id, kept.details) == (str(job.pk), {"check": job.applies_id, "guards": ["prices_zero"]})
    turns.call_all()
    stalled.wake()
    assert not OrmQ.objects.exists()
    assert run(job).status == Status.HELD
    assert prices() == {"A": 10, "B": 20, "C": 30, "D": 40}


def test_what_a_check_has_shown_is_held_when_it_is_applied() -> None:
    check = run_import(ZEROS, dry_run=True)
    assert [trip.sentence for trip in guarded.trips(check)] == [SENTENCE]

    job = applying.apply(check)

    assert (job.status, job.awaits_check, job.trips[0]["sentence"]) == ("held", False, SENTENCE)
    assert run(job).status == Status.HELD
    assert applying.why_not(check) == f"What check {check.pk} has shown is held for approval, as import {job.pk}."
    assert prices()["A"] == 10


def test_a_harmless_one_is_applied_at_once() -> None:
    job = applying.apply(run_import(HARMLESS, dry_run=True))

    assert (job.status, job.awaits_check) == ("queued", False)
    assert run(job).status == Status.COMPLETED
    assert prices()["A"] == 11


def test_without_guards_nothing_is_checked_and_nothing_costs_more(settings: Settings) -> None:
    settings.IMPORT_GUARDS = {}
    with CaptureQueriesContext(connection) as queries:
        job = make_job(HARMLESS)

    assert (job.applies, job.awaits_check) == (None, False)
    # One job and its record are written; then its event is counted, and it takes its place in turn.
    statements = [query["sql"].split()[0] for query in queries]
    assert statements.count("INSERT") == 2
    assert statements.count("UPDATE") == 2
    assert run(job).status == Status.COMPLETED
    assert applying.apply(run_import(ZEROS, dry_run=True)).status == Status.QUEUED


def test_neither_checks_nor_undos_nor_rows_that_were_held_are_under_guard() -> None:
    check = make_job(ZEROS, dry_run=True)
    assert (check.applies, check.awaits_check) == (None, False)
    assert not guarded.limits_for(ImportJob(undoes_id=check.pk))
    assert not guarded.limits_for(ImportJob(held_by_id=check.pk))
    assert guarded.limits_for(ImportJob())


def test_an_import_ends_as_its_check_with_the_same_reason_and_question() -> None:
    job, check = start("Title,Name,Label\nA,B,C\n")

    checked = run(check)

    job = with_progress(job)
    assert checked.status == job.status == Status.FAILED
    assert job.failure_reason == checked.failure_reason != ""
    assert job.question == checked.question
    assert job.header == checked.header
    assert job.finished_at is not None
    # Its file would be refused again.
    with pytest.raises(WrongStateError, match="failed for what is in its file"):
        jobs.retry(job)


@pytest.mark.parametrize("which", ["check", "import"])
def test_either_is_cancelled_with_the_other(which: str) -> None:
    job, check = start(HARMLESS)

    jobs.cancel(check if which == "check" else job)

    assert {with_progress(each).status for each in (job, check)} == {Status.CANCELLED}
    assert not with_progress(job).awaits_check
    assert Record.objects.filter(act="import.cancelled").count() == 1


@pytest.mark.parametrize("content", [HARMLESS, ZEROS])
def test_one_that_was_cancelled_on_the_way_is_checked_and_judged_when_it_is_retried(content: str) -> None:
    job, check = start(content)
    jobs.cancel(job)

    retry_without_messages(job)

    assert (with_progress(job).status, with_progress(job).awaits_check) == ("queued", True)
    run(check)
    assert with_progress(job).status == (Status.QUEUED if content == HARMLESS else Status.HELD)
    assert prices()["A"] == 10


def test_one_whose_check_failed_half_way_is_retried_with_it() -> None:
    job, check = start(ZEROS)
    open_without_messages(check)
    jobs.end(check.pk, Status.FAILED, reason="The disk is full.")
    assert (with_progress(job).status, with_progress(job).failure_reason) == ("failed", "The disk is full.")

    retry_without_messages(job)

    assert (with_progress(check).status, with_progress(job).awaits_check) == ("running", True)
    run(check)
    assert with_progress(job).status == Status.HELD


def test_one_that_is_retried_while_its_check_ends_does_not_wait_for_ever() -> None:
    for _ in range(8):
        job, check = start(ZEROS)
        jobs.cancel(job)
        retry_without_messages(check)

        raised = in_threads(partial(run, check), partial(retry_without_messages, job))

        assert raised == []
        assert (with_progress(job).status, with_progress(job).awaits_check) == ("held", False)


@pytest.mark.parametrize("how", ["rejected", "cancelled"])
def test_one_that_was_held_is_held_again_when_it_is_retried(how: str, admin_user: User) -> None:
    job = held()
    if how == "rejected":
        approval.reject(job, admin_user, "By mistake.")
    else:
        jobs.cancel(job)
    assert with_progress(job).status == Status.CANCELLED

    jobs.retry(job)

    job = with_progress(job)
    assert (job.status, job.awaits_check, job.approval) == ("held", False, {})
    assert job.trips[0]["sentence"] == SENTENCE


def test_a_retry_without_guards_goes_on_once_the_check_was_judged(settings: Settings) -> None:
    job = held()
    jobs.cancel(job)
    settings.IMPORT_GUARDS = {}

    retry_without_messages(job)

    assert run(job).status == Status.COMPLETED
    assert prices()["A"] == 0


def test_a_retry_without_guards_still_waits_for_a_check_that_is_not_done(settings: Settings) -> None:
    job, check = start(ZEROS)
    jobs.cancel(job)
    settings.IMPORT_GUARDS = {}

    retry_without_messages(job)
    assert with_progress(job).awaits_check
    run(check)

    assert run(job).status == Status.COMPLETED


def test_a_retry_after_the_check_has_expired_is_refused() -> None:
    job = held()
    jobs.cancel(job)
    ImportJob.objects.filter(applied_by=job).update(finished_at=timezone.now() - EXPIRES_AFTER)

    with pytest.raises(WrongStateError, match=r"expired on .+\. Check the file again"):
        jobs.retry(job)
    assert with_progress(job).status == Status.CANCELLED


def test_the_schedule_cancels_what_is_held_when_its_check_has_expired() -> None:
    job, other = held(), held()
    ImportJob.objects.filter(applied_by=job).update(finished_at=timezone.now() - EXPIRES_AFTER)

    tasks.delete_expired_checks()

    job = with_progress(job)
    assert job.status == Status.CANCELLED
    assert job.failure_reason.startswith(f"Nobody has approved this import in time. Check {job.applies_id} expired on")
    assert with_progress(other).status == Status.HELD


def test_quotas_count_the_file_once_and_what_is_held_too(settings: Settings) -> None:
    settings.IMPORT_MAX_WAITING_FILES = 1
    user = make_user()
    job, check = start(ZEROS, user=user)
    with pytest.raises(quotas.QuotaError, match="You have 1 file under review"):
        make_job(HARMLESS, user=user)
    run(check)

    assert with_progress(job).status == Status.HELD
    with pytest.raises(quotas.QuotaError, match="You have 1 file under review"):
        make_job(HARMLESS, user=user)
    jobs.cancel(with_progress(job))
    assert make_job(HARMLESS, user=user).status == Status.QUEUED


def test_old_files_are_deleted_but_for_that_of_what_is_held(upload_folder: Any) -> None:
    job = held()
    long_ago = timezone.now() - timedelta(days=100)
    ImportJob.objects.exclude(finished_at=None).update(finished_at=long_ago)

    tasks.delete_old_files()

    assert (upload_folder / job.stored_as).exists()
    assert not with_progress(job.applies).stored_as  # type: ignore[arg-type]


def test_a_file_from_before_that_is_held_does_not_overwrite_one_from_after(settings: Settings) -> None:
    job = held()
    settings.IMPORT_GUARDS = {}
    run_import("sku,name,price\nA,Lamp,10\nB,Vase,25\n")

    approval.approve(job, make_user(), "Agreed.")
    job = run(job)

    assert job.status == Status.COMPLETED
    assert (job.superseded_rows + job.held_rows, job.updated_rows) == (2, 2)
    assert prices() == {"A": 10, "B": 25, "C": 0, "D": 41}


def test_products_that_a_suppliers_file_lacks_count_as_deactivated(settings: Settings) -> None:
    settings.IMPORT_GUARDS = {}
    nordic = remembering.remember("Nordic Tools", run_import(BEFORE))
    remembering.change(nordic, missing=DEACTIVATE_MISSING, guards=None)
    with waking.no_messages():
        run(jobs.create(upload(BEFORE), Options(), supplier=nordic))
    settings.IMPORT_GUARDS = {"deactivated": Limit(share=10)}
    with waking.no_messages():
        job = jobs.create(upload("sku,name,price\nA,Lamp,10\n"), Options(), supplier=nordic)
    assert job.applies is not None

    run(job.applies)

    job = with_progress(job)
    assert [trip["sentence"] for trip in job.trips] == [
        "3 of 4 products (75%) would become inactive; the limit is 10%."
    ]
    assert Product.objects.filter(is_active=True).count() == 4
    approval.approve(job, make_user(), "Discontinued.")
    assert run(job).status == Status.COMPLETED
    assert Product.objects.get(is_active=True).sku == "A"


def _a_supplier(settings: Settings) -> Supplier:
    settings.IMPORT_GUARDS = {}
    return remembering.remember("Nordic Tools", run_import(BEFORE))


def test_a_suppliers_files_are_under_guard_beside_the_last_one(settings: Settings) -> None:
    nordic = _a_supplier(settings)

    def send(content: str) -> ImportJob:
        with waking.no_messages():
            job = jobs.create(upload(content), Options(), supplier=nordic)
        assert job.applies is not None
        run(job.applies)
        return with_progress(job)

    job = send("sku,name,price\nA,Lamp,10\nE,New,1\nF,Newer,1\nG,Newest,1\n")

    assert (job.status, [trip["guard"] for trip in job.trips]) == (Status.HELD, ["new", "overlap"])
    assert job.trips[1]["sentence"] == ("3 of the 4 SKUs of the last file (75%) are not in this one; the limit is 20%.")
    assert Product.objects.count() == 4
    approval.approve(job, make_user(), "Another range.")
    assert run(job).status == Status.COMPLETED
    # Now this is the last file.
    again = send("sku,name,price\nA,Lamp,10\nE,New,1\nF,Newer,1\nG,Newest,1\n")
    assert (again.status, run(again).status) == (Status.QUEUED, Status.COMPLETED)
    fewer = send("sku,name,price\nA,Lamp,10\nE,New,1\n")
    assert [trip["sentence"] for trip in fewer.trips if trip["guard"] == "rows"] == [
        "The file has 2 rows, 2 fewer (50%) than the last one; the limit is 30%."
    ]


def test_what_a_supplier_says_of_a_guard_goes_before_what_the_installation_says(settings: Settings) -> None:
    nordic = _a_supplier(settings)
    settings.IMPORT_GUARDS = limits_from_json({"rejected": {"number": 0}, "new": {"share": 5}})

    assert guarded.limits_for(ImportJob(read_by=suppliers.current(nordic))) == settings.IMPORT_GUARDS
    remembering.change(nordic, guards={"rejected": None, "new": {"share": 90}})
    of_job = ImportJob(read_by=suppliers.current(nordic))
    limits = guarded.limits_for(of_job)
    assert "rejected" not in limits
    assert limits["new"].share == 90
    assert limits["overlap"] == Limit(share=20, number=20_000)
    settings.IMPORT_GUARDS = {}
    assert {name: limit for name, limit in guarded.limits_for(of_job).items() if name != "new"} == {
        name: limit for name, limit in DEFAULTS.items() if name not in ("new", "rejected")
    }
    remembering.change(nordic, guards=None)
    assert guarded.limits_for(ImportJob(read_by=suppliers.current(nordic))) == settings.IMPORT_GUARDS


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.usefixtures("small_chunks")
def test_messages_may_be_delivered_many_times(times: int) -> None:
    Endpoint.objects.create(url="https://example.com/hook", events=["import.queued", "import.started"])
    begin_with_the_old_catalogue()
    job = make_job(SHORT, queue=True)

    work_off_the_queue(times)

    assert_all_went_in_once(job, EXPECTED)
    told = [json.loads(body)["data"]["job"]["id"] for body in Delivery.objects.values_list("body", flat=True)]
    assert sorted(told) == [job.applies_id] * 2 + [job.pk] * 2


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.usefixtures("small_chunks")
def test_it_is_held_once_however_often_messages_are_delivered(times: int, settings: Settings) -> None:
    settings.IMPORT_GUARDS = {"rejected": Limit(number=0)}
    begin_with_the_old_catalogue()
    before = catalogue()
    job = make_job(SHORT, queue=True)

    work_off_the_queue(times)

    assert with_progress(job).status == Status.HELD
    assert catalogue() == before
    assert Record.objects.filter(act="import.held").count() == 1
    approval.approve(job, make_user(), "Agreed.")
    work_off_the_queue(times)
    assert_all_went_in_once(job, EXPECTED)


CHANGES = st.lists(
    st.tuples(st.sampled_from("ABCDEF"), st.sampled_from(["", "0", "10", "20", "35", "much"])), min_size=1, max_size=8
)


@given(changes=CHANGES, number=st.integers(0, 3), checks_first=st.booleans())
def test_nothing_is_written_before_approval_and_afterwards_what_was_shown(
    changes: list[tuple[str, str]], number: int, checks_first: bool
) -> None:
    """Whatever is in the file, whichever guards are on, and whether somebody has checked it or not."""
    content = "sku,name,price\n" + "".join(f"{sku},Thing,{price}\n" for sku, price in changes)
    before = sorted(Product.objects.values_list())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.IMPORT_GUARDS", limits_from_json({"rejected": {"number": number}}))
        if checks_first:
            check = run_import(content, dry_run=True)
            job = applying.apply(check)
        else:
            job, check = start(content)
            check = run(check)
        trips = guarded.trips(check)
        assert sorted(Product.objects.values_list()) == before

    job = with_progress(job)
    assert job.status == (Status.HELD if trips else Status.QUEUED)
    if check.rejected_rows > number:
        assert trips
    if trips:
        assert run(job).status == Status.HELD
        assert sorted(Product.objects.values_list()) == before
        approval.approve(job, User.objects.get_or_create(username="approver")[0], "Agreed.")
    job = run(job)
    assert job.status == Status.COMPLETED
    assert [getattr(job, name) for name in ImportLane.COUNTS] == [getattr(check, name) for name in ImportLane.COUNTS]
