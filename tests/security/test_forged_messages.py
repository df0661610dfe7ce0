"""Messages that somebody forged who knows SECRET_KEY and can write to the queue: the workers run none of them."""

from __future__ import annotations

import logging
import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone
from django_q import core_signing
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from acme_importer.cluster.queues import enqueue
from imports import jobs
from imports.models import ImportJob
from imports.options import Options
from tests.cluster import WorkerCluster, wait_until
from tests.imports.factories import upload
from tests.routes import patterns


class RawPickle:
    """What Django-Q signs: whatever it is."""

    @staticmethod
    def dumps(value: Any) -> bytes:
        return pickle.dumps(value)


class Evil:
    """An object that runs a command when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._target,)


def task(function: Any, *args: Any, **more: Any) -> dict[str, Any]:
    """A message as Django-Q writes it."""
    known = {"id": "f" * 32, "name": "forged", "func": function, "args": args, "kwargs": {}, "started": timezone.now()}
    return {**known, **more}


def put(message: Any, *, queue: str = "acme") -> None:
    """Sign a message and put it on the queue, due at once."""
    payload = core_signing.dumps(message, key=Conf.SECRET_KEY, salt=Conf.PREFIX, serializer=RawPickle)
    OrmQ.objects.create(key=queue, payload=payload, lock=timezone.now() - timedelta(minutes=1))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "forged",
    [
        task("os.system", "touch /tmp/acme-tests-forged"),
        task("subprocess.check_output", ["id"]),
        task("imports.tasks.delete_old_files", hook="os.system"),
        task("imports.tasks.delete_old_files", chain=[("os.system", ("id",))]),
        task(len, "a function itself"),
        task("imports.tasks.delete_old_files", Path("/tmp/acme-tests-forged")),
        "no message at all",
        ["imports.tasks.delete_old_files"],
    ],
    ids=["os.system", "subprocess", "hook", "chain", "function", "object", "text", "list"],
)
def test_a_signed_message_that_the_product_does_not_write_is_deleted_and_logged(
    forged: Any, caplog: pytest.LogCaptureFixture
) -> None:
    OrmQ.objects.all().delete()
    put(forged)

    with caplog.at_level(logging.ERROR):
        assert get_broker("acme").dequeue() == []

    assert not OrmQ.objects.exists()
    assert "Deleted message" in caplog.text


@pytest.mark.django_db
def test_a_pickle_that_runs_something_when_it_is_read_is_not_read(tmp_path: Path) -> None:
    OrmQ.objects.all().delete()
    put(task("imports.tasks.delete_old_files", Evil(tmp_path / "was here")))

    assert get_broker("acme").dequeue() == []

    assert not (tmp_path / "was here").exists()


@pytest.mark.django_db
def test_what_the_product_enqueues_is_handed_out() -> None:
    OrmQ.objects.all().delete()
    enqueue("imports.tasks.open_job", 1)

    assert len(get_broker("acme").dequeue()) == 1


# Django-Q's scheduler closes its connection.
@pytest.mark.django_db(transaction=True)
def test_a_forged_schedule_comes_to_nothing() -> None:
    OrmQ.objects.all().delete()
    Schedule.objects.all().delete()
    Schedule.objects.create(func="os.system", args="'id'", schedule_type=Schedule.ONCE, next_run=timezone.now())

    scheduler(broker=get_broker("acme"))

    assert OrmQ.objects.count() == 1
    assert get_broker("acme").dequeue() == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_real_workers_pass_over_forged_messages(tmp_path: Path) -> None:
    for name in ("message", "pickle"):
        (tmp_path / name).mkdir()
    put(task("shutil.rmtree", str(tmp_path / "message")))
    put(task("imports.tasks.delete_old_files", Evil(tmp_path / "pickle" / "was here")))
    cluster = WorkerCluster()
    cluster.start()
    try:
        job = jobs.create(upload("sku,name\nA,Lamp\n"), Options())
        wait_until(lambda: ImportJob.objects.get(pk=job.pk).status == ImportJob.Status.COMPLETED)
        wait_until(lambda: cluster.log().count("Deleted message") == 2)
    finally:
        cluster.stop()

    assert (tmp_path / "message").is_dir()
    assert list((tmp_path / "pickle").iterdir()) == []


def test_no_route_leads_to_the_models_of_the_queue() -> None:
    names = {model._meta.model_name for model in apps.get_app_config("django_q").get_models()}
    for whole, pattern in patterns():
        admin = getattr(pattern.callback, "model_admin", None)
        assert admin is None or admin.model._meta.app_label != "django_q", whole
        assert "django_q" not in whole
        assert not any(f"/{name}/" in whole for name in names), whole


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["schedule", "success", "failure", "ormq", "task"])
def test_their_pages_in_the_admin_do_not_exist(admin_client: Client, model: str) -> None:
    for page in ("", "add/", "1/change/"):
        assert admin_client.get(f"/admin/django_q/{model}/{page}").status_code == 404
