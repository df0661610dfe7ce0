"""How long a piece of work takes, in steps of a plain loop: the same figure on a fast machine and on a slow one."""

from __future__ import annotations

import time
from collections.abc import Callable

# Steps of the loop that work is compared with: enough that the clock's resolution does not count.
STEPS = 500_000


def million_steps(work: Callable[[], object]) -> float:
    """Return how many million steps of a plain loop this thread would do in the time that `work()` takes it.

    Of three times the least: others have the processor's caches, too. A million steps are 0.1 to 0.25 seconds.
    """
    return min(_seconds(work) / _seconds(_loop) for _ in range(3)) * STEPS / 1_000_000


def _loop() -> None:
    total = 0
    for number in range(STEPS):
        total += number * number


def _seconds(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started
