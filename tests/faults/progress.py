"""Watches, from before a fault to the end of the imports, where their lanes are, and says how long they stood still."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from django.db import connection

from tests.faults.world import offsets

LOOK_SECONDS = 0.05
# What all lanes together are called.
ALL = 0


class Progress:
    """When each lane moved. With `any_lane`, only that any of them did: they take turns."""

    def __init__(self, *, any_lane: bool) -> None:
        self._any_lane = any_lane
        # The moments, and where the unfinished lanes were from then on.
        self._seen: list[tuple[float, dict[int, int]]] = [(0.0, {})]

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look every few moments, whatever else is done."""
        over = Event()
        with ThreadPoolExecutor(1, "progress") as threads:
            watching = threads.submit(self._watch, over)
            try:
                yield
            finally:
                over.set()
        watching.result()

    def _watch(self, over: Event) -> None:
        is_over = False
        while not is_over:
            is_over = over.wait(LOOK_SECONDS)
            lanes = offsets()
            self.note(time.monotonic(), lanes)
        connection.close()

    def note(self, moment: float, lanes: dict[int, int]) -> None:
        """Note where the unfinished lanes are at this moment."""
        if self._any_lane:
            lanes = {ALL: hash(frozenset(lanes.items()))} if lanes else {}
        if lanes != self._seen[-1][1]:
            self._seen.append((moment, lanes))

    def longest_pause(self, fault: float) -> float:
        """The longest time after the `fault` for which any lane did not move, or for which there was none yet."""
        assert self._seen[-1][0] > fault, "The imports were over before the fault."
        longest = 0.0
        moved: dict[int, float] = {}
        for (_, before), (moment, now) in zip(self._seen, self._seen[1:], strict=False):
            for lane in before.keys() | now.keys():
                if before.get(lane) == now.get(lane):
                    continue
                longest = max(longest, moment - max(moved.get(lane, fault), fault))
                moved[lane] = moment
        return longest
