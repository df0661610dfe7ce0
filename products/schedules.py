"""What the workers do for the catalogue at fixed intervals."""

from __future__ import annotations

from typing import Any

from acme_importer.cluster.schedules import Schedule, keep


def keep_schedules(**_: Any) -> None:
    """Write the schedules of this app, once the tables are there."""
    keep(
        "products",
        [
            Schedule("products: follow the catalogue", "products.search.follower.follow", minutes=1),
            Schedule("products: forget deleted products", "products.search.follower.sweep", minutes=60),
            Schedule("products: prune the history", "products.history.pruning.prune", minutes=60),
        ],
    )
