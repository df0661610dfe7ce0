"""What a kind of fault is: what it does, to what, and in how many seconds the work must continue."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.faults.world import World


@dataclass(frozen=True)
class Kind:
    """One kind of fault. `do` returns the moment from which the way back to work is counted."""

    do: Callable[[World], float]
    # In how many seconds the work must continue.
    goal: float
    # What is at work (`tests.faults.loads`), or "webhooks", or "webhooks and imports".
    work: str = "import"
    # Whether nothing is at work until the fault has happened.
    before: bool = False
    # How many times as large its file is: a fault that takes long must not outlast the import.
    size: int = 1
    clusters: int = 1
    databases: tuple[str, ...] = ("sqlite", "postgresql")
    # What has to be there before the clusters start, such as a small disk; it may skip the kind where that cannot be.
    place: Callable[[World], AbstractContextManager[object]] | None = None


class CannotBeDoneError(Exception):
    """The kind of fault cannot be done on this machine; the text says why."""
