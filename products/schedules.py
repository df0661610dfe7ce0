"""What the workers run for this app at fixed intervals."""

from __future__ import annotations

from typing import Any

from acme_importer.cluster.schedules import Schedule, keep

SCHEDULES = (
    Schedule("products: follow the catalogue", "products.search.follower.follow", minutes=1),
    Schedule("products: forget deleted products", "products.search.follower.sweep", minutes=60),
    Schedule("products: delete old history", "products.history.pruning.prune", minutes=60),
)


def keep_schedules(**_signal: Any) -> None:
    """Store the schedules, once the tables are there: a receiver of `post_migrate`."""
    keep("products", SCHEDULES)
