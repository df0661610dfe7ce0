"""Which clusters are alive: said by their supervisors, doubted by other supervisors, shown to people."""

import os
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from acme_importer.cluster import presence, workers
from acme_importer.cluster.identity import new_cluster
from acme_importer.cluster.models import RunningCluster
from acme_importer.cluster.presence import SILENT_SECONDS, Others, ago

pytestmark = pytest.mark.django_db

OWN = "0123456789ab"


def make_cluster(queue: str = "acme", host: str = "another", supervisor: int = 1) -> str:
    name = new_cluster()
    RunningCluster.objects.create(name=name, queue=queue, host=host, supervisor=supervisor, seen_at=Now())
    return name


def test_workers_are_running_while_a_supervisor_of_their_queue_says_so() -> None:
    assert not workers.look().alive
    presence.say_alive(OWN, "acme")
    assert workers.look().alive
    assert not presence.is_running("webhooks")


def test_a_stopped_import_cluster_is_not_running_within_half_a_minute_whatever_other_queues_do() -> None:
    presence.say_alive(OWN, "acme")
    make_cluster(queue="webhooks")
    RunningCluster.objects.filter(pk=OWN).update(seen_at=ago(timedelta(seconds=30)))
    seen = workers.look()
    assert not seen.alive
    assert seen.last_seen is not None
    assert presence.is_running("webhooks")


def test_one_that_says_that_it_ends_is_not_running_at_once() -> None:
    presence.say_alive(OWN, "acme")
    presence.say_ended(OWN)
    assert not workers.look().alive


def test_one_that_was_taken_for_dead_is_alive_when_it_says_so() -> None:
    presence.say_alive(OWN, "acme")
    presence.say_ended(OWN)
    presence.say_alive(OWN, "acme")
    assert workers.look().alive


def test_a_cluster_of_another_machine_is_dead_when_it_has_been_silent_for_long() -> None:
    silent, talking = make_cluster(), make_cluster()
    others = Others()
    for now in (0.0, SILENT_SECONDS / 2, SILENT_SECONDS):
        RunningCluster.objects.filter(pk=talking).update(seen_at=Now())
        assert others.dead(OWN, now) == []
    RunningCluster.objects.filter(pk=talking).update(seen_at=Now() + timedelta(seconds=1))
    assert others.dead(OWN, SILENT_SECONDS + 1) == [silent]


def test_after_the_database_was_away_nobody_is_taken_for_dead_at_once() -> None:
    make_cluster()
    RunningCluster.objects.update(seen_at=ago(timedelta(hours=1)))
    assert Others().dead(OWN, 1000.0) == []


def test_a_supervisor_of_this_machine_is_dead_when_its_process_is_gone() -> None:
    make_cluster(host=presence.host(), supervisor=os.getppid())
    gone = make_cluster(host=presence.host(), supervisor=2**22 + 1)
    # A restarted container has the same name and the same numbers.
    before = make_cluster(host=presence.host(), supervisor=os.getpid())
    assert set(Others().dead(OWN, 0)) == {gone, before}


def test_those_that_ended_long_ago_are_forgotten() -> None:
    old = make_cluster()
    RunningCluster.objects.filter(pk=old).update(seen_at=ago(timedelta(days=2)), ended=True)
    presence.say_ended(OWN)
    assert not RunningCluster.objects.exists()
