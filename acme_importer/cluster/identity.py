"""Who holds a claim: the worker process and its cluster, as a short text that every claim carries.

A supervisor that knows a cluster or a worker to be dead finds by it what they held.
"""

from __future__ import annotations

import os
import secrets
import uuid
from dataclasses import dataclass

# Hexadecimal digits: of a cluster, of a process in it, and of the two together.
CLUSTER_LENGTH = 12
PROCESS_LENGTH = 8
HOLDER_LENGTH = CLUSTER_LENGTH + PROCESS_LENGTH
UUID_LENGTH = 32
# Processes without a supervisor, such as a command: only the lease says that they are dead.
NO_CLUSTER = "0" * CLUSTER_LENGTH


@dataclass
class _Membership:
    cluster: str = NO_CLUSTER


_membership = _Membership()


def new_cluster() -> str:
    """A name for a cluster that is about to start."""
    return secrets.token_hex(CLUSTER_LENGTH // 2)


def join(cluster: str) -> None:
    """Make this process, and those that it will fork, members of `cluster`."""
    _membership.cluster = cluster


def holder(pid: int | None = None, cluster: str = "") -> str:
    """What the claims of a process say; of this one, unless another is named."""
    return f"{cluster or _membership.cluster}{pid or os.getpid():0{PROCESS_LENGTH}x}"


def claim_number() -> uuid.UUID:
    """A number for one claim of this process, which begins with its holder."""
    return uuid.UUID(hex=holder() + secrets.token_hex((UUID_LENGTH - HOLDER_LENGTH) // 2))


def claim_numbers(held_by: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The first and the last number that a claim of `held_by` can have: a holder, or a whole cluster."""
    return uuid.UUID(hex=held_by.ljust(UUID_LENGTH, "0")), uuid.UUID(hex=held_by.ljust(UUID_LENGTH, "f"))
