"""Lets what people wait for go before what workers do, where both are on one machine.

With two cores that are taken by imports, web requests waited for the processor most of their time (measured:
docs/performance.md). Where nothing else wants it, workers have all of it, and imports take no longer.
"""

from __future__ import annotations

import os
from typing import Any

from django_q.signals import post_spawn

# A third of the share of a process that is not nice, by the weights of Linux's scheduler: imports never stand still.
NICENESS = 5


def connect() -> None:
    """Do so in the workers that are forked from this process, not in those that look after them."""
    post_spawn.connect(be_nice, dispatch_uid=__name__)


def be_nice(**_: Any) -> None:
    """Handle Django-Q's signal."""
    os.nice(NICENESS)
