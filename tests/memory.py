"""How much memory something takes at its peak, in this process."""

from __future__ import annotations

import gc
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Peak:
    megabytes: float = 0


@contextmanager
def peak_of_memory() -> Iterator[Peak]:
    """What comes on top of the memory at the start; known after the block.

    The system's own record is set back first (proc(5), clear_refs). Otherwise a test would be measured against the
    hungriest one that ran before it in this process.
    """
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before, peak = _kilobytes(), Peak()
    yield peak
    peak.megabytes = (_kilobytes() - before) / 1024


def _kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
