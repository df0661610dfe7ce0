"""What a dead dispatcher held is sent at once by another; one that is missing is replaced."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from acme_importer.cluster import identity
from tests.webhooks.factories import due_at, emit_one, make_endpoint
from webhooks import dispatch, recovery
from webhooks.models import Dispatching

pytestmark = pytest.mark.django_db

CLUSTER = "0123456789ab"
DEAD, ALIVE = identity.holder(4711, CLUSTER), identity.holder(4712, CLUSTER)


@pytest.fixture(autouse=True)
def member(monkeypatch: pytest.MonkeyPatch) -> None:
    OrmQ.objects.all().delete()
    make_endpoint("https://example.com/hook")


def claim_as(holder: str, monkeypatch: pytest.MonkeyPatch, delivery_id: int) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(identity, "holder", lambda: holder)
        assert dispatch.claim([delivery_id])


def waits_for_a_worker() -> bool:
    return OrmQ.objects.filter(key="webhooks", lock__lte=timezone.now()).exists()


def test_deliveries_of_a_dead_worker_are_due_at_once_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    of_dead, of_living = emit_one(), emit_one()
    claim_as(DEAD, monkeypatch, of_dead.pk)
    claim_as(ALIVE, monkeypatch, of_living.pk)
    assert recovery.recover(DEAD)
    now = timezone.now()
    assert due_at(of_dead) <= now < due_at(of_living)


def test_all_deliveries_of_a_dead_cluster_are_due_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    deliveries = [emit_one(), emit_one()]
    for delivery, holder in zip(deliveries, (DEAD, ALIVE), strict=True):
        claim_as(holder, monkeypatch, delivery.pk)
    assert recovery.recover(CLUSTER)
    assert all(due_at(delivery) <= timezone.now() for delivery in deliveries)


@pytest.mark.parametrize(("dead", "replaced"), [(DEAD, True), (ALIVE, False), (CLUSTER, True)])
def test_a_dead_dispatcher_is_replaced_at_once(dead: str, replaced: bool) -> None:
    Dispatching.objects.create(pk=1, until=timezone.now() + timedelta(minutes=1), claimed_by=DEAD)
    recovery.recover(dead)
    assert waits_for_a_worker() == replaced
    assert Dispatching.claim(timezone.now() + timedelta(minutes=1)) == replaced


def test_a_slice_that_does_not_begin_is_enqueued_again_once() -> None:
    recovery.ensure_dispatching()
    assert not waits_for_a_worker()  # The workers have never begun.
    Dispatching.objects.create(pk=1, until=timezone.now() - timedelta(seconds=1))
    recovery.ensure_dispatching()
    assert not waits_for_a_worker()  # It may begin any moment.
    Dispatching.objects.update(until=timezone.now() - timedelta(seconds=4))
    for _ in range(3):
        recovery.ensure_dispatching()
    assert OrmQ.objects.filter(key="webhooks").count() == 1
