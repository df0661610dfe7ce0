"""Each step of an import is told to those who want to know it, in the transaction of the step."""

import json

import pytest

from imports import jobs, waking
from imports.models import ImportJob
from tests.imports.factories import make_job, open_without_messages, retry_without_messages, run_import
from webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db

ROWS = "sku,name\n" + "".join(f"S{n},Product {n}\n" for n in range(100))


def told() -> list[tuple[str, int, str]]:
    """Type, sequence number and status of the job, of all that was told."""
    bodies = [json.loads(body) for body in Delivery.objects.order_by("id").values_list("body", flat=True)]
    return [(body["type"], body["data"]["sequence"], body["data"]["job"]["status"]) for body in bodies]


def make_endpoint(*events: str) -> Endpoint:
    return Endpoint.objects.create(url="https://example.com/hook", events=list(events))


def test_an_import_that_succeeds():
    make_endpoint()

    run_import(ROWS)

    assert told() == [
        ("import.queued", 1, "queued"),
        ("import.started", 2, "running"),
        ("import.completed", 3, "completed"),
    ]
    job = json.loads(Delivery.objects.latest("id").body)["data"]["job"]
    assert (job["total_rows"], job["created_rows"], job["progress"]) == (100, 100, 1.0)


def test_a_file_that_cannot_be_read():
    make_endpoint()

    run_import("colour\nred\n")

    assert told() == [("import.queued", 1, "queued"), ("import.failed", 2, "failed")]
    assert "no column 'sku'" in json.loads(Delivery.objects.latest("id").body)["data"]["job"]["failure_reason"]


def test_an_import_that_is_cancelled_and_goes_on():
    make_endpoint()
    job = make_job(ROWS)
    open_without_messages(job)

    jobs.cancel(job)
    retry_without_messages(job)

    assert told()[2:] == [("import.cancelled", 3, "cancelled"), ("import.started", 4, "running")]


def test_progress_is_told_to_those_who_ask_for_it_and_at_most_each_tenth(settings):
    settings.IMPORT_CHUNK_ROWS = 1
    make_endpoint()
    asking = make_endpoint("import.progress")

    run_import(ROWS)

    progress = [
        json.loads(body)["data"]["job"]["progress"]
        for body in Delivery.objects.filter(event_type="import.progress").order_by("id").values_list("body", flat=True)
    ]
    assert [int(share * 10) for share in progress] == list(range(1, 10))
    assert set(Delivery.objects.filter(event_type="import.progress").values_list("endpoint", flat=True)) == {asking.pk}


def test_what_is_rolled_back_is_not_told(monkeypatch):
    make_endpoint()
    monkeypatch.setattr(waking, "call", lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        make_job(ROWS, queue=True)

    assert not ImportJob.objects.exists()
    assert told() == []
