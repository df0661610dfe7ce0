"""What a supervisor learns from the reports of its processes."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from acme_importer.cluster import reports
from acme_importer.cluster.reports import Reporter, Reports


@pytest.fixture
def ends() -> Iterator[tuple[Reports, int]]:
    with reports.pipe() as (heard, descriptor):
        yield heard, descriptor
        os.close(descriptor)


def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def tell(descriptor: int, *lines: str) -> None:
    os.write(descriptor, "".join(f"{line}\n" for line in lines).encode())


def test_a_process_that_went_without_a_word_was_killed_and_it_is_known_what_it_was_busy_with(
    ends: tuple[Reports, int],
) -> None:
    heard, descriptor = ends
    busy, idle, ended = gone(), gone(), gone()
    tell(
        descriptor, *(f"born {pid}" for pid in (busy, idle, ended)), f"busy {busy} 7", f"busy {idle} 8", f"idle {idle}"
    )
    tell(descriptor, f"born {os.getpid()}", f"ended {ended}")
    heard.read()
    assert set(heard.killed()) == {(busy, 7), (idle, None)}
    assert list(heard.killed()) == []
    assert heard.alive == {os.getpid()}


def test_last_words_are_heard_before_it_is_judged(ends: tuple[Reports, int]) -> None:
    heard, descriptor = ends
    pid = gone()
    tell(descriptor, f"born {pid}")
    heard.read()
    tell(descriptor, f"ended {pid}")
    assert list(heard.killed()) == []


def test_lines_may_arrive_in_pieces(ends: tuple[Reports, int]) -> None:
    heard, descriptor = ends
    os.write(descriptor, b"born 1\nbusy ")
    heard.read()
    os.write(descriptor, b"1 7\n")
    heard.read()
    assert (heard.alive, heard.busy) == ({1}, {1: 7})


def test_silence_counts_from_the_first_word_since_a_start_may_take_long(ends: tuple[Reports, int]) -> None:
    heard, descriptor = ends
    assert heard.silence() == 0
    tell(descriptor, "tick 1")
    heard.read()
    assert heard.heard_at is not None
    heard.heard_at -= 30
    assert heard.silence() >= 30


def test_a_supervisor_that_does_not_listen_stops_nobody() -> None:
    receiving, sending = os.pipe()
    reporter = Reporter(sending)
    for _ in range(20_000):
        reporter.tell("tick")
    os.close(receiving)
    reporter.tell("tick")
    os.close(sending)
