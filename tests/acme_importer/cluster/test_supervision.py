"""When a cluster is taken to hang, and when it is not."""

from datetime import UTC, datetime, timedelta

import pytest

from acme_importer.cluster.supervision import Sighting, Verdict, Watch, restart_delay

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


def sighting(*messages: int, progress: datetime | None = None) -> Sighting:
    return Sighting(frozenset(messages), (progress,))


def test_an_empty_queue_is_never_a_fault() -> None:
    watch = Watch(patience=90)
    assert {watch.judge(sighting(), now) for now in range(0, 1000, 5)} == {Verdict.LEAVE}


def test_a_queue_that_stands_still_is_probed_once_and_then_restarted() -> None:
    watch = Watch(patience=90)
    verdicts = [watch.judge(sighting(1, 2), now) for now in range(0, 100, 10)]
    assert verdicts == [Verdict.LEAVE] * 3 + [Verdict.PROBE] + [Verdict.LEAVE] * 5 + [Verdict.RESTART]


def test_a_probe_that_nobody_takes_does_not_calm_the_watch() -> None:
    watch = Watch(patience=90)
    watch.judge(sighting(1), 0)
    assert watch.judge(sighting(1), 30) is Verdict.PROBE
    watch.note_probe(sighting(1, 2))
    assert watch.judge(sighting(1, 2), 60) is Verdict.LEAVE
    assert watch.judge(sighting(1, 2), 90) is Verdict.RESTART


def test_new_messages_are_no_movement() -> None:
    watch = Watch(patience=90)
    verdicts = [watch.judge(sighting(*range(now)), now) for now in range(10, 110, 10)]
    assert verdicts[-1] is Verdict.RESTART


def test_a_message_that_waits_out_its_lock_is_no_fault_while_probes_are_answered() -> None:
    watch = Watch(patience=90)
    for now in range(0, 1000, 5):
        verdict = watch.judge(sighting(1), now)
        assert verdict is not Verdict.RESTART
        if verdict is Verdict.PROBE:
            # Taken at once: the next look does not find it any more.
            watch.note_probe(sighting(1, 1000 + now))


def test_workers_busy_with_long_slices_are_left_alone() -> None:
    # Both workers have been busy for an hour, nothing leaves the queue, but chunks are committed.
    watch = Watch(patience=90)
    for now in range(0, 3600, 5):
        progress = NOON + timedelta(seconds=now // 20 * 20)
        assert watch.judge(sighting(1, 2, progress=progress), now) is Verdict.LEAVE


def test_patience_starts_again_with_each_movement() -> None:
    watch = Watch(patience=90)
    for now in (0, 80):
        watch.judge(sighting(1, 2), now)
    assert watch.judge(sighting(2, 3), 89) is Verdict.LEAVE
    assert watch.judge(sighting(2, 3), 110) is Verdict.LEAVE
    assert watch.judge(sighting(2, 3), 120) is Verdict.PROBE
    assert watch.judge(sighting(2, 3), 178) is Verdict.LEAVE
    assert watch.judge(sighting(2, 3), 179) is Verdict.RESTART


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (1, 1), (2, 2), (4, 8), (50, 60)])
def test_restarts_come_slower_and_slower(failures: int, seconds: float) -> None:
    assert restart_delay(failures) == seconds
