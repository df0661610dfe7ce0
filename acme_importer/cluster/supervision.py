"""Judges from outside whether a worker cluster hangs. Knows no processes and no database: it is told what was seen.

Killing an idle worker can hang a whole Django-Q cluster, since the worker dies holding the lock on the queue that all
of them read. Nothing inside the cluster notices. From outside it shows in that messages wait and nothing moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

LONGEST_DELAY = 60.0


class Verdict(Enum):
    """What to do about the cluster."""

    LEAVE = auto()
    PROBE = auto()
    RESTART = auto()


@dataclass(frozen=True)
class Sighting:
    """What can be seen of a queue at one moment."""

    # The messages in the queue, due or handed out.
    messages: frozenset[int]
    # Moments that move on while workers get work done, such as the end of the newest claim of an import.
    progress: tuple[datetime | None, ...] = ()


class Watch:
    """Follows one queue. `patience` is how many seconds messages may wait while nothing moves.

    A message that a killed worker held stays in the queue until its lock expires, and a healthy cluster that has
    nothing else to do looks quiet, too. So after a third of the patience a probe is sent: a message that does
    nothing. A healthy cluster takes it at once, which counts as movement.
    """

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.last: Sighting | None = None
        self.quiet_since = 0.0
        self.probed = False

    def judge(self, seen: Sighting, now: float) -> Verdict:
        """What to do, given what is `seen` at `now` (seconds of any steady clock)."""
        moved = self.has_moved(seen)
        self.last = seen
        if moved:
            self.quiet_since = now
            self.probed = False
            return Verdict.LEAVE
        quiet = now - self.quiet_since
        if not self.probed:
            self.probed = quiet >= self.patience / 3
            return Verdict.PROBE if self.probed else Verdict.LEAVE
        return Verdict.RESTART if quiet >= self.patience else Verdict.LEAVE

    def note_probe(self, seen: Sighting) -> None:
        """Note the queue with the probe in it, so that its leaving counts as movement however soon it happens."""
        self.last = seen

    def has_moved(self, seen: Sighting) -> bool:
        """Whether a message has left or there has been progress since the last sighting, or nothing waits."""
        return (
            self.last is None
            or not seen.messages
            or not self.last.messages <= seen.messages
            or seen.progress != self.last.progress
        )


def restart_delay(failures: int) -> float:
    """How many seconds to wait before the next start, after `failures` early deaths in a row."""
    return min(2.0 ** (failures - 1), LONGEST_DELAY) if failures else 0.0
