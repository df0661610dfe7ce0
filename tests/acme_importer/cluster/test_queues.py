"""Messages, schedules, and what is enqueued when workers start."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.models import Schedule as StoredSchedule

from acme_importer.cluster import broker, running
from acme_importer.cluster.queues import enqueue, has_waiting, lost, taken, withdraw
from acme_importer.cluster.schedules import Schedule, keep

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_messages(db: None) -> None:
    OrmQ.objects.all().delete()


def test_a_message_goes_to_the_queue_that_is_named_and_else_to_the_main_one() -> None:
    enqueue("math.sqrt", 4, name="four")
    enqueue("math.sqrt", 9, queue="webhooks")
    assert list(OrmQ.objects.order_by("id").values_list("key", flat=True)) == ["acme", "webhooks"]
    four, nine = OrmQ.objects.order_by("id")
    assert (four.task["name"], four.task["args"], nine.task["args"]) == ("four", (4,), (9,))


def test_a_message_for_later_is_not_waiting_before() -> None:
    later = timezone.now() + timedelta(minutes=5)
    enqueue("math.sqrt", 4, at=later)
    assert OrmQ.objects.get(key="acme").lock == later
    assert not has_waiting()


def test_how_long_a_message_has_been_waiting_counts() -> None:
    assert not has_waiting()
    enqueue("math.sqrt", 4)
    assert has_waiting()
    assert not has_waiting(longer_than=timedelta(seconds=5))
    assert not has_waiting("webhooks")
    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=6))
    assert has_waiting(longer_than=timedelta(seconds=5))


def test_schedules_are_stored_once_and_those_no_longer_listed_are_deleted() -> None:
    StoredSchedule.objects.create(name="other: stays", func="math.sqrt")
    keep("shop", [Schedule("shop: tidy up", "math.sqrt", 60), Schedule("shop: count", "math.exp", 1, queue="webhooks")])
    keep("shop", [Schedule("shop: tidy up", "math.log", 30)])
    stored = StoredSchedule.objects.filter(name__startswith="shop: ").values_list("name", "func", "minutes", "cluster")
    assert list(stored) == [("shop: tidy up", "math.log", 30, None)]
    assert StoredSchedule.objects.filter(name="other: stays").exists()


def test_a_schedule_is_named_after_its_app() -> None:
    with pytest.raises(ValueError, match="must begin with 'shop: '"):
        keep("shop", [Schedule("tidy up", "math.sqrt", 60)])


def test_the_workers_of_webhooks_dispatch_from_the_start() -> None:
    running.enqueue_first_tasks("acme")
    assert not OrmQ.objects.exists()
    running.enqueue_first_tasks("webhooks")
    assert OrmQ.objects.get(key="webhooks").task["func"] == "webhooks.tasks.dispatch"


def test_a_message_has_a_number_by_which_its_state_is_known() -> None:
    waiting, gone = enqueue("math.sqrt", 4), enqueue("math.sqrt", 9)
    given = enqueue("math.sqrt", 16)
    OrmQ.objects.filter(pk=given).update(lock=timezone.now() + timedelta(minutes=10))
    withdraw(gone)
    assert lost([waiting, gone, given]) == {gone}
    assert taken([waiting, gone, given]) == {given}
    retry = timedelta(seconds=settings.Q_CLUSTER["retry"])
    OrmQ.objects.filter(pk=given).update(lock=timezone.now() + retry - timedelta(seconds=30))
    assert taken([given], longer_than=timedelta(seconds=29)) == {given}
    assert taken([given], longer_than=timedelta(seconds=35)) == set()


def test_a_database_that_is_away_does_not_end_the_process_that_fetches_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Django-Q's would sleep for ten seconds and end."""

    def away(_: ORM) -> None:
        raise OperationalError("the connection is lost")

    enqueue("math.sqrt", 4)
    monkeypatch.setattr(broker, "AWAY_SECONDS", 0)
    fetching = broker.ListedBroker("acme")
    with monkeypatch.context() as patched:
        patched.setattr(ORM, "dequeue", away)
        assert fetching.dequeue() == []
    assert len(fetching.dequeue()) == 1
