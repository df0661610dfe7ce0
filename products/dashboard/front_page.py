"""The catalogue on the front page of the dashboard."""

from __future__ import annotations

from typing import Any

from acme_importer.dashboard.front_page import Panel
from products.counts import count_active, count_all


def catalogue(user: Any) -> Panel | None:
    """How many products there are, and how many of them are active."""
    if not user.has_perm("products.view_product"):
        return None
    everything = count_all()
    return Panel("catalogue", {"everything": everything, "active": count_active(everything)})
