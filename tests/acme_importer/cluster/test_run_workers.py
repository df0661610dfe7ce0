"""`manage.py run_workers` with real processes: what it does when workers die, hang, or are told to stop."""

import os
import signal
import time
from collections.abc import Iterator

import psutil
import pytest
from django_q.models import OrmQ
from django_q.tasks import async_task

from acme_importer.cluster import workers
from acme_importer.cluster.niceness import NICENESS
from tests.cluster import WorkerCluster, is_running, wait_until
from tests.faults.world import monitor_of

pytestmark = pytest.mark.slow

PATIENCE = 6


@pytest.fixture
def supervised(transactional_db: None) -> Iterator[WorkerCluster]:
    cluster = WorkerCluster(
        "run_workers",
        *("--patience", str(PATIENCE), "--stop-within", "5"),
        DJANGO_SETTINGS_MODULE="tests.cluster_settings",
    )
    cluster.start()
    yield cluster
    cluster.stop()
    print(cluster.log())


def enqueue(count: int = 1) -> list[int]:
    before = set(OrmQ.objects.values_list("pk", flat=True))
    for _ in range(count):
        async_task("math.sqrt", 4)
    return sorted(set(OrmQ.objects.values_list("pk", flat=True)) - before)


def is_done(message: int) -> bool:
    return not OrmQ.objects.filter(pk=message).exists()


def gone(processes: list[psutil.Process]) -> bool:
    return not any(is_running(process.pid) for process in processes)


def test_a_killed_idle_worker_is_noticed_at_once_and_all_are_restarted(supervised: WorkerCluster) -> None:
    # It may hold the lock of the queue that all of them read, which is never released then.
    before = supervised.worker_pids()
    supervised.kill_worker(before[0])
    wait_until(lambda: "and the others may hang without it" in supervised.log(), 3)
    last = enqueue(3)[-1]
    wait_until(lambda: is_done(last), 15)
    assert not set(before) & set(supervised.worker_pids())


def test_a_killed_monitor_is_noticed_at_once_and_stopping_does_not_wait_for_it(supervised: WorkerCluster) -> None:
    """It acknowledges messages, and its successor would wait for ever for the lock that it held."""
    monitor_of(supervised).kill()
    wait_until(lambda: supervised.log().count("] running.") == 2, 15)
    (message,) = enqueue()
    wait_until(lambda: is_done(message), 10)
    monitor_of(supervised).kill()
    supervised.running.terminate()
    supervised.running.wait(10)


def test_a_cluster_that_hangs_is_restarted(supervised: WorkerCluster) -> None:
    for process in supervised.family():
        process.suspend()
    (message,) = enqueue()
    wait_until(lambda: is_done(message))
    assert "hang: messages are waiting" in supervised.log()
    assert len(supervised.worker_pids()) == 2


def test_workers_that_end_by_themselves_are_no_reason_to_restart(transactional_db: None) -> None:
    supervised = WorkerCluster("run_workers", DJANGO_SETTINGS_MODULE="tests.recycling_settings")
    supervised.start()
    try:
        last = enqueue(6)[-1]
        wait_until(lambda: is_done(last))
        wait_until(lambda: len(supervised.worker_pids()) == 2)
        time.sleep(1)
        assert supervised.log().count("] running.") == 1
    finally:
        supervised.stop()


def test_a_running_cluster_says_so_and_a_stopped_one_that_it_has_ended(supervised: WorkerCluster) -> None:
    wait_until(lambda: workers.look().alive, 5)
    supervised.running.terminate()
    supervised.running.wait(10)
    assert not workers.look().alive


def test_a_message_of_a_killed_worker_is_no_reason_to_kill_the_others(supervised: WorkerCluster) -> None:
    async_task("time.sleep", 60)
    busy = supervised.busy_worker_pid()
    others = set(supervised.worker_pids()) - {busy}
    supervised.kill_worker(busy)
    time.sleep(1.5 * PATIENCE)
    assert others < set(supervised.worker_pids())
    assert "probe" in supervised.log()
    assert OrmQ.objects.count() == 1


def test_what_a_killed_worker_was_busy_with_is_done_by_another_at_once(supervised: WorkerCluster) -> None:
    async_task("time.sleep", 60)
    supervised.kill_worker(supervised.busy_worker_pid())
    wait_until(lambda: supervised.log().count(" processing ") == 2, 10)


def test_a_cluster_that_dies_is_restarted(supervised: WorkerCluster) -> None:
    (main,) = (process for process in supervised.family() if process.ppid() == supervised.running.pid)
    rest = main.children(recursive=True)
    main.kill()
    wait_until(lambda: gone(rest))
    (message,) = enqueue()
    wait_until(lambda: is_done(message))


def test_a_stop_lets_the_task_at_hand_finish(supervised: WorkerCluster) -> None:
    async_task("time.sleep", 2)
    supervised.busy_worker_pid()
    family = supervised.family()
    supervised.running.terminate()
    supervised.running.wait(5)
    assert gone(family)
    assert not OrmQ.objects.exists()


def test_a_stop_does_not_wait_for_ever(supervised: WorkerCluster) -> None:
    async_task("time.sleep", 60)
    supervised.busy_worker_pid()
    family = supervised.family()
    supervised.running.send_signal(signal.SIGINT)
    supervised.running.wait(10)
    assert gone(family)
    assert OrmQ.objects.count() == 1


def test_nothing_is_left_running_when_the_supervisor_is_killed(supervised: WorkerCluster) -> None:
    family = supervised.family()
    assert len(family) == 6  # main, sentinel, two workers, pusher, monitor
    os.kill(supervised.running.pid, signal.SIGKILL)
    supervised.running.wait()
    wait_until(lambda: gone(family))


def test_workers_let_others_go_first_and_those_that_look_after_them_do_not(supervised: WorkerCluster) -> None:
    niceness = {process.pid: process.nice() for process in supervised.family()}
    workers = set(supervised.worker_pids())
    assert {niceness.pop(pid) for pid in workers} == {psutil.Process().nice() + NICENESS}
    assert set(niceness.values()) == {psutil.Process().nice()}
