"""Work that is queued is told to the workers; who does it by hand tells nobody."""

from __future__ import annotations

import threading

import pytest
from django_q.models import OrmQ

from imports import jobs, tasks, waking
from imports.models import ImportLane
from tests.imports.factories import make_job

pytestmark = pytest.mark.django_db

CSV = "sku,name\nA1,Chair\n"


def test_each_step_puts_its_message_on_the_queue() -> None:
    job = make_job(CSV, queue=True)
    assert [message.task["func"] for message in OrmQ.objects.all()] == ["imports.tasks.open_job"]
    tasks.open_job(job.pk)
    assert OrmQ.objects.last().task["func"] == "imports.tasks.advance_lane"


def test_by_hand_the_same_steps_put_none_there() -> None:
    with waking.no_messages():
        job = make_job(CSV)
        tasks.open_job(job.pk)
        jobs.cancel(job)
        jobs.retry(job)
    assert not OrmQ.objects.exists()


def test_work_that_nobody_was_told_of_is_found_if_its_process_dies() -> None:
    with waking.no_messages():
        job = make_job(CSV)
        tasks.open_job(job.pk)
    job.refresh_from_db()
    assert job.woken_at
    assert ImportLane.objects.get().woken_at


def test_another_thread_is_not_concerned() -> None:
    seen = []
    with waking.no_messages():
        thread = threading.Thread(target=lambda: seen.append(waking._sends_messages.get()))
        thread.start()
        thread.join()
        assert not waking._sends_messages.get()
    assert seen == [True]
