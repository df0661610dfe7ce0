"""What the supervisor of the workers looks at to see whether they get on with imports."""

import pytest

from imports import jobs
from imports.models import ImportLane
from tests.imports.factories import make_job, open_without_messages

pytestmark = pytest.mark.django_db


def test_there_is_none_before_the_first_import() -> None:
    assert jobs.newest_claim() is None


def test_it_is_the_claim_of_the_job_or_lane_that_was_claimed_last() -> None:
    job = make_job("sku,name\nA1,Chair\n")
    assert job.claim()
    assert jobs.newest_claim() == job.claimed_until
    job.release()
    open_without_messages(job)
    lane = ImportLane.objects.get()
    assert lane.claim()
    assert jobs.newest_claim() == lane.claimed_until
