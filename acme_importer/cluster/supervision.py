"""Judges from outside whether a worker cluster hangs. Knows no processes and no database: it is told what is seen.

Killing an idle worker can hang a whole Django-Q cluster, since the worker dies holding the lock on the queue that all
of them read. Nothing inside the cluster notices. From outside it shows in that messages wait and nothing moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

LONGEST_DELAY = 60.0


class Verdict(Enum):
    """What is to be done about the cluster."""

    LEAVE = auto()
    PROBE = auto()
    RESTART = auto()


@dataclass(frozen=True)
class Sighting:
    """What can be seen of a queue at one moment."""

    # The messages in the queue, due or handed out.
    messages: frozenset[int]
    # The end of the newest claim on a job or lane. Workers move it with each chunk.
    claimed_until: datetime | None


class Watch:
    """Follows one queue. `patience` is how many seconds messages may wait while nothing moves.

    A message that a killed worker held stays in the queue until its lock runs out, and a healthy cluster that has
    nothing else to do looks quiet, too. So after a third of the patience a probe is asked for: a message that does
    nothing. A healthy cluster takes it at once, which is a movement.
    """

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.last: Sighting | None = None
        self.quiet_since = 0.0
        self.probed = False

    def judge(self, seen: Sighting, now: float) -> Verdict:
        """What is to be done, given what is `seen` at `now` (seconds of any steady clock)."""
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
        """Take note of the queue with the probe in it, so that its leaving is a movement however soon it comes."""
        self.last = seen

    def has_moved(self, seen: Sighting) -> bool:
        """Whether a message has left or a chunk has been committed since the last sighting, or nothing waits."""
        return (
            self.last is None
            or not seen.messages
            or not self.last.messages <= seen.messages
            or seen.claimed_until != self.last.claimed_until
        )


def restart_delay(failures: int) -> float:
    """How many seconds to wait before the next start, after `failures` early deaths in a row."""
    return min(2.0 ** (failures - 1), LONGEST_DELAY) if failures else 0.0
