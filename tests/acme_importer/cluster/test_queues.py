"""Messages, schedules, and what is enqueued when workers start."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.models import Schedule as StoredSchedule

from acme_importer.cluster import begun, broker, identity, presence, recovery, running
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


def take(queue: str) -> int:
    """Have a cluster take the next message of `queue`."""
    [(number, _)] = broker.ListedBroker(queue).dequeue()
    return number


@pytest.mark.parametrize("queue", ["acme", "webhooks"])
def test_what_a_dead_cluster_has_taken_is_delivered_again_at_once(queue: str) -> None:
    name = identity.new_cluster()
    presence.say_alive(name, queue)
    given = enqueue("math.sqrt", 4, queue=queue)
    assert take(queue) == given
    later = timezone.now() + timedelta(seconds=settings.WEBHOOK_TIMEOUT_SECONDS + 5)
    enqueue("math.sqrt", 9, queue=queue, at=later)
    assert not has_waiting(queue)
    recovery.recover(identity.holder(4711, name))
    assert not has_waiting(queue)  # One worker has died, and the others go on.
    assert recovery.recover(name)
    assert take(queue) == given
    assert not has_waiting(queue)


def test_what_a_killed_worker_was_busy_with_is_delivered_again_at_once_and_nothing_else() -> None:
    given, other = enqueue("math.sqrt", 4), enqueue("math.sqrt", 9)
    assert (take("acme"), take("acme")) == (given, other)
    assert recovery.recover(identity.holder(4711), given)
    assert take("acme") == given
    assert not has_waiting()


def test_what_is_taken_of_other_queues_stays_with_those_who_have_it() -> None:
    name = identity.new_cluster()
    presence.say_alive(name, "webhooks")
    enqueue("math.sqrt", 4)
    take("acme")
    assert recovery.recover(name)
    assert not has_waiting()


@pytest.mark.parametrize(("function", "stays"), [("webhooks.tasks.dispatch", False), ("imports.tasks.open_job", True)])
def test_the_message_of_what_is_started_again_anyway_is_deleted_at_its_beginning(function: str, stays: bool) -> None:
    number = enqueue(function)
    begun.withdraw_message({"func": function, "ack_id": number})
    assert OrmQ.objects.filter(pk=number).exists() == stays


def test_a_message_that_cannot_be_deleted_does_not_end_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: int) -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(begun.queues, "withdraw", away)
    begun.withdraw_message({"func": "webhooks.tasks.dispatch", "ack_id": 1})


def test_what_is_started_again_is_what_workers_run() -> None:
    assert set(settings.CLUSTER_STARTED_AGAIN) < set(settings.CLUSTER_TASKS)


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
